/**
 * One statement with calls against plain SQLite whose functions answer at once: rows, tables and calls must be the same,
 * and asked of the same of two connections, but for a statement that may stop early, which may buy a window more. Throws
 * where they are not.
 */
import assert from "node:assert/strict";
import { echoConnection, openEcho, type Echo } from "../support/echo.ts";
import { Oracle, type OracleRun } from "../support/oracle.ts";
import { answers, far, near, setup, targets } from "./random-sql.ts";

/** Undefined where SQLite itself refuses the statement. */
export async function compareQuery(sql: string, concurrency: number): Promise<"same" | undefined> {
  const { oracle, echo, asked } = await prepared(setup, concurrency);
  try {
    const expected = oracle.run(sql);
    if (expected.error !== undefined) return undefined;
    assert.deepEqual(await echo.rows(sql), expected.rows);
    compareCalls(asked(), expected, concurrency);
    return "same";
  } finally {
    oracle.db.close();
    await echo.session.close();
  }
}

/** `trigger`: made before the statement is run. A refused write must change nothing. */
export async function compareWrite(
  trigger: string | undefined,
  sql: string,
  concurrency: number,
): Promise<"written" | "refused"> {
  const setups = [...setup, ...targets, ...(trigger === undefined ? [] : [trigger])];
  const { oracle, echo, asked } = await prepared(setups, concurrency);
  try {
    const expected = oracle.run(sql);
    const outcome = await echo.rows(sql).then(
      (rows) => ({ rows, error: undefined }),
      (error: unknown) => ({ rows: [], error: String(error) }),
    );
    assert.equal(
      outcome.error === undefined,
      expected.error === undefined,
      `${outcome.error} / ${expected.error}`,
    );
    assert.deepEqual(outcome.rows, expected.rows);
    for (const read of contents) assert.deepEqual(await echo.rows(read), oracle.run(read).rows, read);
    if (expected.error !== undefined) return "refused";
    compareCalls(asked(), expected, concurrency);
    return "written";
  } finally {
    oracle.db.close();
    await echo.session.close();
  }
}

const contents = [
  "SELECT * FROM t",
  "SELECT * FROM o",
  "SELECT * FROM log",
  "SELECT name FROM sqlite_schema ORDER BY 1",
];

async function prepared(
  setups: readonly string[],
  concurrency: number,
): Promise<{ oracle: Oracle; echo: Echo; asked: () => string[] }> {
  const oracle = new Oracle(answers);
  const logs: Record<string, string[]> = { [near]: [], [far]: [] };
  const [connection, other] = [near, far].map((name) =>
    echoConnection((procedure, x, y) => answers(procedure, x, y, name), logs[name], name),
  );
  assert(connection !== undefined && other !== undefined);
  const echo = await openEcho(answers, { connection, connections: [other] });
  for (const statement of setups) {
    oracle.run(statement);
    await echo.session.execute(statement);
  }
  await echo.session.execute(`SET concurrency = ${concurrency}`);
  const asked = () => Object.entries(logs).flatMap(([name, calls]) => calls.map((call) => `${call}@${name}`));
  return { oracle, echo, asked };
}

function compareCalls(
  asked: readonly string[],
  { calls, hasLimit }: Pick<OracleRun, "calls" | "hasLimit">,
  concurrency: number,
): void {
  const needed = calls.map((call) => (call.includes("@") ? call : `${call}@${near}`));
  assert.equal(new Set(asked).size, asked.length, "no call twice");
  const missing = needed.filter((call) => !asked.includes(call));
  assert.deepEqual(missing, [], "missing calls");
  const extra = asked.filter((call) => !needed.includes(call));
  // What a statement that stops early may buy beyond its need.
  const windowMax = Math.max(concurrency, Math.floor(asked.length / 8));
  if (!hasLimit) assert.deepEqual(extra, [], "made-up calls");
  else assert.ok(extra.length <= windowMax, `beyond the window: ${extra.join()}`);
}
