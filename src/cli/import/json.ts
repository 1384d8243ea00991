/** A JSON array of objects. Columns are all keys, in the order of their first appearance; a missing key is NULL. */
import { fail, type SqlValue } from "../../index.ts";
import { readDataText } from "../data-text.ts";
import { sizeOf } from "../file.ts";
import { isJsonObject, parseJson, sqlValueOfJson, type JsonObject } from "../json.ts";
import { columnNames } from "./header.ts";
import type { Importable } from "./importable.ts";
import { expectError } from "../expected.ts";

/** The text and its objects are in memory at once, and a string has a limit of its own. */
const megabytesMax = 256;

export async function readJson(file: string): Promise<Importable> {
  if ((await sizeOf(file)) > megabytesMax * 1024 * 1024) fail("cli/json-too-large", { file, megabytesMax });
  const objects = parseObjects(file, await readDataText(file));
  const keys = new Set<string>();
  for (const object of objects) for (const key of Object.keys(object)) keys.add(key);
  if (keys.size === 0) fail("cli/import-empty", { file });
  return { columns: columnNames(file, [...keys]), rows: rowsOf(objects, [...keys]) };
}

function parseObjects(file: string, text: string): JsonObject[] {
  let content: unknown;
  try {
    content = parseJson(text);
  } catch (error) {
    expectError(error, SyntaxError);
    fail("cli/json-malformed", { file, reason: error.message });
  }
  if (!Array.isArray(content)) fail("cli/json-shape", { file, found: kindOf(content) });
  return content.map((item: unknown) => {
    if (!isJsonObject(item)) fail("cli/json-shape", { file, found: kindOf(item) });
    return item;
  });
}

async function* rowsOf(objects: readonly JsonObject[], keys: readonly string[]): AsyncGenerator<SqlValue[]> {
  for (const object of objects) yield keys.map((key) => memberOf(object, key));
}

/** Own members only: a column `constructor` or `__proto__` is a column like any other. */
export function memberOf(object: JsonObject, key: string): SqlValue {
  return Object.hasOwn(object, key) ? sqlValueOfJson(object[key]) : null;
}

export function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  return typeof value === "object" ? "an object" : `a ${typeof value === "bigint" ? "number" : typeof value}`;
}
