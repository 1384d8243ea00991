/**
 * What must not grow with the rows (reference reliability.md, F14): open files not at all, the ledger by what was asked and
 * answered and less than 1 KB a call. bench/growth.ts measures memory over 100,000 rows.
 */
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { createOpenAIConnection } from "../../src/connection/openai.ts";
import { openSession } from "../../src/index.ts";
import { startOpenAIServer } from "../support/openai-server.ts";

const folder = mkdtempSync(join(tmpdir(), "callsql-growth-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const rows = 600;
const openFiles = (): number => readdirSync("/proc/self/fd").length;

test("no more files are open late than early, and the ledger holds little beside the calls", async () => {
  await using server = await startOpenAIServer();
  const ledger = join(folder, "ledger.db");
  const connection = createOpenAIConnection({
    name: "openai",
    apiKey: "sk-test-01234567",
    baseUrl: server.url,
  });
  const most = { early: 0, late: 0 };
  let answered = 0;
  {
    await using session = await openSession({ connection, ledger });
    await session.execute("SET concurrency = 8");
    const sql = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows})
      SELECT count(GenerateResponse('row ' || i)) FROM n`;
    const onProgress = (): void => {
      const when = server.charged < 100 ? "early" : "late";
      most[when] = Math.max(most[when], openFiles());
    };
    const { counts } = await session.execute(sql, {}, { onProgress });
    expect(counts.made).toBe(rows);
    const [sizes] = await (
      await session.execute("SELECT sum(length(request) + length(response)) AS bytes FROM sys_calls")
    ).all();
    answered = Number(sizes?.["bytes"]);
  }
  expect(most.early).toBeGreaterThan(8);
  // A socket that the service is about to close may be among them.
  expect(most.late).toBeLessThanOrEqual(most.early + 4);
  expect(statSync(ledger).size).toBeLessThanOrEqual(answered + rows * 1024);
});
