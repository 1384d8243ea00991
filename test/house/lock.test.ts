import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { missingOptionals, readLock } from "../../scripts/complete-lock.ts";

test("package-lock.json names every optional platform package, or npm ci refuses it", () => {
  const { packages } = readLock(readFileSync(new URL("../../package-lock.json", import.meta.url), "utf8"));
  expect([...missingOptionals(packages).keys()]).toEqual([]);
});
