/** Ctrl-C and its relatives (reference reliability.md, F15): paid answers are recorded, and it ends in time. */
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterAll, expect, test, vi } from "vitest";
import { startCallsql } from "../e2e/support/process.ts";
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
