/** Ctrl-C and its relatives (reference reliability.md, F15): paid answers are recorded, and it ends in time. */
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe, expect, test, vi } from "vitest";
import { isAlive, oldNode, root, startCallsql, startNode } from "../e2e/support/process.ts";
import { faults } from "../support/openai-faults.ts";
import { startOpenAIServer } from "../support/openai-server.ts";
import { times } from "./support/soak.ts";

const folder = mkdtempSync(join(tmpdir(), "callsql-signals-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const signals = [
  ["SIGINT", 130, 1],
  ["SIGINT", 130, 2],
  ["SIGTERM", 143, 1],
] as const;

test.each(Array.from({ length: times(1, 7) }, () => signals).flat())(
  "%s, %d: what is in flight is recorded (sent %d times in one moment)",
  async (signal, code, sentTimes) => {
    await using server = await startOpenAIServer({ faults: [faults.delay(400)] });
    const ledger = join(folder, `${randomUUID()}.db`);
    const sql = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100)
    SELECT GenerateResponse('row ' || i) FROM n`;
    const env = { OPENAI_API_KEY: "sk-test-12345678", OPENAI_BASE_URL: server.url };
    const running = startCallsql(["-c", sql, "--ledger", ledger, "--set", "concurrency=8"], { env });
    await vi.waitUntil(() => server.inFlight === 8, { timeout: 20_000 });
    for (let sent = 0; sent < sentTimes; sent++) running.child.kill(signal);
    const finished = await running.finished;
    expect(finished.code).toBe(code);
    const db = new Database(ledger, { readonly: true });
    const counts = Object.fromEntries(
      db.prepare("SELECT status, count(*) FROM calls GROUP BY status").raw().all() as [string, number][],
    );
    const run = db.prepare("SELECT status FROM runs").pluck().get();
    db.close();
    expect(counts).toEqual({ succeeded: server.charged });
    expect(server.charged).toBeGreaterThanOrEqual(8);
    expect(server.charged).toBeLessThan(100);
    expect(run).toBe("interrupted");
  },
);

describe("while SQLite computes", () => {
  /** Some seconds in which nothing is heard, and then a call. */
  const deaf = `SELECT GenerateResponse('second') FROM (SELECT count(*) AS n FROM
    (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000000) SELECT i FROM n)) WHERE n > 0`;

  test.each(["SIGKILL of its launcher", "SIGINT"])("%s: nothing is bought afterwards", async (what) => {
    await using server = await startOpenAIServer();
    const ledger = join(folder, `${randomUUID()}.db`);
    const command = [join(root, "bin/callsql.js"), "-c", "SELECT GenerateResponse('first')", "-c", deaf];
    const env = { OPENAI_API_KEY: "sk-test-12345678", OPENAI_BASE_URL: server.url };
    const isLaunched = what !== "SIGINT";
    const running = startNode([...(isLaunched ? oldNode : []), ...command, "--ledger", ledger], { env });
    await vi.waitUntil(() => server.charged === 1, { timeout: 20_000 });
    // Its answer is written, and the second statement begins.
    await sleep(200);
    const db = new Database(ledger, { readonly: true });
    const worker = Number(db.prepare("SELECT process FROM runs").pluck().get());
    db.close();
    expect(worker === running.child.pid).toBe(!isLaunched);
    running.child.kill(isLaunched ? "SIGKILL" : "SIGINT");
    await vi.waitUntil(() => !isAlive(worker), { timeout: 25_000 });
    expect(server.requests.map(({ body }) => body["input"])).toEqual(["first"]);
  });
});
