/** `--dry-run` with a real session and a real database file: what it says, and that nothing stays. */
import { existsSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { describe, expect, test } from "vitest";
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

describe("a cap", () => {
  const ask = (text: string): string => `SELECT GenerateResponse('${text}', MaxOutputTokens => 16)`;

  test("that would stop the script is a warning where it would, and exit code 4", async () => {
    const { code, err, out } = await callsql(
      "-c",
      `${ask("a")}; ${ask("b")}; ${ask("c")}`,
      "--max-calls",
      "1",
    );
    expect(code).toBe(4);
    expect(err.match(/2 calls are needed by here, and max_calls = 1/g)).toHaveLength(1);
    // What there is to say is said all the same.
    expect(out.trim().split("\n")).toHaveLength(4);
    expect(err).toContain("dry run: 3 calls, 3 requests");
    const costly = await callsql("-c", ask("a"), "--max-cost", "0.000001");
    expect(costly.code).toBe(4);
    expect(costly.err).toMatch(/0\.00000\d+ USD are needed by here, and max_cost = 0\.000001:/);
    const long = await callsql("-c", `SET max_tokens = 5; ${ask("a")}`);
    expect(long.code).toBe(4);
    expect(long.err).toMatch(/\d+ tokens are needed by here, and max_tokens = 5:/);
  });

  test("that may stop it is a warning alone", async () => {
    const { code, err } = await callsql("-c", ask("a"), "-c", ask("b"), "--max-cost", "0.000005");
    expect(code).toBe(0);
    expect(err.match(/USD may be needed by here, and max_cost = 0\.000005/g)).toHaveLength(1);
  });

  test("that suffices is no matter: an equal call of a later statement is answered by then", async () => {
    const twice = await callsql("-c", ask("a"), "-c", ask("a"), "--max-calls", "1");
    expect(twice.code).toBe(0);
    expect(twice.err).toContain("dry run: 2 calls (1 recorded), 1 request,");
    expect(twice.err).not.toContain("max_calls");
    const apart = await callsql("-c", `SET cache = off; ${ask("a")}; ${ask("a")}`, "--max-calls", "1");
    expect(apart.code).toBe(4);
  });

  test("counts each text of a packed request, as a run does", async () => {
    const texts = "SELECT GetEmbeddings(value) FROM json_each('[1,2,3]')";
    const { code, err } = await callsql("-c", texts, "--max-calls", "2");
    expect(err).toContain("1 request,");
    expect(code).toBe(4);
  });
});
