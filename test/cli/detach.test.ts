import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterAll, expect, test } from "vitest";
import { main } from "../../src/cli/main.ts";
import { fakeTerminal } from "./support/terminal.ts";

const folder = mkdtempSync(join(tmpdir(), "callsql-detach-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("detach drops the views and triggers that call, and nothing else; --list only lists", async () => {
  const file = join(folder, "t.db");
  const db = new Database(file);
  db.exec(`CREATE TABLE t(a, b);
    CREATE VIEW plain AS SELECT a FROM t;
    CREATE VIEW calling AS SELECT callsql_ModerateText(a) AS flagged FROM t;
    CREATE TRIGGER tr AFTER INSERT ON t BEGIN UPDATE t SET b = callsql_SummarizeText(new.a) WHERE rowid = new.rowid; END`);
  db.close();
  const names = (): unknown[] => {
    const read = new Database(file, { readonly: true });
    const found = read.prepare("SELECT name FROM sqlite_schema ORDER BY 1").pluck().all();
    read.close();
    return found;
  };
  const listed = fakeTerminal();
  expect(await main(["detach", file, "--list", "-o", "csv"], listed)).toBe(0);
  expect(listed.out()).toContain("trigger,tr,");
  expect(names()).toEqual(["calling", "plain", "t", "tr"]);

  const dropped = fakeTerminal();
  expect(await main(["detach", file], dropped)).toBe(0);
  expect(dropped.err()).toContain("2 views and triggers dropped");
  expect(names()).toEqual(["plain", "t"]);
});

test("a database that is not there is a mistake, and is not made", async () => {
  const file = join(folder, "none.db");
  const terminal = fakeTerminal();
  expect(await main(["detach", file], terminal)).toBe(2);
  expect(terminal.err()).toContain("cli/unreadable-file");
  expect(existsSync(file)).toBe(false);
});
