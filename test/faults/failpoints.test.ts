/**
 * kill -9 at every point of a call's life (reference reliability.md, F20): what was recorded is not bought again, what may
 * have been paid without an answer is listed, and the next run ends with every row.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterAll, expect, test } from "vitest";
import { runNode } from "../e2e/support/process.ts";
import { faults } from "../support/openai-faults.ts";
import { startOpenAIServer } from "../support/openai-server.ts";
import type { Life, Point } from "./support/mortal.ts";
import { onItsWayMax } from "./support/on-its-way.ts";
import { times } from "./support/soak.ts";

const folder = mkdtempSync(join(tmpdir(), "callsql-failpoints-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** More than all the kills of a point leave behind. */
const rows = times(24, 200);
const concurrency = 4;
const sql = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows})
  SELECT i, GenerateResponse('row ' || i) AS reply FROM n`;

/** May the call at which it died have been charged, without its answer being kept? */
const points: readonly (readonly [Point, boolean])[] = [
  ["before its record", false],
  ["before it is sent", false],
  ["after it is sent", true],
  ["when its reply is read", true],
  ["before its answer is written", true],
  ["after its answer is written", false],
  ["before it is shown", false],
];

test.each(points)("killed %s", { timeout: 300_000 }, async (at, mayBePaid) => {
  await using server = await startOpenAIServer({ keepRequests: false, faults: [faults.delay(50)] });
  const file = join(folder, `${at}.db`);
  const live = (end?: Life["end"]) => {
    const life: Life = {
      ledger: file,
      url: server.url,
      sql,
      concurrency,
      ...(end === undefined ? {} : { end }),
    };
    return runNode([join(import.meta.dirname, "support/mortal.ts"), JSON.stringify(life)]);
  };
  const count = (what: string): number => {
    const db = new Database(file, { readonly: true });
    const found = Number(db.prepare(`SELECT count(*) FROM calls WHERE ${what}`).pluck().get());
    db.close();
    return found;
  };
  const kills = times(1, 20);
  for (let kill = 1; kill <= kills; kill++) {
    // Now the first, now one of those behind it.
    const call = at === "before it is shown" ? 1 : 1 + (kill % 6);
    const killed = await live({ at, call });
    expect(killed, killed.stderr).toMatchObject({ signal: "SIGKILL", stdout: "" });
    const inFlight = count("status = 'started'");
    expect(inFlight).toBeLessThanOrEqual(onItsWayMax(concurrency));
    if (at === "before it is shown") expect(count("status = 'succeeded'")).toBe(rows);
    if (mayBePaid) expect(inFlight).toBeGreaterThan(0);
    // All that was charged is there as answered or as on its way.
    expect(server.charged).toBeLessThanOrEqual(count("status IN ('succeeded', 'started', 'unknown')"));
  }
  const last = await live();
  expect(last, last.stderr).toMatchObject({ code: 0 });
  const got = JSON.parse(last.stdout) as { i: number; reply: string }[];
  expect(got.filter(({ i, reply }) => reply.endsWith(`: row ${i}`))).toHaveLength(rows);
  // Nothing that was recorded has been bought again.
  expect(count("status = 'succeeded'")).toBe(rows);
  expect(count("status = 'started'")).toBe(0);
  expect(server.charged).toBeLessThanOrEqual(rows + count("status = 'unknown'"));
  if (at === "before it is shown") expect(server.charged).toBe(rows);
});
