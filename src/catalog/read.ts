/**
 * Reads fields out of an API answer. An answer is never trusted: a field that is absent or of another
 * type reads as undefined, whatever the body is, so that no procedure throws on a strange server.
 */
import { expectError } from "../diagnostics/expected.ts";

export function readField(body: unknown, ...path: readonly (string | number)[]): unknown {
  let value: unknown = body;
  for (const step of path) {
    if (!isObject(value) || !Object.hasOwn(value, step)) return undefined;
    value = value[step];
  }
  return value;
}

export function readText(body: unknown, ...path: readonly (string | number)[]): string | undefined {
  const value = readField(body, ...path);
  return typeof value === "string" ? value : undefined;
}

export function readNumber(body: unknown, ...path: readonly (string | number)[]): number | undefined {
  const value = readField(body, ...path);
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

export function readBoolean(body: unknown, ...path: readonly (string | number)[]): boolean | undefined {
  const value = readField(body, ...path);
  return typeof value === "boolean" ? value : undefined;
}

/** The items, or none. */
export function readList(body: unknown, ...path: readonly (string | number)[]): readonly unknown[] {
  const value = readField(body, ...path);
  return Array.isArray(value) ? value : [];
}

/** The array itself, or undefined where `readList` would give an empty one. */
export function readArray(
  body: unknown,
  ...path: readonly (string | number)[]
): readonly unknown[] | undefined {
  const value = readField(body, ...path);
  return Array.isArray(value) ? value : undefined;
}

/** Name and value of an object's fields, or none. */
export function readEntries(
  body: unknown,
  ...path: readonly (string | number)[]
): readonly (readonly [string, unknown])[] {
  const value = readField(body, ...path);
  return isObject(value) && !Array.isArray(value) ? Object.entries(value) : [];
}

/** JSON text, or undefined when it is none. */
export function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    expectError(error, SyntaxError);
    return undefined;
  }
}

export function isObject(value: unknown): value is Readonly<Record<string | number, unknown>> {
  return typeof value === "object" && value !== null;
}
