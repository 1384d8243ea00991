/** V8 puts a function that is written down where it is assigned to a property into the old generation (docs/decisions/0160). */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const src = join(import.meta.dirname, "../../src");
const assigned = /^\s*\w+(?:\.#?\w+)+ (?:\?\?)?= (?:async )?(?:\([^()]*\)(?:: [^=]+)? =>|\w+ =>|function\b)/;

/** Once a database or a statement: nothing of a call hangs on them. */
const allowed = ["runtime/own-names.ts: db.prepare", "runtime/purchases.ts: memo.onStored"];

/** `file: property` of each such assignment. */
function assignments(text: string, file: string): readonly string[] {
  const lines = text.split("\n").filter((line) => assigned.test(line));
  return lines.map((line) => `${file}: ${line.trim().split(" ")[0] ?? ""}`);
}

test("no closure of a call is born old", () => {
  const files = globSync("{runtime,connection}/**/*.ts", { cwd: src });
  expect(files.length).toBeGreaterThan(100);
  const found = files.flatMap((file) => assignments(readFileSync(join(src, file), "utf8"), file));
  expect(found.toSorted()).toEqual(allowed);
});

test.each([
  ["deadline.onEnd = (error) => this.#end(error);", 1],
  ["this.#begin ??= async (): Promise<void> => {", 1],
  ["this.#begin = begin;", 0],
  ["const send: Send = (request) => {", 0],
  ["readonly #onEnd = (): void => {};", 0],
])("%s", (line, count) => {
  expect(assignments(`  ${line}`, "x.ts")).toHaveLength(count);
});
