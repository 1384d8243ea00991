/** `--dry-run` with a real session and a real database file: what it says, and that nothing stays. */
import { existsSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { expect, test } from "vitest";
import { main } from "../../src/cli/main.ts";
import { openSession } from "../../src/index.ts";
import { fakeLibrary } from "./support/session.ts";
import { fakeTerminal } from "./support/terminal.ts";

const folder = mkdtempSync(join(tmpdir(), "callsql-"));
const database = join(folder, "shop.db");
writeFileSync(join(folder, "reviews.csv"), "id,body\n1,good\n2,bad\n3,good\n");

async function callsql(...args: readonly string[]) {
  const terminal = fakeTerminal({ env: { XDG_STATE_HOME: folder, XDG_CONFIG_HOME: folder } });
  const given = [...args, "--dry-run", "--no-ledger", "-o", "csv"];
  const code = await main(given, terminal, { ...fakeLibrary(), openSession });
  return { code, out: terminal.out(), err: terminal.err() };
}

test("each call site is a row, those of later statements by what earlier ones would leave; nothing is kept", async () => {
  const { code, out, err } = await callsql(
    database,
    "--import",
    `reviews=${join(folder, "reviews.csv")}`,
    "-c",
    "CREATE TABLE o AS SELECT id, GenerateResponse(body, MaxOutputTokens => 16) AS answer FROM reviews",
    "-c",
    "SELECT GetEmbeddings(answer) FROM o; SELECT 1",
  );
  expect(err).toMatch(/dry run: about 4 calls, 3 requests, \$0\.0\d+ to \$0\.0\d+; nothing was sent/);
  expect(code).toBe(0);
  const rows = out
    .trim()
    .split("\n")
    .map((line) => line.split(",").slice(0, 7).join());
  expect(rows).toEqual([
    "statement,site,procedure,model,connection,calls,bound",
    "1,1,GenerateResponse,gpt-6-luna,,2,exact",
    "2,1,GetEmbeddings,text-embedding-3-small,,2,about",
  ]);
  if (existsSync(database)) {
    const db = new Database(database);
    expect(db.prepare("SELECT name FROM sqlite_schema").all()).toEqual([]);
    db.close();
  }
});

test("a mistake is an error, where it stands", async () => {
  const { code, err } = await callsql(database, "-c", "SELECT GenerateResponse(x) FROM nope");
  expect(code).toBe(1);
  expect(err).toContain("no such table: nope");
  expect(err).not.toContain("nothing was sent");
});
