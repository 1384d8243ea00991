/** max_cost_per_day across processes on one ledger: spent together, never more (reference reliability.md, F23). */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterAll, expect, test } from "vitest";
import { startCallsql } from "../e2e/support/process.ts";
import { faults } from "../support/openai-faults.ts";
import { startOpenAIServer } from "../support/openai-server.ts";

const folder = mkdtempSync(join(tmpdir(), "callsql-day-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const rows = 60;

test("three processes stop at one cap with exit 4; raised, they buy the rest and nothing twice", async () => {
  await using server = await startOpenAIServer({ faults: [faults.delay(5)] });
  const ledger = join(folder, "ledger.db");
  const env = { OPENAI_API_KEY: "sk-test-12345678", OPENAI_BASE_URL: server.url };
  const run = (who: number, settings: readonly string[]) => {
    const sql = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows})
      SELECT count(GenerateResponse('process ${who} row ' || i, MaxOutputTokens => 64)) FROM n`;
    const set = settings.flatMap((setting) => ["--set", setting]);
    return startCallsql(["-c", sql, "--ledger", ledger, "-o", "csv", ...set], { env }).finished;
  };
  const spent = (): number => {
    const db = new Database(ledger, { readonly: true });
    const usd = Number(db.prepare("SELECT total(cost_usd) FROM calls").pluck().get());
    db.close();
    return usd;
  };
  expect((await run(0, [])).code).toBe(0);
  // What was spent without a cap counts against it.
  const cap = spent() * 1.5;
  const capped = await Promise.all([1, 2, 3].map((who) => run(who, [`max_cost_per_day=${cap}`])));
  expect(capped.map(({ code }) => code)).toEqual([4, 4, 4]);
  expect(capped[0]?.stderr).toContain("call/budget-reached");
  expect(spent()).toBeLessThanOrEqual(cap);
  // What did not fit was small.
  expect(spent()).toBeGreaterThan(cap * 0.8);
  const bought = server.charged;

  const raised = await Promise.all([1, 2, 3].map((who) => run(who, ["max_cost_per_day=1", "cache=on"])));
  expect(raised.map(({ stdout }) => stdout.split("\n")[1])).toEqual([`${rows}`, `${rows}`, `${rows}`]);
  expect(server.charged).toBe(4 * rows);
  expect(bought).toBeLessThan(3 * rows);
});
