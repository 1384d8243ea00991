import Database from "better-sqlite3";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { argumentsOf, cut, sql } from "./support.ts";

test("binds keep their text, name and place", () => {
  const text = "SELECT :a, @b, $c, ?, ?12, P(:d, ?) FROM t WHERE ':x' = \":y\"";
  const { binds } = sql(text);
  expect(binds.map((bind) => [bind.text, bind.name, bind.number])).toEqual([
    [":a", "a", undefined],
    ["@b", "b", undefined],
    ["$c", "c", undefined],
    ["?", undefined, 4],
    ["?12", undefined, 12],
    [":d", "d", undefined],
    ["?", undefined, 14],
  ]);
  expect(binds.map((bind) => cut(text, bind.span))).toEqual(binds.map((bind) => bind.text));
});

test("@Name = in EXEC names a parameter and is no bind", () => {
  expect(sql("EXEC P @a = @b, @c").binds.map((bind) => bind.text)).toEqual(["@b", "@c"]);
  expect(argumentsOf("EXEC P @a = @b, @c")).toEqual(["a=>@b", "@c"]);
});

test("binds are numbered as SQLite numbers them", () => {
  const db = new Database(":memory:");
  const bind = fc.oneof(
    fc.constantFrom("?", "?", ":a", "@a", "$a", ":b"),
    fc.integer({ min: 1, max: 9 }).map((number) => `?${number}`),
  );
  fc.assert(
    fc.property(fc.array(bind, { minLength: 1, maxLength: 8 }), (binds) => {
      const text = `SELECT ${binds.join(", ")}`;
      const found = sql(text).binds.map((item) => item.number);
      const expected = numbersOf(db, text);
      expect(found.map((number, index) => number ?? expected[index])).toEqual(expected);
    }),
    { numRuns: 500 },
  );
});

/** The numbers of a select list's binds: EXPLAIN shows one Variable instruction for each. */
function numbersOf(db: Database.Database, text: string): number[] {
  const statement = db.prepare<unknown[], { opcode: string; p1: number; p2: number }>(`EXPLAIN ${text}`);
  const names = {
    a: 1,
    b: 1,
    "a::b(c)": 1,
    ...Object.fromEntries([1, 2, 3, 4, 5, 6, 7, 8, 9].map((n) => [n, 1])),
  };
  for (let count = 0; count < 20; count++) {
    try {
      const rows = statement.all(...Array<number>(count).fill(1), names);
      return rows
        .filter((row) => row.opcode === "Variable")
        .toSorted((a, b) => a.p2 - b.p2)
        .map((row) => row.p1);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
  }
  throw new Error(`no values fit ${text}`);
}
