import { expect, test } from "vitest";
import { cut, sql, statement } from "./support.ts";

test.each([
  ["SET cache = 'off'", "off"],
  ["SET on_error = row", "row"],
  ["set x = ON", "ON"],
  ["SET x = true", "true"],
  ['SET x = "a b"', "a b"],
  ["SET x = 'it''s'", "it's"],
  ["SET x = 12", 12],
  ["SET x = -1.5e2", -150],
  ["SET x = +1_000", 1000],
  ["SET x = 0x1F", 31],
  ["SET x = .5", 0.5],
  ["SET x = NULL", null],
  ["SET x = default", "default"],
])("%s sets an option", (text, value) => {
  expect(statement(text)).toMatchObject({ kind: "set-option", value: { value } });
});

test("SET keeps the places of the option and the value", () => {
  const text = "SET [my option] = 'a'";
  const found = statement(text);
  if (found.kind !== "set-option") throw new Error(found.kind);
  expect(found.option.text).toBe("my option");
  expect(cut(text, found.option.span)).toBe("[my option]");
  expect(cut(text, found.value.span)).toBe("'a'");
});

test("RESET takes an option or ALL", () => {
  expect(statement("RESET cache")).toMatchObject({ kind: "reset-option", option: { text: "cache" } });
  expect(statement("RESET all")).toEqual({ kind: "reset-option", span: { start: 0, end: 9 } });
});

test.each(["options", "procedures", "defaults", "variables"])("SHOW %s", (what) => {
  expect(statement(`SHOW ${what}`)).toMatchObject({ kind: "show", what });
  expect(statement(`show ${what.toUpperCase()};`)).toMatchObject({ kind: "show", what });
});

test("SET :name = expression keeps the expression, its calls and its binds", () => {
  const text = "SET :a = P(:b) || (SELECT max(x) FROM t WHERE y = @c)";
  const found = statement(text);
  if (found.kind !== "set-variable") throw new Error(found.kind);
  expect(found.variable).toEqual({ text: "a", span: { start: 4, end: 6 } });
  expect(cut(text, found.expression)).toBe("P(:b) || (SELECT max(x) FROM t WHERE y = @c)");
  expect(found.sites.map((site) => [site.position, cut(text, site.span)])).toEqual([["value", "P(:b)"]]);
  expect(found.binds.map((bind) => bind.text)).toEqual([":b", "@c"]);
});

test("SET :name may take a query in parentheses", () => {
  const found = statement("SET :a = (CALL P(1))");
  expect(found).toMatchObject({ kind: "set-variable", sites: [{ position: "query" }] });
});

test("SET DEFAULT names a procedure and its parameter", () => {
  const text = "SET DEFAULT GenerateResponse.Model = 'gpt-' || :m";
  expect(statement(text)).toMatchObject({
    kind: "set-default",
    procedure: { text: "GenerateResponse" },
    parameter: { text: "Model" },
    expression: { start: text.indexOf("'gpt"), end: text.length },
    binds: [{ text: ":m", name: "m" }],
  });
});

test("DESCRIBE names a procedure or a table, known or not", () => {
  expect(statement("DESCRIBE Unknown")).toMatchObject({ kind: "describe", name: { text: "Unknown" } });
});

test("RETRY FAILED may name a run", () => {
  expect(statement("RETRY FAILED")).not.toHaveProperty("run");
  expect(statement("RETRY FAILED OF 12")).toMatchObject({ run: { value: 12 } });
  expect(statement("RETRY FAILED OF 'a-b'")).toMatchObject({ run: { value: "a-b" } });
});

test("EXPLAIN CALLS holds an SQL statement", () => {
  const text = "EXPLAIN CALLS INSERT INTO t SELECT P(:a) FROM u";
  const found = statement(text);
  if (found.kind !== "explain-calls") throw new Error(found.kind);
  expect(cut(text, found.span)).toBe(text);
  expect(cut(text, found.statement.span)).toBe("INSERT INTO t SELECT P(:a) FROM u");
  expect(found.statement).toMatchObject({ verb: "insert", target: { table: { text: "t" } } });
  expect(statement("EXPLAIN CALLS CALL P(1)")).toMatchObject({ statement: { isBareCall: true } });
  expect(statement("EXPLAIN CALLS SELECT 1")).toMatchObject({ statement: { sites: [] } });
});

test("a statement's span is its text without the semicolon and what surrounds it", () => {
  const text = "\ufeff /* a */ SELECT P(1) -- b\n ; ";
  expect(cut(text, sql(text).span)).toBe("SELECT P(1)");
});
