/**
 * What plain JavaScript may hand to a public function where the types say otherwise: refused at once, by the argument's
 * name, before it hurts somewhere else.
 */
import { fail } from "./diagnostic.ts";

/** Throws session/bad-argument. */
export function checkText(argument: string, value: unknown): void {
  if (typeof value !== "string") refuse(argument, value, "a text");
}

/** Throws session/bad-argument. */
export function checkObject(argument: string, value: unknown, expected = "an object"): void {
  if (typeof value !== "object" || value === null) refuse(argument, value, expected);
}

/** Throws session/bad-argument. */
export function checkList(argument: string, value: unknown): void {
  if (!Array.isArray(value)) refuse(argument, value, "a list");
}

/** Of at least one. Throws session/bad-argument. */
export function checkNames(argument: string, value: unknown): void {
  const isNames = Array.isArray(value) && value.length > 0 && value.every((name) => typeof name === "string");
  if (!isNames) refuse(argument, value, "a list of at least one name");
}

/** A list, or anything else that can be gone through. Throws session/bad-argument. */
export function checkRows(argument: string, value: unknown): void {
  const isIterable =
    typeof value === "object" &&
    value !== null &&
    (Symbol.asyncIterator in value || Symbol.iterator in value);
  if (!isIterable) refuse(argument, value, "an iterable or an async iterable");
}

export function refuse(argument: string, value: unknown, expected: string): never {
  return fail("session/bad-argument", { argument, found: kindOf(value), expected });
}

/** `null`, `an array`, `a value of type number`. */
export function kindOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "an array" : `a value of type ${typeof value}`;
}
