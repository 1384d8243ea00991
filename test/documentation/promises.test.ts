/** docs/reliability.md and docs/security.md name what shows each promise: all of it is there, under that name. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");
const documents = [
  { file: "docs/reliability.md", letter: "F", count: 24 },
  { file: "docs/security.md", letter: "S", count: 30 },
];

/** Of the table of a document. */
function rowsOf(file: string, letter: string) {
  return readFileSync(join(root, file), "utf8")
    .split("\n")
    .map((line) => line.split(" | "))
    .filter(([first = ""]) => new RegExp(`^\\| ${letter}\\d+$`).test(first))
    .map(([name = "", , , shownBy = "", measured = ""]) => ({ name: name.slice(2), shownBy, measured }));
}

describe.each(documents)("$file", ({ file, letter, count }) => {
  const rows = rowsOf(file, letter);

  test("goes through the whole matrix", () => {
    expect(rows.map(({ name }) => name)).toEqual(
      Array.from({ length: count }, (_, index) => letter + (index + 1)),
    );
  });

  test.each(rows)("$name is shown by tests and benchmarks that exist", ({ shownBy }) => {
    const shows = [...shownBy.matchAll(/`([^`]+)`([^`]*)/g)];
    expect(shows.length).toBeGreaterThan(0);
    for (const [, shower = "", names = ""] of shows) {
      expect(existsSync(join(root, shower)), shower).toBe(true);
      if (shower.startsWith("bench/")) continue;
      const source = readFileSync(join(root, shower), "utf8");
      const titles = [...names.matchAll(/"([^"]+)"/g)].map(([, title = ""]) => title);
      expect(titles.length, `${shower} is named without a test`).toBeGreaterThan(0);
      // A title may be a template: what is named is what it says in the source.
      for (const title of titles) expect(source.includes(title), `${shower}: ${title}`).toBe(true);
    }
  });
});

test.each(rowsOf("docs/reliability.md", "F"))("$name was measured", ({ measured }) => {
  expect(measured.replace("|", "").trim()).not.toBe("");
});
