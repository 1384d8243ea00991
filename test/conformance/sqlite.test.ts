import Database from "better-sqlite3";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { isComplete } from "../../src/parser/complete.ts";
import { cut, parse } from "../parser/support.ts";
import { schema, statements } from "./statements.ts";

const db = new Database(":memory:");
db.exec(schema);

/** Those that a `;` may follow on the same line. */
const whole = statements.filter((text) => !/--|\/\*/.test(text));

test("there are a few hundred of them", () => {
  expect(statements.length).toBeGreaterThan(250);
});

test.each(statements)("SQLite accepts it, and it passes untouched: %s", (text) => {
  expect(() => db.prepare(text)).not.toThrow();
  const script = parse(text);
  expect(script.diagnostics).toEqual([]);
  expect(script.statements).toHaveLength(1);
  const [found] = script.statements;
  if (found?.kind !== "sql") throw new Error(`a statement of kind ${found?.kind ?? "none"}`);
  expect(found.sites).toEqual([]);
  expect(found.unnamedItems).toEqual([]);
  expect(text.startsWith(cut(text, found.span))).toBe(true);
  expect(text.slice(found.span.end)).toMatch(/^\s*(--.*|\/\*.*)?$/);
});

test("a script of any of them splits into just them, and each part is one statement to SQLite", () => {
  const separator = fc.constantFrom(";", " ;\n", "; -- ;\n", ";;", ";/* ; */");
  const parts = fc.array(fc.tuple(fc.constantFrom(...whole), separator), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(parts, (pairs) => {
      const script = pairs.flat().join("");
      const found = parse(script).statements.map((item) => cut(script, item.span));
      expect(found).toEqual(pairs.map(([text]) => text));
      expect(isComplete(script)).toBe(true);
      // better-sqlite3 refuses a text that holds more than one statement.
      for (const text of found) expect(() => db.prepare(text)).not.toThrow();
    }),
    { numRuns: 200 },
  );
});

test("a statement is complete with its semicolon, and not without", () => {
  expect(statements.filter((text) => isComplete(text))).toEqual([]);
  expect(whole.filter((text) => !isComplete(`${text};`))).toEqual([]);
});

test("no name that SQLite reserves is taken for a procedure, and no other is refused", () => {
  const words = [
    "call",
    "exec",
    "execute",
    "lateral",
    "show",
    "reset",
    "describe",
    "retry",
    "calls",
    "failed",
    "run",
  ];
  for (const word of words) {
    const text = `SELECT ${word}, x.${word} AS ${word} FROM (SELECT 1 AS ${word}) x ORDER BY ${word}`;
    expect(() => db.prepare(text)).not.toThrow();
    expect(parse(text).statements).toMatchObject([{ sites: [] }]);
  }
});
