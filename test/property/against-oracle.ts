/**
 * One statement with calls against two that answer at once: plain SQLite over the user's own text (plain-sqlite.ts) says which
 * rows and refusals are right, SQLite over the rewritten text (oracle.ts) which calls are needed. Rows, tables and calls must be
 * the same, and asked of the same of two connections, but for a statement that may stop early, which may buy a window more.
 * Throws where they are not.
 */
import assert from "node:assert/strict";
import type { SqlValue } from "../../src/catalog/value.ts";
import { echoConnection, EchoFailure, openEcho, type Answers, type Echo } from "../support/echo.ts";
import { Oracle, type OracleRun } from "../support/oracle.ts";
import { PlainSqlite } from "../support/plain-sqlite.ts";
import { answers, far, near, setup, targets, type Circumstances, type Transaction } from "./random-sql.ts";

export interface Comparison {
  readonly answers: Answers;
  /** First arguments for which the service refuses a call: it is NULL to the statement. */
  readonly bad: readonly SqlValue[];
  /** Run before the statement. */
  readonly setups: readonly string[];
  /** Read behind it, to compare what it wrote. */
  readonly reads: readonly string[];
  /** Ends a transaction that `setups` began; read again behind it. */
  readonly finish?: string | undefined;
  readonly concurrency: number;
}

/** Undefined where SQLite itself refuses the statement. */
export async function compareQuery(
  { around, concurrency, bad }: Circumstances,
  sql: string,
): Promise<"same" | undefined> {
  const setups = [...setup, ...around];
  const outcome = await compareStatement(sql, { answers, bad, setups, reads: [], concurrency });
  return outcome === "refused" ? undefined : outcome;
}

/** A refused write must change nothing. */
export async function compareWrite(
  { around, concurrency, bad }: Circumstances,
  { trigger, begin, finish }: Transaction,
  sql: string,
): Promise<"same" | "refused"> {
  // A conflict with a placeholder would end it: `plan/transaction-lost`.
  const isWithin = begin !== undefined && !sql.includes("OR ROLLBACK");
  const setups = [...setup, ...targets, ...around, ...present(trigger), ...(isWithin ? [begin] : [])];
  const end = isWithin ? finish : undefined;
  return compareStatement(sql, { answers, bad, setups, reads: contents, finish: end, concurrency });
}

function present(text: string | undefined): string[] {
  return text === undefined ? [] : [text];
}

const contents = [
  "SELECT * FROM t",
  "SELECT * FROM o",
  "SELECT * FROM log",
  "SELECT * FROM keyed",
  "SELECT * FROM firm",
  "SELECT name FROM sqlite_schema ORDER BY 1",
];

/** `refused`: by all alike, and nothing has changed that does not change in SQLite. */
export async function compareStatement(sql: string, comparison: Comparison): Promise<"same" | "refused"> {
  const { oracle, plain, echo, asked } = await prepared(sql, comparison);
  try {
    const expected = oracle.run(sql);
    const outcome = await echo.rows(sql).then(
      (rows) => ({ rows, error: undefined }),
      (error: unknown) => ({ rows: [], error: String(error) }),
    );
    const bought = asked();
    const isRefused = outcome.error !== undefined;
    assert.equal(isRefused, expected.error !== undefined, `${outcome.error} / ${expected.error}`);
    assert.deepEqual(outcome.rows, expected.rows);
    const bare = plain?.run(sql) ?? outcome;
    // Refused alike, and with SQLite's own words.
    const why = bare.error?.replace(/^\w+: /, "") ?? "";
    assert.ok(
      isRefused === (bare.error !== undefined) && (outcome.error ?? "").includes(why),
      `${outcome.error} / ${bare.error}`,
    );
    assert.deepEqual(outcome.rows, bare.rows, "rows of the user's own text");
    for (const read of comparison.reads) {
      const rows = await echo.rows(read);
      assert.deepEqual(rows, oracle.run(read).rows, read);
      assert.deepEqual(rows, plain?.run(read).rows ?? rows, `${read}, of the user's own text`);
    }
    if (comparison.finish !== undefined) {
      for (const one of [oracle, plain]) one?.run(comparison.finish);
      await echo.rows(comparison.finish).catch(() => undefined);
      for (const read of comparison.reads)
        assert.deepEqual(await echo.rows(read), oracle.run(read).rows, read);
    }
    if (isRefused) {
      // Run again, it pays for nothing again.
      await echo.rows(sql).catch(() => undefined);
      if (comparison.bad.length === 0) assert.equal(new Set(asked()).size, asked().length, "no call twice");
      return "refused";
    }
    // One that names the session's own connection is another call with the same request: a failure of it is not used again.
    const mayRepeat = comparison.bad.length > 0 && sql.includes("=>");
    compareCalls(mayRepeat ? [...new Set(bought)] : bought, expected, comparison.concurrency);
    return "same";
  } finally {
    oracle.db.close();
    plain?.db.close();
    await echo.session.close();
  }
}

async function prepared(
  sql: string,
  { answers: real, bad, setups, concurrency }: Comparison,
): Promise<{ oracle: Oracle; plain: PlainSqlite | undefined; echo: Echo; asked: () => string[] }> {
  const answer: Answers = (procedure, x, y, name) => {
    if (bad.includes(x)) throw new EchoFailure(400, "content_policy_violation");
    return real(procedure, x, y, name);
  };
  const oracle = new Oracle(answer);
  const plain = [sql, ...setups].some((text) => isForUsAlone.test(text))
    ? undefined
    : new PlainSqlite(answer);
  const logs: Record<string, string[]> = { [near]: [], [far]: [] };
  const [connection, other] = [near, far].map((name) =>
    echoConnection((procedure, x, y) => answer(procedure, x, y, name), logs[name], name),
  );
  assert(connection !== undefined && other !== undefined);
  const echo = await openEcho(answer, { connection, connections: [other] });
  for (const statement of setups) {
    oracle.run(statement);
    plain?.run(statement);
    await echo.session.execute(statement);
  }
  await echo.session.execute(`SET concurrency = ${concurrency}`);
  const asked = () => Object.entries(logs).flatMap(([name, calls]) => calls.map((call) => `${call}@${name}`));
  return { oracle, plain, echo, asked };
}

/** Named arguments, and calls in FROM, whose arguments may be NULL: plain SQLite understands them otherwise. */
const isForUsAlone = /=>|\b(FROM|JOIN)\s+[PQS]\(|,\s*S\(/i;

function compareCalls(
  asked: readonly string[],
  { calls, hasLimit, places }: Pick<OracleRun, "calls" | "hasLimit" | "places">,
  concurrency: number,
): void {
  const needed = calls.map((call) => (call.includes("@") ? call : `${call}@${near}`));
  assert.equal(new Set(asked).size, asked.length, "no call twice");
  const missing = needed.filter((call) => !asked.includes(call));
  assert.deepEqual(missing, [], "missing calls");
  const extra = asked.filter((call) => !needed.includes(call));
  // What a statement that stops early may buy beyond its need: places that wait for another's answers guess again.
  const windowMax = places * Math.max(concurrency, Math.floor(asked.length / 8));
  if (!hasLimit) assert.deepEqual(extra, [], "made-up calls");
  else assert.ok(extra.length <= windowMax, `beyond the window: ${extra.join()}`);
}
