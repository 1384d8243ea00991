/**
 * CSV (RFC 4180, lines end in LF, no byte order mark) and TSV. NULL is an empty cell, the empty text is "". Exact, unless
 * `--csv-safe` asks for cells that a spreadsheet takes for no formula.
 */
import type { SqlValue } from "../../index.ts";
import { exactText } from "./cell.ts";
import type { Column, Format } from "./column.ts";

export const csv: Format = separated(",", /^$|[",\r\n]/);
export const tsv: Format = separated("\t", /^$|["\t\r\n]/);

/** `special`: what makes quotes needed; the empty text has them because NULL has none. */
function separated(delimiter: string, special: RegExp): Format {
  return async function* write(columns, rows, { isCsvSafe = false }) {
    const textOf = isCsvSafe ? harmlessText : exactText;
    const names = columns.map(({ name }) => (isCsvSafe ? harmless(name) : name));
    yield `${names.map((name) => cellOf(name, inHeader)).join(delimiter)}\n`;
    for await (const row of rows) {
      const cells = columns.map((column, index) => cellOf(textOf(row[index] ?? null, column), special));
      yield `${cells.join(delimiter)}\n`;
    }
  };
}

/** A reader that looks for the delimiter in the header must not find another one. */
const inHeader = /^$|[",\t\r\n;|]/;

/** Numbers are numbers: -5 stays. */
function harmlessText(value: SqlValue, column: Column): string | null {
  const text = exactText(value, column);
  return text === null || typeof value === "number" || typeof value === "bigint" ? text : harmless(text);
}

/** What spreadsheets take for the start of a formula, behind spaces too; East Asian ones take the wide signs. */
const formulaStart = /^\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|^[\t\r\n]/;

function harmless(text: string): string {
  return formulaStart.test(text) ? `'${text}` : text;
}

function cellOf(text: string | null, needsQuotes: RegExp): string {
  if (text === null || !needsQuotes.test(text)) return text ?? "";
  return `"${text.replaceAll('"', '""')}"`;
}
