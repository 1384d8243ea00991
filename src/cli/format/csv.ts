/** CSV (RFC 4180, lines end in LF, no byte order mark) and TSV. NULL is an empty cell, the empty text is "". */
import { stringify, type Options } from "csv-stringify/sync";
import { exactText } from "./cell.ts";
import type { Format } from "./column.ts";

export const csv: Format = separated(",");
export const tsv: Format = separated("\t");

function separated(delimiter: string): Format {
  // The pattern meets texts only, never null: so "" is quoted and NULL is not.
  const options: Options = { delimiter, record_delimiter: "\n", quoted_match: /^$/ };
  // A reader that looks for the delimiter in the header must not find another one.
  const headerOptions: Options = { ...options, quoted_match: /^$|[;\t|]/ };
  return async function* write(columns, rows) {
    yield stringify([columns.map(({ name }) => name)], headerOptions);
    for await (const row of rows) {
      yield stringify([columns.map((column, index) => exactText(row[index] ?? null, column))], options);
    }
  };
}
