import { expect, test } from "vitest";
import { mistakes, parse } from "./support.ts";

test.each([
  ["CALL", "parse/expected L"],
  ["CALL P", "parse/expected P"],
  ["CALL 5", "parse/expected 5"],
  ["CALL P 1", "parse/expected 1"],
  ["CALL P.x(1)", "parse/expected ."],
  ["CALL P(", "parse/unclosed ("],
  ["CALL P(1, (2)", "parse/unclosed ("],
  ["CALL P(1 => 2)", "parse/expected =>"],
  ["CALL P(a => )", "parse/empty-argument )"],
  ["CALL P(1,,2)", "parse/empty-argument ,"],
  ["CALL P(1,)", "parse/empty-argument )"],
  ["CALL P(,1)", "parse/empty-argument ,"],
  ["CALL P('abc", "parse/unterminated 'abc"],
  ['CALL P(1, "abc', 'parse/unterminated "abc'],
  ["CALL P(1) INTO", "parse/expected O"],
  ["CALL P(1) INTO 5", "parse/expected 5"],
  ["CALL P(1) INTO t LIMIT 1", "parse/expected LIMIT"],
  ["{call P(1)", "parse/unclosed {"],
  ["{call 5}", "parse/expected 5"],
  ["EXEC", "parse/expected C"],
  ["EXEC P 1,", "parse/expected ,"],
  ["EXEC P @a = , 2", "parse/empty-argument ,"],
  ["EXEC P @a =", "parse/expected ="],
  ["EXEC dbo.P 1", "parse/expected ."],
  ["SELECT * FROM t, LATERAL (CALL P(1) x)", "parse/expected x"],
  ["SELECT 1 UNION CALL P", "parse/expected P"],
  ["INSERT INTO t CALL P(1,,2)", "parse/empty-argument ,"],
  ["SELECT P(CALL Q(,))", "parse/empty-argument ,"],
  ["SET", "parse/expected T"],
  ["SET x", "parse/expected x"],
  ["SET x 1", "parse/expected 1"],
  ["SET x = ", "parse/expected ="],
  ["SET x = gpt-4o", "parse/expected -"],
  ["SET x = x'00'", "parse/expected x'00'"],
  ["SET x = (1)", "parse/expected ("],
  ["SET :a = ", "parse/expected ="],
  ["SET :a = 1, :b = 2", "parse/expected ,"],
  ["SET ?1 = 2", "parse/expected ?1"],
  ["SET DEFAULT P = 1", "parse/expected ="],
  ["SET DEFAULT P.x = Q(1) || P(2)", "parse/call-in-default Q(1) parse/call-in-default P(2)"],
  ["RESET", "parse/expected T"],
  ["RESET x y", "parse/expected y"],
  ["SHOW tables", "parse/expected tables"],
  ["DESCRIBE", "parse/expected E"],
  ["DESCRIBE 'P'", "parse/expected 'P'"],
  ["RETRY x", "parse/expected x"],
  ["RETRY FAILED OF", "parse/expected F"],
  ["EXPLAIN CALLS", "parse/expected S"],
])("%s is our mistake to report", (text, expected) => {
  expect(mistakes(text).join(" ")).toBe(expected);
});

test("messages say what was expected and what stands there", () => {
  const [item] = parse("CALL P 1").diagnostics;
  expect(item?.message).toBe('expected "(", found "1"');
  expect(item?.hint).toBe("the arguments of a call stand in parentheses: CALL P(…)");
});

test.each([
  "SELECT P(1,,2)",
  "SELECT P(1",
  "SELECT P(a => )",
  "SELEC P(1)",
  "SELECT 1 1 1",
  "SELECT 'abc",
  "SELECT {fn now()}",
  "SELECT * FROM t, LATERAL (SELECT P(1))",
  "FOO BAR",
  ")",
  "(((",
  "SELECT * FROM TABLE(t)",
])("%s is SQLite's mistake to report", (text) => {
  expect(mistakes(text)).toEqual([]);
  expect(parse(text).statements).toHaveLength(1);
});

test("mistakes of all statements are reported together, and the others still parse", () => {
  const script = parse("CALL P(1,,2); SELECT 1; SHOW x; CALL; SELECT P(2); SET a = 'x");
  expect(script.diagnostics.map((item) => item.code)).toEqual([
    "parse/empty-argument",
    "parse/expected",
    "parse/expected",
    "parse/unterminated",
  ]);
  expect(script.statements).toHaveLength(2);
});

test.each(["SELECT '\0'", "\0", "SELECT 1 -- \0", "CALL P(1);\0"])("NUL is an error anywhere: %j", (text) => {
  const at = text.indexOf("\0");
  expect(parse(text)).toMatchObject({
    statements: [],
    diagnostics: [{ code: "parse/nul", span: { start: at, end: at + 1 } }],
  });
});
