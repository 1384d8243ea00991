import { expect, test } from "vitest";
import { argumentsOf, cut, sites, sql } from "./support.ts";

test.each([
  ["CALL P(1)", "query CALL P(1)"],
  ["INSERT INTO t CALL P(1)", "query CALL P(1)"],
  ["INSERT INTO t(a, b) CALL P(1)", "query CALL P(1)"],
  ["INSERT INTO main.t AS x (a) CALL P(1)", "query CALL P(1)"],
  ["REPLACE INTO t CALL P(1)", "query CALL P(1)"],
  ["INSERT INTO t WITH x AS (SELECT 1) CALL P(1)", "query CALL P(1)"],
  ["CREATE TABLE t AS CALL P(1)", "query CALL P(1)"],
  ["CREATE TEMP TABLE main.t AS CALL P(1)", "query CALL P(1)"],
  ["CREATE VIEW v AS CALL P(1)", "query CALL P(1)"],
  ["CREATE VIEW v(a, b) AS CALL P(1)", "query CALL P(1)"],
  ["WITH x AS (CALL P(1)) SELECT * FROM x", "query CALL P(1)"],
  ["WITH x(a) AS NOT MATERIALIZED (CALL P(1)) SELECT * FROM x", "query CALL P(1)"],
  ["WITH x AS (SELECT 1) CALL P(1)", "query CALL P(1)"],
  ["SELECT 1 UNION ALL CALL P(1)", "query CALL P(1)"],
  ["SELECT 1 UNION CALL P(1)", "query CALL P(1)"],
  ["SELECT 1 EXCEPT CALL P(1) INTERSECT SELECT 2", "query CALL P(1)"],
  ["SELECT * FROM (CALL P(1)) r", "query CALL P(1)"],
  ["SELECT (CALL P(1))", "query CALL P(1)"],
  ["SELECT x FROM t WHERE EXISTS (CALL P(x))", "query CALL P(x)"],
  ["SELECT x IN (CALL P(x)) FROM t", "query CALL P(x)"],
  ["EXPLAIN QUERY PLAN CALL P(1)", "query CALL P(1)"],
  ["CALL P(1) LIMIT 3", "query CALL P(1)"],
  ["CALL P(1) r WHERE r.x > 1", "query CALL P(1)"],
])("where a query may stand: %s", (text, site) => {
  expect(sites(text)).toEqual([site]);
});

test.each([
  ["SELECT * FROM P(1) r", "table P(1)"],
  ["SELECT * FROM t JOIN P(t.a) r ON true", "table P(t.a)"],
  ["SELECT * FROM t LEFT JOIN P(t.a) USING (a)", "table P(t.a)"],
  ["SELECT * FROM t, P (t.a) r", "table P (t.a)"],
  ["SELECT * FROM t NATURAL CROSS JOIN CALL P(t.a) r", "table CALL P(t.a)"],
  ["SELECT * FROM t, LATERAL P(t.a)", "table LATERAL P(t.a)"],
  ["SELECT * FROM t, LATERAL (CALL P(t.a)) r", "table LATERAL (CALL P(t.a))"],
  ["SELECT * FROM t, LATERAL (P(t.a)) r", "table LATERAL (P(t.a))"],
  ["SELECT * FROM t, LATERAL CALL P(t.a) r", "table LATERAL CALL P(t.a)"],
  ["SELECT * FROM t, TABLE(P(t.a)) r", "table TABLE(P(t.a))"],
  ["SELECT * FROM t, TABLE(CALL P(t.a)) r", "table TABLE(CALL P(t.a))"],
  ["SELECT * FROM t, LATERAL TABLE ( P(t.a) ) r", "table LATERAL TABLE ( P(t.a) )"],
  ["SELECT * FROM t, {call P(t.a)} r", "table {call P(t.a)}"],
  ["SELECT * FROM (P(1) r JOIN t)", "table P(1)"],
  ["SELECT * FROM (t JOIN (u JOIN P(1) r ON true))", "table P(1)"],
  ["UPDATE t SET a = 1 FROM P(2) r", "table P(2)"],
  ["SELECT * FROM t JOIN u USING (a, b), P(1)", "table P(1)"],
  ["SELECT * FROM t JOIN u ON t.a = u.a, P(1)", "table P(1)"],
])("where a table may stand: %s", (text, site) => {
  expect(sites(text)).toEqual([site]);
});

