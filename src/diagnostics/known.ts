/** What stands there, where the type checker cannot know that something does: its absence is our bug, never the user's. */
import { assert } from "./diagnostic.ts";

export function known<T>(value: T | undefined): T {
  assert(value !== undefined, "a value is missing that is always there");
  return value;
}
