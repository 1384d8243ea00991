/** What stands there, where the type checker cannot know that something does: its absence is our bug, never the user's. */
import { fail } from "../index.ts";

export function known<T>(value: T | undefined): T {
  return value === undefined
    ? fail("internal/bug", { what: "a value is missing that is always there" })
    : value;
}
