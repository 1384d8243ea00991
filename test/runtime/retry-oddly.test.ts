/** RETRY FAILED where there is nothing to do, where doing it would repeat, and where the run was in memory. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { DiagnosticError } from "../../src/index.ts";
import { EchoFailure, openEcho, type Answers } from "../support/echo.ts";

const folder = mkdtempSync(join(tmpdir(), "callsql-retry-oddly-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Fails for "b" while `isBroken`. */
function flaky(state: { isBroken: boolean }): Answers {
  return (_, x) => {
    if (state.isBroken && x === "b") throw new EchoFailure(400, "refused");
    return `<${String(x)}>`;
  };
}

async function failureOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => "no error",
    (error: unknown) => (error instanceof DiagnosticError ? error.message : String(error)),
  );
}

test("a run without failures is told to have none, and nothing is asked", async () => {
  const { rows, asked, session } = await openEcho(flaky({ isBroken: false }));
  await rows("SELECT P('a')");
  expect(await rows("RETRY FAILED OF 1")).toEqual([]);
  expect(asked).toHaveLength(1);
  await session.close();
});

test("how a statement ended is known to the next one, though it need not be on disk yet", async () => {
  const { rows, asked, session } = await openEcho(flaky({ isBroken: false }), {
    ledger: join(folder, "at-once.db"),
  });
  for (let number = 1; number <= 20; number++) {
    await rows(`SELECT P('${number}')`);
    expect(await rows("SELECT status FROM sys_statements ORDER BY id DESC LIMIT 1")).toEqual([["finished"]]);
    await rows(`SELECT P('again ${number}')`);
    expect(await rows("RETRY FAILED OF 1")).toEqual([]);
  }
  expect(asked).toHaveLength(40);
  await session.close();
});

test("a table that was made with a failed call is not made twice", async () => {
  const state = { isBroken: true };
  const { rows, session } = await openEcho(flaky(state));
  await rows("CREATE TABLE made AS SELECT P('b') AS reply");
  state.isBroken = false;
  expect(await failureOf(rows("RETRY FAILED"))).toMatch(/^session\/retry-would-repeat: /);
  expect(await rows("SELECT reply FROM made")).toEqual([[null]]);
  await session.close();
});

test("a run in memory cannot be tried again in a file, and its place is told", async () => {
  const ledger = join(folder, "ledger.db");
  const state = { isBroken: true };
  const first = await openEcho(flaky(state), { ledger });
  await first.rows("SELECT P('b')");
  await first.session.close();
  const second = await openEcho(flaky(state), { ledger, database: join(folder, "own.db") });
  expect(await failureOf(second.rows("RETRY FAILED OF 1"))).toMatch(/:memory:/);
  expect(second.asked).toEqual([]);
  await second.session.close();
});
