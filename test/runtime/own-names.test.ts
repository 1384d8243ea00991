/** Functions, sys_ tables and sqlite-vec are registered late: whoever reaches one finds it, by whatever way. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import * as vector from "sqlite-vec";
import { afterAll, describe, expect, test } from "vitest";
import { openSession } from "../../src/index.ts";

const folder = mkdtempSync(join(tmpdir(), "callsql-names-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What the last statement gives, in a session that has run nothing before. */
async function last(
  options: Parameters<typeof openSession>[0],
  ...statements: readonly string[]
): Promise<readonly unknown[]> {
  await using session = await openSession({ ledger: ":memory:", ...options });
  let rows: readonly unknown[] = [];
  for (const statement of statements) {
    const result = await session.execute(statement);
    rows = await Array.fromAsync(result.arrays());
  }
  return rows;
}

describe("the first statement of a session may be", () => {
  test.each([
    ["a sys_ table", "SELECT count(*) > 5 FROM sys_procedures", 1],
    ["a function of sqlite-vec", "SELECT vec_length('[1, 2]')", 2],
    ["readfile", "SELECT readfile('/dev/null')", null],
    ["the list of functions", "SELECT count(*) > 0 FROM pragma_function_list WHERE name = 'vec_length'", 1],
    ["a sys_ table behind a comment", "/* all */ SELECT count(*) > 1 FROM sys_options", 1],
    ["the plan of a query", "EXPLAIN SELECT * FROM sys_models", 0],
  ])("%s", async (_, sql, expected) => {
    const [row] = await last({ files: true }, sql);
    const [value] = row as [unknown];
    expect(value instanceof Uint8Array ? null : value).toEqual(expected);
  });

  test("a PRAGMA that lists the modules", async () => {
    const rows = await last({}, "PRAGMA module_list");
    expect(rows.flat()).toEqual(expect.arrayContaining(["sys_calls", "vec0"]));
  });

  test("a virtual table of sqlite-vec", async () => {
    const rows = await last(
      {},
      "CREATE VIRTUAL TABLE v USING vec0(e float[2])",
      "INSERT INTO v(rowid, e) VALUES (1, '[1, 2]')",
      "SELECT rowid FROM v",
    );
    expect(rows).toEqual([[1]]);
  });
});

describe("what another session has left in a database is found:", () => {
  const database = join(folder, "names.db");
  {
    const db = new Database(database);
    vector.load(db);
    db.exec(`
      CREATE TABLE t(id INTEGER PRIMARY KEY, e TEXT CHECK (vec_length(e) = 2), n INT AS (vec_length(e)));
      CREATE TABLE log(n);
      CREATE INDEX i ON t(vec_length(e));
      CREATE VIRTUAL TABLE v USING vec0(e float[2]);
      INSERT INTO v(rowid, e) VALUES (7, '[1, 2]');
      CREATE VIEW options AS SELECT count(*) > 1 AS n FROM sys_options;
      CREATE TRIGGER added AFTER INSERT ON t BEGIN INSERT INTO log SELECT vec_length(new.e); END;
    `);
    db.close();
  }

  test.each([
    ["a view over a sys_ table", ["SELECT n FROM options"], [[1]]],
    ["a virtual table", ["SELECT rowid FROM v"], [[7]]],
    [
      "a check, a generated column, an index and a trigger",
      ["INSERT INTO t VALUES (1, '[1, 2]')", "SELECT n, (SELECT n FROM log) FROM t WHERE vec_length(e) = 2"],
      [[2, 2]],
    ],
    ["what a rename reads again", ["ALTER TABLE log RENAME TO journal", "SELECT n FROM journal"], [[2]]],
    ["what a check of the file reads", ["PRAGMA integrity_check"], [["ok"]]],
  ] as const)("%s", async (_, statements, expected) => {
    expect(await last({ database }, ...statements)).toEqual(expected);
  });

  test("imported rows meet its triggers", async () => {
    await using session = await openSession({ database, ledger: ":memory:" });
    expect(await session.importRows("t", ["id", "e"], [[2, "[3, 4]"]])).toBe(1);
  });
});

test("SQL without calls does without any of it, and a mistaken name is still a mistake", async () => {
  await using session = await openSession({ ledger: ":memory:" });
  const listed = session.prepare("SELECT 1 AS one").columns;
  expect(listed.map(({ name }) => name)).toEqual(["one"]);
  await expect(session.execute("SELECT * FROM sys_nothing")).rejects.toMatchObject({ code: "sql/error" });
  await expect(session.execute("SELECT vec_nothing(1)")).rejects.toMatchObject({ code: "sql/error" });
});