test.each([
  ["SELECT P(body) FROM t", "value P(body)"],
  ["SELECT DISTINCT P(body) FROM t", "value P(body)"],
  ["SELECT CALL P(body) FROM t", "value CALL P(body)"],
  ["SELECT a IS NOT DISTINCT FROM P(b) FROM t", "value P(b)"],
  ["SELECT a IS DISTINCT FROM P(b)", "value P(b)"],
  ["VALUES (P('a'))", "value P('a')"],
  ["VALUES (1), (CALL P('a'))", "value CALL P('a')"],
  ["INSERT INTO t(a) VALUES (P('a'))", "value P('a')"],
  ["UPDATE t SET s = P(body)", "value P(body)"],
  ["UPDATE t SET (a, b) = (SELECT 1, P(2))", "value P(2)"],
  ["INSERT INTO t VALUES (1) ON CONFLICT (a) DO UPDATE SET b = P(excluded.b)", "value P(excluded.b)"],
  ["DELETE FROM t RETURNING P(a)", "value P(a)"],
  ["SELECT a FROM t GROUP BY P(a)", "value P(a)"],
  ["SELECT a FROM t ORDER BY P(a) DESC", "value P(a)"],
  ["SELECT a FROM t LIMIT P(a)", "value P(a)"],
  ["SELECT a FROM t LIMIT 1 OFFSET P(a)", "value P(a)"],
  ["SELECT count(*) FILTER (WHERE P(a)) FROM t", "value P(a)"],
  ["SELECT sum(a) OVER (PARTITION BY P(b) ORDER BY c) FROM t", "value P(b)"],
  ["SELECT sum(a) OVER w FROM t WINDOW w AS (ORDER BY P(b))", "value P(b)"],
  ["SELECT group_concat(a ORDER BY P(a)) FROM t", "value P(a)"],
  ["SELECT CASE P(a) WHEN 1 THEN 2 END FROM t", "value P(a)"],
  ["SELECT CAST(P(a) AS TEXT) FROM t", "value P(a)"],
  ["SELECT json_each.value FROM t, json_each(P(t.a))", "value P(t.a)"],
  ["SELECT P(max(body)) FROM t", "value P(max(body))"],
  ["SELECT a FROM t ORDER BY a COLLATE nocase, P(b)", "value P(b)"],
  ["WITH RECURSIVE r(a) AS (SELECT 1 UNION ALL SELECT P(a) FROM r) SELECT * FROM r", "value P(a)"],
])("where a value may stand: %s", (text, site) => {
  expect(sites(text)).toEqual([site]);
});

test.each([
  ["SELECT 1 FROM t WHERE P(a) = 'x'", ["value! P(a)"]],
  ["SELECT 1 FROM t WHERE a AND (b OR f(P(a)))", ["value! P(a)"]],
  ["SELECT 1 FROM t HAVING P(max(a)) > 1", ["value! P(max(a))"]],
  ["SELECT 1 FROM t JOIN u ON P(t.a), P(2) r", ["value! P(t.a)", "table P(2)"]],
  ["SELECT 1 FROM (t JOIN u ON P(1)) WHERE a", ["value! P(1)"]],
  ["UPDATE t SET a = P(1) WHERE P(2)", ["value P(1)", "value! P(2)"]],
  ["DELETE FROM t WHERE P(a)", ["value! P(a)"]],
  [
    "SELECT 1 FROM t WHERE a IN (SELECT P(1) FROM u WHERE P(2) ORDER BY P(3))",
    ["value P(1)", "value! P(2)", "value P(3)"],
  ],
  ["SELECT 1 FROM t WHERE a ORDER BY P(1)", ["value P(1)"]],
  [
    "INSERT INTO t VALUES (1) ON CONFLICT (a) WHERE P(1) DO UPDATE SET a = P(2) WHERE P(3) RETURNING P(4)",
    ["value! P(1)", "value P(2)", "value! P(3)", "value P(4)"],
  ],
])("conditions: %s", (text, expected) => {
  expect(sites(text)).toEqual(expected);
});

