/** docs/reliability.md names what shows each promise: all of it is there, under that name. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");
const rows = readFileSync(join(root, "docs/reliability.md"), "utf8")
  .split("\n")
  .map((line) => line.split(" | "))
  .filter(([first = ""]) => /^\| F\d+$/.test(first))
  .map(([fault = "", , , shownBy = "", measured = ""]) => ({ fault: fault.slice(2), shownBy, measured }));

test("it goes through the whole matrix", () => {
  expect(rows.map(({ fault }) => fault)).toEqual(Array.from({ length: 24 }, (_, index) => `F${index + 1}`));
});

describe.each(rows)("$fault", ({ shownBy, measured }) => {
  test("is shown by tests and benchmarks that exist, and was measured", () => {
    const shows = [...shownBy.matchAll(/`([^`]+)`([^`]*)/g)];
    expect(shows.length).toBeGreaterThan(0);
    for (const [, file = "", names = ""] of shows) {
      expect(existsSync(join(root, file)), file).toBe(true);
      if (file.startsWith("bench/")) continue;
      const source = readFileSync(join(root, file), "utf8");
      const titles = [...names.matchAll(/"([^"]+)"/g)].map(([, title = ""]) => title);
      expect(titles.length, `${file} is named without a test`).toBeGreaterThan(0);
      // A title may be a template: what is named is what it says in the source.
      for (const title of titles) expect(source.includes(title), `${file}: ${title}`).toBe(true);
    }
    expect(measured.replace("|", "").trim()).not.toBe("");
  });
});
