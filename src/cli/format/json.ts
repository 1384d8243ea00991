/**
 * JSON (one array a result set) and NDJSON (one object a line). Written from the values, never through an
 * object: keys keep their order, `__proto__` is a key like any other, and big integers keep their digits.
 * An array that a failure cut short is left open, so that nobody takes it for the whole.
 */
import { jsonOfCell, jsonOfText } from "../json.ts";
import { distinctlyNamed, type Column, type Format, type Row } from "./column.ts";

export const ndjson: Format = async function* write(columns, rows) {
  const object = objectWriter(columns);
  for await (const row of rows) yield `${object(row)}\n`;
};

export const json: Format = async function* write(columns, rows) {
  const object = objectWriter(columns);
  let isFirst = true;
  try {
    for await (const row of rows) {
      yield `${isFirst ? "[" : ",\n"}${object(row)}`;
      isFirst = false;
    }
  } catch (error) {
    if (!isFirst) yield "\n";
    throw error;
  }
  yield isFirst ? "[]\n" : "]\n";
};

/** A row as a JSON object. */
export function objectWriter(columns: readonly Column[]): (row: Row) => string {
  const keyed = distinctlyNamed(columns).map((column) => ({ column, key: jsonOfText(column.name) }));
  return (row) => {
    const members = keyed.map(({ column, key }, index) => `${key}:${jsonOfCell(row[index] ?? null, column)}`);
    return `{${members.join(",")}}`;
  };
}