test("IN P(…) is membership, IN (P(…)) is a list", () => {
  expect(sites("SELECT 1 FROM t WHERE a IN P(1) OR a NOT IN P(2) OR a IN (P(3))")).toEqual([
    "value!∈ P(1)",
    "value!∈ P(2)",
    "value! P(3)",
  ]);
});

test.each([
  ["CREATE TABLE x(a CHECK (P(a)), b DEFAULT (P(1)), c AS (P(b)), d GENERATED ALWAYS AS (P(c)) STORED)", 4],
  ["CREATE INDEX i ON x(P(a), b) WHERE P(b)", 2],
  ["CREATE UNIQUE INDEX IF NOT EXISTS main.i ON x(P(a) COLLATE nocase DESC)", 1],
  ["ALTER TABLE x ADD COLUMN c CHECK (P(c)) REFERENCES y(z) ON DELETE SET NULL CHECK (f(P(c)))", 2],
])("%s: sites in a schema", (text, count) => {
  const found = sql(text).sites;
  expect(found.map((site) => site.isInSchema)).toEqual(Array(count).fill(true));
});

test("views and triggers may call", () => {
  expect(sites("CREATE VIEW v AS SELECT P(a) FROM t, Q(1)")).toEqual(["value P(a)", "table Q(1)"]);
  const trigger =
    "CREATE TRIGGER x AFTER UPDATE OF a ON t WHEN P(1) BEGIN INSERT INTO u VALUES (P(2)); " +
    "UPDATE t SET a = P(3) WHERE P(4); CALL P(5); SELECT * FROM P(6); END";
  expect(sites(trigger)).toEqual([
    "value P(1)",
    "value P(2)",
    "value P(3)",
    "value! P(4)",
    "query CALL P(5)",
    "table P(6)",
  ]);
});

test("a statement named BEGIN-ish does not confuse a trigger's body", () => {
  const text = "CREATE TRIGGER begin AFTER UPDATE OF begin ON begin WHEN begin BEGIN CALL P(1); END";
  expect(sites(text)).toEqual(["query CALL P(1)"]);
});

test("arguments are cut at their own commas", () => {
  expect(argumentsOf("CALL P(a, f(b, c), (SELECT 1, 2), [x,y], 'a,b')")).toEqual([
    "a",
    "f(b, c)",
    "(SELECT 1, 2)",
    "[x,y]",
    "'a,b'",
  ]);
  expect(argumentsOf("CALL P()")).toEqual([]);
});

test("arguments are named with =>, in EXEC also with @Name =", () => {
  expect(argumentsOf('CALL P(1, Model => :m, "Top P" => 2)')).toEqual(["1", "Model=>:m", "Top P=>2"]);
  expect(argumentsOf("EXEC P @Message = 'x', @Model = :m")).toEqual(["Message=>'x'", "Model=>:m"]);
  expect(argumentsOf("EXECUTE P(@a = 1, @b)")).toEqual(["a=>1", "@b"]);
  expect(argumentsOf("CALL P(call => 1, lateral => 2)")).toEqual(["call=>1", "lateral=>2"]);
  expect(argumentsOf("CALL P(CALL Q(1), {call Q(2)})")).toEqual(["CALL Q(1)", "{call Q(2)}"]);
  expect(argumentsOf("CALL P(@a = 1)")).toEqual(["@a = 1"]);
});

test("EXEC without parentheses ends where a query ends", () => {
  expect(sites("EXEC P 1, b IN (1, 2) UNION SELECT 1")).toEqual(["query EXEC P 1, b IN (1, 2)"]);
  expect(sites("SELECT (EXEC P @a = 1) FROM (EXEC P 1) r")).toEqual([
    "query EXEC P @a = 1",
    "query EXEC P 1",
  ]);
  expect(sites("SELECT * FROM (exec P)")).toEqual([]);
  expect(sites("INSERT INTO t EXEC P")).toEqual(["query EXEC P"]);
  expect(sites("EXEC P a IS DISTINCT FROM b")).toEqual(["query EXEC P a IS DISTINCT FROM b"]);
});

