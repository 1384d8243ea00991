/** JSON that came from outside, read without trust: what is not as expected reads as undefined. */
import { expectError } from "../diagnostics/expected.ts";

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    expectError(error, SyntaxError);
    return undefined;
  }
}

export function readRecord(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : undefined;
}
