/** A script that goes on behind where it broke off: what another file holds, and transactions that are none, are no steps. */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { expect, test } from "vitest";
import { main } from "../../src/cli/main.ts";
import { fakeTerminal } from "./support/terminal.ts";

async function inNewFolder() {
  const folder = mkdtempSync(join(tmpdir(), "callsql-resume-oddly-"));
  const script = join(folder, "script.sql");
  const database = join(folder, "own.db");
  return {
    other: join(folder, "other.db"),
    run: async (text: string) => {
      writeFileSync(script, text);
      const terminal = fakeTerminal({ stdin: "", env: { HOME: folder, CALLSQL_KEYCHAIN: "off" } });
      const code = await main(["run", script, "--db", database], terminal);
      return { code, err: terminal.err() };
    },
    count: (file: "own.db" | "other.db", table: string): unknown => {
      const db = new Database(join(folder, file), { readonly: true });
      try {
        return db.prepare(`SELECT count(*) FROM ${table}`).pluck().get();
      } finally {
        db.close();
      }
    },
  };
}

test("writes to an attached file are done again, those to the database are not", async () => {
  const { run, count, other } = await inNewFolder();
  const text = `ATTACH '${other}' AS o; CREATE TABLE IF NOT EXISTS o.t(x); CREATE TABLE t(x);
    INSERT INTO o.t VALUES (1); INSERT INTO main.t VALUES (1); SELECT missing;`;
  expect((await run(text)).code).toBe(1);
  const again = await run(text);
  expect(again).toMatchObject({ code: 1, err: expect.stringContaining("no such column: missing") as string });
  expect([count("own.db", "t"), count("other.db", "t")]).toEqual([1, 2]);
});

test("a COMMIT without a transaction is SQLite's mistake to tell, each time", async () => {
  const { run, count } = await inNewFolder();
  const text = "CREATE TABLE t(x); INSERT INTO t VALUES (1); COMMIT; INSERT INTO t VALUES (2);";
  for (let times = 0; times < 2; times++) {
    const { code, err } = await run(text);
    expect({ code, err }).toEqual({
      code: 1,
      err: expect.stringContaining("no transaction is active") as string,
    });
    expect(count("own.db", "t")).toBe(1);
  }
});

test.each([
  ["OR ROLLBACK takes all of it back", "OR ROLLBACK", 0],
  ["OR FAIL keeps what came before the mistake", "OR FAIL", 1],
])("a step that is refused is no step: %s", async (_, conflict, kept) => {
  const { run, count } = await inNewFolder();
  const text = `CREATE TABLE t(x UNIQUE); INSERT ${conflict} INTO t VALUES (1), (1); SELECT 2;`;
  expect(await run(text)).toMatchObject({ code: 1, err: expect.stringContaining("UNIQUE") as string });
  expect(count("own.db", "t")).toBe(kept);
  expect((await run(text)).err).toContain("UNIQUE");
  expect(count("own.db", "t")).toBe(kept);
});
