/** Values between JavaScript and SQLite: what callers may bind, and what they are given. */
import { fail, type Place } from "../diagnostics/diagnostic.ts";
import type { SqlValue } from "../catalog/value.ts";

/** What a caller may bind. Booleans become 1 and 0, dates ISO 8601 text in UTC, undefined is "no value". */
export type BindValue = SqlValue | boolean | Date | ArrayBuffer | undefined;

/** By name (with or without prefix), or by position from 0. */
export type Binds = Readonly<Record<string, BindValue>> | readonly BindValue[];

/** As better-sqlite3 binds it: whole numbers as INTEGER, which it takes from bigint alone. */
export function toSqlite(value: Exclude<BindValue, undefined>, name: string, place: Place = {}): SqlValue {
  const refuse = (found: string): never => fail("bind/unusable-bind-value", { name, found }, place);
  switch (typeof value) {
    case "boolean":
      return value ? 1n : 0n;
    case "number":
      return Number.isSafeInteger(value) && !Object.is(value, -0) ? BigInt(value) : value;
    case "bigint":
      return BigInt.asIntN(64, value) === value ? value : refuse("an integer past 64 bits");
    case "string":
      return value;
    case "object":
      if (value === null) return null;
      if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
      if (value instanceof ArrayBuffer) return Buffer.from(value);
      if (value instanceof Date)
        return Number.isNaN(value.getTime()) ? refuse("an invalid date") : value.toISOString();
      return refuse("an object");
    default:
      return refuse(`a ${typeof value}`);
  }
}

/** Integers that a double holds become numbers. */
export function fromSqlite(value: SqlValue): SqlValue {
  if (typeof value !== "bigint") return value;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
