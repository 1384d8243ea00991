/**
 * JSON in and out of SQLite's values. Exact both ways: integers past 2^53 keep their digits, bytes travel as
 * {"$base64": true, "encoded": "…"}, and a value never becomes a property of an object on its way.
 */
import type { SqlValue } from "./value.ts";

/** JSON.parse, except that an integer too large for a double becomes a bigint. Throws SyntaxError. */
export function parseJson(text: string): unknown {
  // Looking at each value costs several times the parsing: only where there may be such an integer.
  if (!longNumber.test(text)) return JSON.parse(text) as unknown;
  // TypeScript's library does not know the third argument yet; Node has it since 21.
  const revive = (_key: string, value: unknown, context?: { source?: string }): unknown => {
    if (typeof value !== "number" || Number.isSafeInteger(value)) return value;
    return /^-?\d+$/.test(context?.source ?? "") ? BigInt(context?.source ?? "") : value;
  };
  return JSON.parse(text, revive) as unknown;
}

/** 2^53 has sixteen digits. */
const longNumber = /\d{16}/;

/** A JSON object. */
export type JsonObject = { readonly [key: string]: unknown };

/** Whether a parsed value is an object, not an array or null. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Booleans become 0 and 1, arrays and objects JSON text; an integer past 64 bits becomes text. */
export function sqlValueOfJson(value: unknown): SqlValue {
  switch (typeof value) {
    case "string":
    case "number":
      return value;
    case "bigint":
      return BigInt.asIntN(64, value) === value ? value : String(value);
    case "boolean":
      return value ? 1 : 0;
    default:
      return value === null || value === undefined ? null : (readBase64(value) ?? jsonOf(value));
  }
}

/** A value of SQLite as a JSON value. Control and direction characters are escaped: the text stays exact, and
 * a terminal that shows it does not obey it. */
export function jsonOfSql(value: SqlValue): string {
  if (value === null) return "null";
  if (typeof value === "number") return jsonOfNumber(value);
  if (typeof value === "bigint") return String(value);
  if (typeof value === "string") return jsonOfText(value);
  return `{"$base64": true, "encoded": "${Buffer.from(value).toString("base64")}"}`;
}

/** How a column's BLOBs are best shown. */
export interface ColumnForm {
  readonly format: "embedding" | undefined;
}

/** A value of a result as JSON: vectors are arrays of numbers, all else as jsonOfSql has it. */
export function jsonOfCell(value: SqlValue, column: ColumnForm): string {
  const vector = embeddingIn(value, column);
  return vector === undefined ? jsonOfSql(value) : jsonOfEmbedding(vector);
}

/** The vector in this cell, if it is one: float32, little-endian. */
export function embeddingIn(value: SqlValue, column: ColumnForm): number[] | undefined {
  if (column.format !== "embedding" || !(value instanceof Uint8Array) || value.byteLength % 4 !== 0)
    return undefined;
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  return Array.from({ length: value.byteLength / 4 }, (_, index) => view.getFloat32(index * 4, true));
}

/** An array of the shortest numbers that are the same float32. */
export function jsonOfEmbedding(vector: readonly number[]): string {
  return `[${vector.map((component) => jsonOfNumber(shortest(component))).join(", ")}]`;
}

/** The fewest digits that give the same float32: 0.1, not 0.10000000149011612. */
function shortest(component: number): number {
  for (let digits = 6; digits < 9; digits++) {
    const candidate = Number(component.toPrecision(digits));
    if (Math.fround(candidate) === component) return candidate;
  }
  return component;
}

/** Infinity as SQLite itself writes it in JSON: a number that every reader takes for infinity. */
export function jsonOfNumber(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? "null" : value > 0 ? "9e999" : "-9e999";
}

/** A JSON string without control and direction characters. */
export function jsonOfText(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** JSON text of a parsed value; like JSON.stringify, but bigints are numbers and bytes base64. */
export function jsonOf(value: unknown): string {
  if (value instanceof Uint8Array) return jsonOfSql(value);
  if (typeof value === "bigint") return String(value);
  if (Array.isArray(value)) return `[${value.map(jsonOf).join(",")}]`;
  if (!isJsonObject(value)) return JSON.stringify(value) ?? "null";
  const members = Object.entries(value).map(([key, member]) => `${JSON.stringify(key)}:${jsonOf(member)}`);
  return `{${members.join(",")}}`;
}

function readBase64(value: unknown): Uint8Array | undefined {
  if (!isJsonObject(value) || value["$base64"] !== true || typeof value["encoded"] !== "string")
    return undefined;
  return Buffer.from(value["encoded"], "base64");
}
