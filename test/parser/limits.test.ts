import { expect, test } from "vitest";
import { allSites, parse } from "./support.ts";

test("a literal of 10 MB is one token", () => {
  const text = `SELECT P('${"it''s ".repeat(1_700_000)}')`;
  expect(parse(text).statements).toHaveLength(1);
});

test("10,000 nested parentheses pass through, with a call inside too", () => {
  expect(parse(inParentheses("1"))).toMatchObject({ diagnostics: [], statements: [{ sites: [] }] });
  expect(parse(inParentheses("P(1)"))).toMatchObject({ diagnostics: [], statements: [{ sites: [{}] }] });
  expect(parse(`CALL P(${"(".repeat(10_000)}1${")".repeat(10_000)})`).diagnostics).toEqual([]);
});

test("10,000 nested subqueries pass through", () => {
  const text = `${"SELECT (".repeat(10_000)}P(1)${")".repeat(10_000)}`;
  expect(parse(text).diagnostics).toEqual([]);
});

test("calls nest 100 deep; deeper ones are told apart from a crash", () => {
  expect(allSites(parse(nestedCalls(100)).statements)).toHaveLength(100);
  expect(parse(nestedCalls(101)).diagnostics.map((item) => item.code)).toEqual(["parse/too-deep"]);
  expect(parse(nestedCalls(10_000)).diagnostics.map((item) => item.code)).toEqual(["parse/too-deep"]);
});

test("100,000 rows with calls, arguments and statements are no trouble", () => {
  const rows = `INSERT INTO t VALUES ${Array(100_000).fill("(P(1), 'x')").join(",")}`;
  expect(allSites(parse(rows).statements)).toHaveLength(100_000);
  expect(parse(`CALL P(${Array(100_000).fill("1").join(",")})`).diagnostics).toEqual([]);
  expect(parse("SELECT 1;".repeat(100_000)).statements).toHaveLength(100_000);
});

test.each(["'", '"', "[", "`", "/*", "x'", "$a(", "(", "CALL P(", "{call P(", "CASE "])(
  "text that never ends its %s is no trouble",
  (open) => {
    expect(() => parse(open.repeat(20_000))).not.toThrow();
    expect(() => parse(`CALL P(${open}`)).not.toThrow();
    expect(() => parse(`SELECT ${open}`)).not.toThrow();
  },
);

function inParentheses(inside: string): string {
  return `SELECT ${"(".repeat(10_000)}${inside}${")".repeat(10_000)}`;
}

function nestedCalls(depth: number): string {
  return `SELECT ${"P(".repeat(depth)}1${")".repeat(depth)}`;
}
