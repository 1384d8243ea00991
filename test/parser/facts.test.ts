import { expect, test } from "vitest";
import { cut, sql } from "./support.ts";

test.each([
  ["SELECT 1", "select"],
  ["VALUES (1)", "select"],
  ["WITH x AS (SELECT 1) SELECT * FROM x", "select"],
  ["CALL P(1)", "select"],
  ["WITH x AS (SELECT 1) CALL P(1)", "select"],
  ["INSERT INTO t VALUES (1)", "insert"],
  ["WITH replace AS (SELECT 1) REPLACE INTO t SELECT * FROM replace", "insert"],
  ["WITH x AS (SELECT 1) UPDATE t SET a = 1", "update"],
  ["DELETE FROM t", "delete"],
  ["CREATE TABLE t AS SELECT 1", "create-table-as"],
  ["CREATE TEMP TABLE t AS CALL P(1)", "create-table-as"],
  ["CALL P(1) INTO t", "create-table-as"],
  ["CREATE TABLE t(a AS (1))", "create-schema"],
  ["CREATE UNIQUE INDEX i ON t(a)", "create-schema"],
  ["CREATE VIRTUAL TABLE t USING fts5(a)", "create-schema"],
  ["CREATE TEMPORARY VIEW v AS SELECT 1", "create-view"],
  ["CREATE TRIGGER t AFTER INSERT ON u BEGIN DELETE FROM x; END", "create-trigger"],
  ["ALTER TABLE t RENAME TO u", "alter"],
  ["DROP VIEW v", "drop"],
  ["BEGIN IMMEDIATE", "begin"],
  ["END", "commit"],
  ["COMMIT", "commit"],
  ["ROLLBACK TO x", "rollback"],
  ["SAVEPOINT x", "savepoint"],
  ["RELEASE x", "release"],
  ["ATTACH 'x' AS y", "attach"],
  ["DETACH y", "detach"],
  ["PRAGMA foreign_keys = on", "pragma"],
  ["VACUUM INTO 'x'", "vacuum"],
  ["EXPLAIN DELETE FROM t", "explain"],
  ["EXPLAIN QUERY PLAN SELECT P(1)", "explain"],
  ["ANALYZE", "other"],
  ["REINDEX t", "other"],
  ["nonsense", "other"],
])("%s: verb %s", (text, verb) => {
  expect(sql(text).verb).toBe(verb);
});

test.each([
  ["INSERT INTO t VALUES (1)", [undefined, "t"]],
  ['INSERT OR REPLACE INTO main."a""b"(x) VALUES (1)', ["main", 'a"b']],
  ["REPLACE INTO [t u] SELECT 1", [undefined, "t u"]],
  ["UPDATE OR IGNORE aux.t AS x SET a = 1", ["aux", "t"]],
  ["DELETE FROM 't' WHERE 1", [undefined, "t"]],
  ["WITH x AS (SELECT 1) DELETE FROM t", [undefined, "t"]],
  ["SELECT 1", [undefined, undefined]],
  ["CREATE TRIGGER t AFTER INSERT ON u BEGIN DELETE FROM x; END", [undefined, undefined]],
])("%s: what it writes", (text, target) => {
  const found = sql(text).target;
  expect([found?.schema?.text, found?.table.text]).toEqual(target);
});

test.each([
  ["SELECT P(a), P(a) x, P(a) AS y, b FROM t", ["P(a)"]],
  ["SELECT P(a) || 'x', length(P(a)) FROM t", ["P(a) || 'x'", "length(P(a))"]],
  ["SELECT P(a) 'x', P(a) \"y\", P(a) [z] FROM t", []],
  ["SELECT DISTINCT P(a) FROM t", ["P(a)"]],
  ["SELECT ALL P(a) FROM t", ["P(a)"]],
  ["SELECT CASE P(a) WHEN 1 THEN 2 END FROM t", ["CASE P(a) WHEN 1 THEN 2 END"]],
  ["SELECT CASE P(a) WHEN 1 THEN 2 END x, P(a) end, P(a) AS end FROM t", []],
  ["SELECT P(a) COLLATE nocase, P(a) COLLATE nocase x FROM t", ["P(a) COLLATE nocase"]],
  ["SELECT P(a) ISNULL, P(a) NOT NULL, P(a) IS NULL x FROM t", ["P(a) ISNULL", "P(a) NOT NULL"]],
  ["SELECT P(a) LIKE b, P(a) LIKE b c, a IN (P(b)) FROM t", ["P(a) LIKE b", "a IN (P(b))"]],
  ["SELECT sum(P(a)) OVER w, sum(P(a)) OVER w x FROM t", ["sum(P(a)) OVER w"]],
  ["SELECT (SELECT P(a)) FROM t", ["(SELECT P(a))", "P(a)"]],
  ["SELECT (SELECT P(a) x) y, 1 FROM t", []],
  ["SELECT (SELECT r FROM P(a)) FROM t", ["(SELECT r FROM P(a))"]],
  ["SELECT a, t.*, * FROM t WHERE P(a)", []],
  ["DELETE FROM t RETURNING a, P(a)", ["P(a)"]],
  ["SELECT 1 UNION SELECT P(a) ORDER BY P(b)", ["P(a)"]],
  ["CREATE VIEW v AS SELECT P(a), b FROM t", ["P(a)"]],
  ["SELECT P(/* why */ a) -- not\n FROM t", ["P(/* why */ a)"]],
  ["VALUES (P(1))", []],
])("%s: items named by their text", (text, items) => {
  expect(sql(text).unnamedItems.map((span) => cut(text, span))).toEqual(items);
});

test("frozen functions are found in the statement's own run, in any quotes", () => {
  const text = 'SELECT changes(), "total_changes" ( ), LAST_INSERT_ROWID() FROM t WHERE P(changes())';
  expect(sql(text).frozenCalls.map((call) => [call.name, cut(text, call.span)])).toEqual([
    ["changes", "changes()"],
    ["total_changes", '"total_changes" ( )'],
    ["last_insert_rowid", "LAST_INSERT_ROWID()"],
    ["changes", "changes()"],
  ]);
});

test.each([
  "SELECT changes, changes(1), t.changes FROM changes",
  "CREATE TRIGGER x AFTER INSERT ON t BEGIN SELECT changes(); END",
  "CREATE VIEW v AS SELECT changes()",
  "CREATE TABLE x(a DEFAULT (changes()))",
])("nothing to freeze: %s", (text) => {
  expect(sql(text).frozenCalls).toEqual([]);
});

test("an upsert is one that updates", () => {
  expect(sql("INSERT INTO t VALUES (1) ON CONFLICT DO UPDATE SET a = 1").hasUpsert).toBe(true);
  expect(
    sql("INSERT INTO t SELECT * FROM u JOIN v ON u.a = v.a ON CONFLICT (a) DO UPDATE SET a = 1").hasUpsert,
  ).toBe(true);
  expect(sql("INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING").hasUpsert).toBe(false);
  expect(sql("UPDATE t SET a = 1").hasUpsert).toBe(false);
});

test("a statement without calls has a span and nothing more", () => {
  expect(sql("SELECT 1").span).toStrictEqual({ start: 0, end: 8 });
});
