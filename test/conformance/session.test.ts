/**
 * Differential: every statement form of SQLite through a session and through better-sqlite3 itself, each on its own copy
 * of one database. Rows, column names and declared types, changes, errors, and what is in the database afterwards are the same.
 */
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { SqlValue } from "../../src/catalog/value.ts";
import { DiagnosticError, openSession } from "../../src/index.ts";
import { fromSqlite } from "../../src/runtime/values.ts";
import { schema, statements } from "./statements.ts";

const folder = mkdtempSync(join(tmpdir(), "callsql-"));
const template = join(folder, "template.db");

const data = `
INSERT INTO t(id, a, b, c, d) VALUES (1, 1, 'x', 1.5, x'00ff'), (2, 2, 'y', NULL, NULL), (3, NULL, 'x', 2.0, 'text'), (4, 9007199254740993, '', -1, x'');
INSERT INTO u VALUES (1, 1, 1, 'x'), (2, 1, NULL, 'y'), (3, NULL, 3, NULL);
INSERT INTO call VALUES (1, 2, 3, 4, 5, 6), ('a', 'b', 'c', 'd', 'e', 'f');
INSERT INTO lateral VALUES (1, 'one'), (2, 'two');
INSERT INTO P VALUES (1, 2, 3), (4, 5, 6);
INSERT INTO P_one VALUES (1), (2);
INSERT INTO Q VALUES (1, 10), (2, 20);
INSERT INTO w VALUES ('k', 'v');
INSERT INTO strict_one VALUES (1, 'any');
INSERT INTO docs VALUES ('a', 'b'), ('x', 'y');
`;

beforeAll(() => {
  const db = new Database(template);
  db.exec(schema + data);
  db.close();
});

afterAll(() => rmSync(folder, { recursive: true }));

/** They differ from one run to the next, or leave files behind. */
const leftOut = /random|CURRENT_|'now'|current_date|unixepoch|VACUUM INTO|main INTO|ATTACH DATABASE/i;
/** Those with binds have no values here, and are tested with theirs elsewhere. */
const hasBinds = /\?|:file/;
/** SQLite names the last column with it; to callsql it stands behind the statement. */
const trailingComment = /\s(-- comment|\/\* not closed)$/;
/** Addresses of virtual tables. */
const hasPointers = /^EXPLAIN (?!QUERY)/;

interface Outcome {
  readonly columns?: readonly { readonly name: string; readonly type: string | undefined }[];
  readonly rows?: readonly (readonly SqlValue[])[];
  readonly changes?: number;
  readonly error?: string;
}

function plain(db: Database.Database, text: string): Outcome {
  try {
    const statement = db.prepare(text).safeIntegers();
    if (!statement.reader) return { changes: statement.run().changes };
    const columns = statement
      .columns()
      .map(({ name, type }) => ({ name: name.replace(trailingComment, ""), type: type ?? undefined }));
    const rows = readRows(statement.raw().all()).map((row) => row.map(fromSqlite));
    return { columns, rows, changes: statement.readonly ? 0 : rows.length };
  } catch (error) {
    if (!(error instanceof Database.SqliteError)) throw error;
    return { error: error.message };
  }
}

async function throughSession(file: string, text: string): Promise<Outcome> {
  await using session = await openSession({ database: file });
  try {
    const result = await session.execute(text);
    const rows = await Array.fromAsync(result.arrays());
    if (result.kind !== "rows") return { changes: result.affectedRows };
    const columns = result.columns.map(({ name, type }) => ({ name, type }));
    return { columns, rows, changes: result.affectedRows };
  } catch (error) {
    if (!(error instanceof DiagnosticError)) throw error;
    return { error: error.message };
  }
}

function readRows(rows: readonly unknown[]): readonly (readonly SqlValue[])[] {
  return rows as readonly (readonly SqlValue[])[];
}

/** Schema, and the rows of every table. */
function contentsOf(file: string): unknown {
  const db = new Database(file);
  const objects = db.prepare("SELECT type, name, sql FROM sqlite_schema ORDER BY 1, 2").raw().all();
  const names = db
    .prepare(
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY 1",
    )
    .pluck()
    .all();
  const rows = names.map((name) =>
    db
      .prepare(`SELECT * FROM "${String(name)}"`)
      .raw()
      .safeIntegers()
      .all(),
  );
  const version = db.pragma("user_version");
  db.close();
  return { objects, names, rows, version };
}

/** Some keep rows that came before the one refused. */
const refused = [
  "SELEC 1",
  "SELECT nope FROM t",
  "SELECT * FROM nothing",
  "SELECT 1 FROM t WHERE",
  "SELECT sum(a, b) FROM t",
  "SELECT a FROM t GROUP BY sum(a)",
  "SELECT abs(-9223372036854775808)",
  "SELECT a FROM t UNION SELECT a, b FROM t",
  "SELECT 'open",
  "INSERT INTO t(id) VALUES (9), (1), (10)",
  "INSERT OR FAIL INTO t(id) VALUES (9), (1), (10)",
  "INSERT OR ROLLBACK INTO t(id) VALUES (9), (1)",
  "INSERT OR IGNORE INTO t(id) VALUES (9), (1), (10)",
  "INSERT OR REPLACE INTO t(id, a) VALUES (9, 9), (1, 1)",
  "UPDATE OR FAIL t SET id = id + 1",
  "UPDATE t SET id = id + 1",
  "INSERT INTO strict_one VALUES ('text', 1)",
  "INSERT INTO t(id) VALUES ('text')",
  "INSERT INTO w(v) VALUES (1)",
  "INSERT INTO v VALUES (1, 2)",
  "INSERT INTO t(a) VALUES (1, 2)",
  "INSERT INTO u(t_id) VALUES (99)",
  "DELETE FROM t WHERE id = 1",
  "CREATE TABLE t(x)",
  "CREATE TABLE x(a, a)",
  "CREATE INDEX x ON t(nope)",
  "CREATE TRIGGER x AFTER INSERT ON nothing BEGIN SELECT 1; END",
  "ALTER TABLE t DROP COLUMN id",
  "DROP TABLE nope",
  "COMMIT",
  "ROLLBACK TO nothing",
  "RELEASE nothing",
  "DETACH nothing",
  "PRAGMA nothing_known",
];

const compared = [...statements, ...refused].filter((text) => !leftOut.test(text) && !hasBinds.test(text));

test("hardly any is left out", () => {
  expect(statements.length + refused.length - compared.length).toBeLessThan(16);
});

test.each(compared)("%s", async (text) => {
  const [own, bare] = [join(folder, "session.db"), join(folder, "plain.db")];
  copyFileSync(template, own);
  copyFileSync(template, bare);
  const db = new Database(bare);
  const expected = plain(db, text);
  db.close();
  const found = await throughSession(own, text);
  if (expected.error === undefined) {
    const { rows: _, ...rest } = expected;
    if (hasPointers.test(text)) expect(found).toMatchObject(rest);
    else expect(found).toEqual(expected);
  } else expect(found.error).toContain(expected.error);
  expect(contentsOf(own)).toEqual(contentsOf(bare));
});
