/** Statements of strangers: what a confined session refuses before SQLite sees it, and what it lets through. */
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import * as vector from "sqlite-vec";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DiagnosticError, openSession, type Session } from "../../src/index.ts";
import { refusedEverywhere } from "../support/refused-sql.ts";
import { safeFunctions, safeModules, safeTables } from "../../src/runtime/safe-names.ts";

const folder = mkdtempSync(join(tmpdir(), "callsql-confine-"));
const database = join(folder, "own.db");
const owned = join(folder, "owned");
let reading: Session;
let writing: Session;
beforeAll(async () => {
  const db = new Database(database);
  db.exec("CREATE TABLE t(id INTEGER PRIMARY KEY, body); INSERT INTO t VALUES (1, 'one'), (2, 'two')");
  db.close();
  reading = await openSession({ database, readonly: true, confined: {}, env: {} });
  writing = await openSession({ database, confined: { isWritable: true }, env: {} });
});
afterAll(async () => {
  await reading.close();
  await writing.close();
  rmSync(folder, { recursive: true });
});

/** The code, and the text it points at. */
async function refusalOf(session: Session, sql: string): Promise<string> {
  const error: unknown = await session.execute(sql).then(
    async (result) => `gave ${JSON.stringify(await result.all())}`,
    (reason: unknown) => reason,
  );
  if (!(error instanceof DiagnosticError)) return String(error);
  const [first] = error.diagnostics;
  return `${error.code} ${sql.slice(first?.span?.start, first?.span?.end)}`;
}

async function errorOf(session: Session, sql: string): Promise<unknown> {
  const error: unknown = await session.execute(sql).catch((reason: unknown) => reason);
  const [first] = error instanceof DiagnosticError ? error.diagnostics : [];
  return [first?.code, first?.hint, first?.span];
}

const everywhere = refusedEverywhere(owned);

describe("refused, whether writing is allowed or not", () => {
  test.each(everywhere)("%s", async (sql, expected) => {
    expect(await refusalOf(reading, sql)).toBe(expected);
    expect(await refusalOf(writing, sql)).toBe(expected);
  });

  test("a word that begins no statement, as SQLite refuses it where nobody is confined", async () => {
    await using free = await openSession({ env: {} });
    for (const sql of [
      "SELEC 1",
      "udpate t set x = 1",
      "please",
      "'x'",
      "(SELECT 1)",
      "5",
      "[SELECT] 1",
      "=",
    ]) {
      const [here, there] = await Promise.all([reading, free].map((session) => errorOf(session, sql)));
      expect(here, sql).toEqual(there);
    }
    expect(await errorOf(free, "SELEC 1")).toEqual([
      "sql/error",
      'did you mean "SELECT"?',
      { start: 0, end: 5 },
    ]);
  });

  test("a text that is too long, before it is parsed", async () => {
    const sql = `SELECT 1 /* ${"x".repeat(100_000)} */`;
    expect(await refusalOf(reading, sql)).toMatch(/^serve\/text-too-long /);
  });

  test("and nothing is left behind", () => {
    expect(existsSync(owned)).toBe(false);
    expect(readdirSync(folder).filter((file) => !file.startsWith("own.db"))).toEqual([]);
  });
});

