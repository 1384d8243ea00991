/** Values as SQLite and better-sqlite3 hold them. Integers past 2^53 are bigint; bytes are Uint8Array (Buffer). */
export type SqlValue = null | number | bigint | string | Uint8Array;

/** A validated argument, ready for a request. `undefined` (or absent) means not given and is never sent. */
export type ArgumentValue =
  | number
  | string
  | boolean
  | Uint8Array
  | readonly unknown[]
  | { readonly [key: string]: unknown };

/** Arguments of one call by parameter name, defaults already applied, values coerced and range-checked. */
export type Arguments = Readonly<Record<string, ArgumentValue | undefined>>;

/** As the API counts: code points, not UTF-16 units. */
export function characterCount(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

/** Of a result column, as SQLite stores it. */
export type ColumnType = "text" | "integer" | "real" | "blob";