test("an argument that is nothing but a named bind says so", () => {
  const [site] = sql("CALL P(:a, @b, $c, ?, :d || '', (:e), M => :f)").sites;
  expect(site?.arguments.map((argument) => argument.bind)).toEqual([
    ":a",
    "@b",
    "$c",
    undefined,
    undefined,
    undefined,
    ":f",
  ]);
});

test("the escape may stand without arguments", () => {
  expect(sites("{call P(?, ?)}")).toEqual(["query {call P(?, ?)}"]);
  expect(sites("{ call P }")).toEqual(["query { call P }"]);
  expect(sites("SELECT * FROM {call P} r")).toEqual(["table {call P}"]);
});

test("calls nest, and inner ones stand in their argument", () => {
  const text = "SELECT P(1 + Q(2), (SELECT P(3) FROM t WHERE P(4)))";
  const [outer] = sql(text).sites;
  expect(sites(text)).toEqual(["value P(1 + Q(2), (SELECT P(3) FROM t WHERE P(4)))"]);
  expect(outer?.arguments.map((argument) => argument.sites.map((site) => cut(text, site.span)))).toEqual([
    ["Q(2)"],
    ["P(3)", "P(4)"],
  ]);
});

test("OVER anywhere in the arguments is a window, at every level around it", () => {
  const [outer, other] = sql("SELECT P(Q(lag(x) OVER w), 1), P(over) OVER w FROM t").sites;
  expect(outer?.needsItsQuery).toBe(true);
  expect(outer?.arguments[0]?.sites[0]?.needsItsQuery).toBe(true);
  expect(other?.needsItsQuery).toBe(false);
});

test("after CALL any name is a procedure; without it only a known one", () => {
  expect(sql("CALL Unknown(1)").sites[0]?.isExplicit).toBe(true);
  expect(sql("SELECT CALL Unknown(1)").sites).toHaveLength(1);
  expect(sql("SELECT unknown(1) FROM unknown(2)").sites).toEqual([]);
  expect(sql('CALL "P"(1)').sites[0]?.procedure.text).toBe("P");
});

test("a statement that is nothing but a call is a bare call", () => {
  expect(
    ["CALL P(1)", "EXEC P 1", "{call P(1)}", "CALL P(1) INTO t"].map((text) => sql(text).isBareCall),
  ).toEqual(Array(4).fill(true));
  expect(
    ["CALL P(1) LIMIT 1", "SELECT * FROM P(1)", "EXPLAIN CALL P(1)"].filter((text) => sql(text).isBareCall),
  ).toEqual([]);
});

test("INTO names the table that CALL fills", () => {
  const text = "CALL P(1) INTO TEMP aux.[my answers]";
  expect(sql(text).into).toMatchObject({
    isTemporary: true,
    name: { text: "my answers" },
    schema: { text: "aux" },
  });
  expect(sql(text).verb).toBe("create-table-as");
  expect(sql("CALL P(1) INTO temp").into).toMatchObject({ isTemporary: false, name: { text: "temp" } });
  expect(sql("CALL P(1) INTO temp.x").into).toMatchObject({ isTemporary: false, schema: { text: "temp" } });
});

test.each([
  "CALL GenerateResponse(:Message, :Instructions, :Model, :PreviousResponseId, :Temperature, :TopP, :MaxOutputTokens, :MaxToolCalls, :Store)",
  "CALL ModerateText(:Text, :Model)",
  "CALL GetEmbeddings(:Text, :Model)",
  "CALL GenerateImage(:Instructions, :Model, :Size , :Background, :OutputFormat , :OutputCompression , :Moderation)",
  "CALL GenerateImage(:Instructions, :Image, :Model, :Size , :Background, :OutputFormat , :OutputCompression , :Moderation)",
  "CALL CreateTranscription(:Input, :InputFormat, :Model, :Instructions, :Language, :Temperature)",
])("the connector's documentation prints %s", (text) => {
  const [site] = sql(text).sites;
  const binds = text.match(/:\w+/g);
  expect(sites(text)).toEqual([`query ${text}`]);
  expect(site?.arguments.map((argument) => argument.bind)).toEqual(binds);
});
