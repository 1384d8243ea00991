/** Completion where the text before the cursor makes no sense: it offers what it can, or nothing, and never fails. */
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { candidatesAt, type Vocabulary } from "../../../src/cli/repl/complete/candidates.ts";
import { filesFor } from "../../../src/cli/repl/complete/files.ts";
import { hintAt } from "../../../src/cli/repl/complete/hint.ts";
import { placeOf } from "../../../src/cli/repl/complete/place.ts";
import { procedures } from "../../../src/index.ts";

const vocabulary: Vocabulary = {
  procedures,
  tables: [{ name: "t", kind: "table", columns: [{ name: "untyped", type: "" }] }],
  binds: [],
  options: [],
  models: [],
  connections: [],
};

function offered(marked: string): string[] {
  const cursor = marked.indexOf("|");
  return candidatesAt(placeOf(marked.replace("|", ""), cursor), vocabulary).map(({ text }) => text);
}

test.each<readonly [string, readonly string[]]>([
  [".un|", ["untyped"]],
  ["=> 'x|", []],
  ["('x|", []],
  ["select f('x|", []],
  ["set nothing = |", []],
  ["select Nothing(unt| from t", ["untyped"]],
  ["call ModerateText(=> 'x', Mod|", ["Model => "]],
  ["call ModerateText(=> 'x|", []],
  ["select # unt| from t", ["untyped"]],
])("%j", (marked, expected) => {
  expect(offered(marked)).toEqual(expected);
});

test("a column without a type is called one", () => {
  expect(candidatesAt(placeOf("select t.un", 11), vocabulary)).toEqual([
    { text: "untyped", detail: "column of t" },
  ]);
});

test("there is no hint for more arguments than there are", () => {
  const text = `call ModerateText(${"1, ".repeat(50)}`;
  expect(hintAt({ text, cursor: text.length }, procedures)).toBeUndefined();
  expect(hintAt({ text: "call ModerateText(", cursor: 18 }, procedures)).toMatch(/^ModerateText 1: Text /);
});

test("files come by name, folders with a slash", async () => {
  const folder = mkdtempSync(join(tmpdir(), "callsql-files-"));
  for (const name of ["c.csv", "a.csv", "b.csv", "d.csv"]) writeFileSync(join(folder, name), "");
  mkdirSync(join(folder, "aa"));
  const found = (await filesFor(`${folder}/`)).map(({ text }) => text.slice(folder.length + 1));
  expect(found).toEqual(["a.csv", "aa/", "b.csv", "c.csv", "d.csv"]);
});

test("what is replaced stands before the cursor, wherever that is", () => {
  const pieces = [
    "call",
    "ModerateText",
    "(",
    ")",
    "=>",
    ".",
    ",",
    "'",
    '"',
    ";",
    " ",
    ":x",
    "set",
    "=",
    "t",
    "#",
    "--",
  ];
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 9 }), fc.nat(), (words, at) => {
      const text = words.join(" ");
      const cursor = at % (text.length + 1);
      const place = placeOf(text, cursor);
      expect(text.slice(place.from, cursor).endsWith(place.word)).toBe(true);
      for (const { text: candidate } of candidatesAt(place, vocabulary)) expect(candidate).not.toBe("");
    }),
  );
});