describe("writes", () => {
  test.each([
    ["INSERT INTO t VALUES (3, 'three')", "INSERT"],
    ["replace into t values (3, 'three')", "replace"],
    ["UPDATE t SET body = 'x'", "UPDATE"],
    ["WITH x AS (SELECT 1) DELETE FROM t", "WITH"],
    ["CREATE TABLE u(x)", "CREATE"],
    ["CREATE TEMP TABLE u(x)", "CREATE"],
    ["CREATE VIEW v AS SELECT 1", "CREATE"],
    ["CREATE TRIGGER tr AFTER INSERT ON t BEGIN SELECT 1; END", "CREATE"],
    ["ALTER TABLE t ADD COLUMN c", "ALTER"],
    ["DROP TABLE t", "DROP"],
    ["CALL GenerateResponse('x') INTO u", "CALL"],
  ])("are refused where reading is all: %s", async (sql, word) => {
    expect(await refusalOf(reading, sql)).toBe(`serve/read-only ${word}`);
  });

  test.each([
    ["CREATE TEMP TABLE u(x)", "serve/temporary-refused TEMP"],
    ["CREATE TABLE temp.u(x)", "serve/temporary-refused temp"],
    ['CREATE TABLE "temp".u(x)', 'serve/temporary-refused "temp"'],
    ["CREATE TEMPORARY VIEW v AS SELECT 1", "serve/temporary-refused TEMPORARY"],
    ["CREATE VIRTUAL TABLE v USING fts3tokenize", "serve/module-refused fts3tokenize"],
    ["CREATE VIRTUAL TABLE v USING dbstat", "serve/module-refused dbstat"],
    ["CREATE VIRTUAL TABLE v USING csv(filename='/etc/passwd')", "serve/module-refused csv"],
    ["CREATE VIEW v AS SELECT load_extension('x')", "serve/function-refused load_extension"],
    ["INSERT INTO t SELECT 9, fts3_tokenizer('simple')", "serve/function-refused fts3_tokenizer"],
  ])("go to the database alone: %s", async (sql, expected) => {
    expect(await refusalOf(writing, sql)).toBe(expected);
  });

  test("are made where they are allowed", async () => {
    await writing.execute("CREATE TABLE u(x, y DEFAULT (lower('A')))");
    await writing.execute("INSERT INTO u(x) SELECT max(id) FROM t");
    await writing.execute("CREATE VIRTUAL TABLE f USING fts5(body)");
    expect(await (await writing.execute("SELECT x, y FROM u")).all()).toEqual([{ x: 2, y: "a" }]);
    await writing.execute("DROP TABLE f");
    await writing.execute("DROP TABLE u");
  });
});

test.each([
  "SELECT count(*), upper(body) FROM t GROUP BY body HAVING count(*) > 0 ORDER BY 1 LIMIT 1",
  "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 3) SELECT i, row_number() OVER (ORDER BY i) FROM n",
  "SELECT value FROM json_each('[1]') WHERE 'pragma_database_list' <> 'x'",
  "SELECT CASE WHEN id IN (1, 2) THEN date('now') END FROM t AS \"a b\"",
  "PRAGMA table_info(t)",
  "PRAGMA main.table_xinfo('t')",
  "PRAGMA user_version",
  "SELECT name FROM pragma_table_info('t')",
  "SELECT procedure_name FROM sys_procedures",
  "SELECT name FROM sqlite_schema",
  "EXPLAIN QUERY PLAN SELECT * FROM t",
  "EXPLAIN WITH x AS (SELECT 1) SELECT * FROM x",
  "EXPLAIN CALLS SELECT GenerateResponse(body) FROM t",
  "SHOW PROCEDURES",
  "DESCRIBE GenerateResponse",
])("let through: %s", async (sql) => {
  expect((await (await reading.execute(sql)).all()).length).toBeGreaterThan(0);
});

test("statements that were parsed before, prepared or explained are checked too", async () => {
  const [parsed] = reading.parse("VACUUM").statements;
  if (parsed === undefined) throw new Error("no statement");
  await expect(reading.execute(parsed)).rejects.toMatchObject({ code: "serve/statement-refused" });
  expect(() => reading.prepare("SELECT load_extension('x')")).toThrow(/serve\/function-refused/);
  await expect(reading.explain("SELECT load_extension('x')")).rejects.toMatchObject({
    code: "serve/function-refused",
  });
});

/** Looked at one by one, and kept out: they name files, pointers, builds, or only help to debug. */
const refusedFunctions =
  `fts3_tokenizer fts5 fts5_source_id geopoly_debug load_extension optimize rtreecheck rtreedepth
  rtreenode sqlite_compileoption_get sqlite_compileoption_used sqlite_log sqlite_source_id vec_debug`.split(
    /\s+/,
  );
const refusedModules = ["dbstat", "fts3", "fts3tokenize", "fts4", "fts4aux", "fts5vocab"];

test("every function and virtual table of this SQLite is known, as safe or as refused", () => {
  const db = new Database(":memory:");
  vector.load(db);
  const names = (pragma: string): string[] => [
    ...new Set((db.pragma(pragma) as { name: string }[]).map(({ name }) => name)),
  ];
  const unknown = names("function_list").filter((name) => !safeFunctions.has(name));
  expect(unknown.toSorted()).toEqual(refusedFunctions.toSorted());
  const tables = names("module_list").filter((name) => !safeTables.has(name) && !safeModules.has(name));
  expect(tables.toSorted()).toEqual(refusedModules);
  db.close();
});
