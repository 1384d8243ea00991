/** CSV (RFC 4180, lines end in LF, no byte order mark) and TSV. NULL is an empty cell, the empty text is "". */
import { exactText } from "./cell.ts";
import type { Format } from "./column.ts";

export const csv: Format = separated(",", /^$|[",\r\n]/);
export const tsv: Format = separated("\t", /^$|["\t\r\n]/);

/** `special`: what makes quotes needed; the empty text has them because NULL has none. */
function separated(delimiter: string, special: RegExp): Format {
  return async function* write(columns, rows) {
    yield `${columns.map(({ name }) => cellOf(name, inHeader)).join(delimiter)}\n`;
    for await (const row of rows) {
      const cells = columns.map((column, index) => cellOf(exactText(row[index] ?? null, column), special));
      yield `${cells.join(delimiter)}\n`;
    }
  };
}

/** A reader that looks for the delimiter in the header must not find another one. */
const inHeader = /^$|[",\t\r\n;|]/;

function cellOf(text: string | null, needsQuotes: RegExp): string {
  if (text === null || !needsQuotes.test(text)) return text ?? "";
  return `"${text.replaceAll('"', '""')}"`;
}
