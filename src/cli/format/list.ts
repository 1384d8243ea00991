/** Values separated by `|`, a row a line, without a header: sqlite3's `.mode list`, which scripts read with `cut`. */
import { exactText } from "./cell.ts";
import type { Format } from "./column.ts";

export const list: Format = async function* write(columns, rows) {
  for await (const row of rows)
    yield `${columns.map((column, index) => exactText(row[index] ?? null, column) ?? "").join("|")}\n`;
};
