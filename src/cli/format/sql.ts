/**
 * Rows as SQL, as sqlite3's shell writes them: `quote` as literals separated by commas, `insert` as statements that put
 * the rows into a table again. Exact, and inert on a terminal: a text with control characters is written as its bytes.
 */
import type { SqlValue } from "../../index.ts";
import { distinctlyNamed, type Format } from "./column.ts";

/** What the table of `insert` is called where nobody gave it a name. */
const tableDefault = "table";

export const quote: Format = async function* write(columns, rows) {
  for await (const row of rows)
    yield `${columns.map((_, index) => sqlLiteral(row[index] ?? null)).join(",")}\n`;
};

export const insert: Format = async function* write(columns, rows, { table = tableDefault }) {
  const names = distinctlyNamed(columns)
    .map(({ name }) => sqlName(name))
    .join(",");
  const start = `INSERT INTO ${sqlName(table)}(${names}) VALUES(`;
  for await (const row of rows)
    yield `${start}${columns.map((_, index) => sqlLiteral(row[index] ?? null)).join(",")});\n`;
};

/** Controls except tab and line ends, and what reverses or hides text. */
const unprintable =
  // oxlint-disable-next-line no-control-regex
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]/;

function sqlLiteral(value: SqlValue): string {
  if (value === null) return "NULL";
  switch (typeof value) {
    case "bigint":
      return String(value);
    case "number":
      return Number.isFinite(value) ? String(value) : value > 0 ? "9e999" : "-9e999";
    case "string":
      if (unprintable.test(value)) return `CAST(${hexLiteral(Buffer.from(value))} AS TEXT)`;
      return `'${value.replaceAll("'", "''")}'`;
    default:
      return hexLiteral(value);
  }
}

function hexLiteral(bytes: Uint8Array): string {
  return `X'${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex")}'`;
}

/** In quotes always: which words are keywords differs between databases. */
function sqlName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
