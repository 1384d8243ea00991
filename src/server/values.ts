/** Values between JSON and statements: parameters on their way in, cells and rows on their way out. */
import {
  fail,
  isJsonObject,
  jsonOf,
  jsonOfCell,
  jsonOfText,
  sniff,
  sqlValueOfJson,
  uniqueNames,
  type ResultColumn,
  type SqlValue,
} from "../index.ts";
import { findingOf } from "./problem.ts";
import type { EachOutput } from "./protocol.ts";

/** An amount without what adding fractions leaves behind its twelfth digit; sys_calls has as many. */
export function usdOf(amount: number): number {
  return Number(amount.toFixed(12));
}

/** Throws serve/bad-body. */
export function bindsOf(parameters: Readonly<Record<string, unknown>> | undefined): Record<string, SqlValue> {
  const entries = Object.entries(parameters ?? {}).map(([name, value]): [string, SqlValue] => [
    name,
    bindOf(name, value),
  ]);
  return Object.fromEntries(entries);
}

function bindOf(name: string, given: unknown): SqlValue {
  if (!isJsonObject(given) || !("type" in given) || !("value" in given)) return sqlValueOfJson(given);
  const { type, value } = given;
  const refuse = (expected: string): never =>
    fail("serve/bad-body", {
      where: `parameter "${name}"`,
      problem: `is no ${String(type)}: expected ${expected}`,
    });
  if (Object.keys(given).length > 2) return sqlValueOfJson(given);
  if (value === null) return null;
  switch (type) {
    case "text":
      return typeof value === "string" ? value : refuse("a JSON string");
    case "integer":
      return isInteger(value) ? value : refuse("a whole number of 64 bits");
    case "real":
      return typeof value === "number" ? value : refuse("a number");
    case "boolean":
      return typeof value === "boolean" ? Number(value) : refuse("true or false");
    case "bytes":
      return isBase64(value) ? Buffer.from(value, "base64") : refuse("base64");
    case "json":
      return jsonOf(value);
    default:
      return refuse("type text, integer, real, boolean, bytes or json");
  }
}

function isInteger(value: unknown): value is number | bigint {
  return typeof value === "bigint" ? BigInt.asIntN(64, value) === value : Number.isSafeInteger(value);
}

function isBase64(value: unknown): value is string {
  return typeof value === "string" && /^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(value);
}

/** One row as JSON text. Written from the values: keys keep their order, and `__proto__` is a key like any other. */
export function rowWriter(
  columns: readonly ResultColumn[],
  format: "objects" | "arrays",
): (row: readonly SqlValue[]) => string {
  const cell = (row: readonly SqlValue[], index: number): string => {
    const column = columns[index];
    return column === undefined ? "null" : jsonOfValue(row[index] ?? null, column);
  };
  if (format === "arrays") return (row) => `[${columns.map((_, index) => cell(row, index)).join(",")}]`;
  const keys = uniqueNames(columns.map(({ name }) => name)).map(jsonOfText);
  return (row) => `{${keys.map((key, index) => `${key}:${cell(row, index)}`).join(",")}}`;
}

/** A BLOB says what it is where its first bytes tell. */
function jsonOfValue(value: SqlValue, column: Pick<ResultColumn, "format">): string {
  if (!(value instanceof Uint8Array) || column.format === "embedding") return jsonOfCell(value, column);
  const mimeType = sniff(value)?.mimeType ?? "application/octet-stream";
  return `{"$base64":true,"encoded":"${Buffer.from(value).toString("base64")}","mimeType":"${mimeType}"}`;
}

/** An output of execute-each as JSON text. */
export function outputWriter(columns: readonly ResultColumn[]): (output: EachOutput) => string {
  const vectors = new Set(columns.filter(({ format }) => format === "embedding").map(({ name }) => name));
  const isVector = (name: string): boolean => vectors.has(name) || vectors.has(name.replace(/_\d+$/, ""));
  const write = (value: unknown, name: string): string => {
    if (value instanceof Uint8Array) {
      return jsonOfValue(value, { format: isVector(name) ? "embedding" : undefined });
    }
    if (Array.isArray(value)) return `[${value.map((item) => write(item, name)).join(",")}]`;
    if (!isJsonObject(value)) return jsonOf(value);
    const members = Object.entries(value).map(([key, member]) => `${jsonOfText(key)}:${write(member, key)}`);
    return `{${members.join(",")}}`;
  };
  return (output) => {
    const start = `{"index":${output.index},"output":"${output.output}",`;
    return output.output === "error"
      ? `${start}"input":${write(output.input, "")},"error":${JSON.stringify(findingOf(output.error))}}`
      : `${start}"row":${write(output.row, "")}}`;
  };
}
