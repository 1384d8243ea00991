/** `callsql runs [ID] [--prune DAYS] [--json]`: what was run, asked and spent, from the record of calls. */
import { fail } from "../../index.ts";
import type { Surroundings } from "../batch.ts";
import type { Options } from "../command-line.ts";
import { printQuery } from "../print-query.ts";
import { count } from "../quantity.ts";
import { ledgerFile } from "../state-folder.ts";
import { listenForStop } from "../stop.ts";

interface RunsRequest {
  readonly run?: string;
  /** Remove runs that ended longer ago than this many days. */
  readonly pruneDays?: string;
  readonly isJson: boolean;
  readonly options: Options;
}

const shownRuns = `SELECT id, kind, name, status, started_at, succeeded, failed, unknown,
  input_tokens, output_tokens, cost_usd FROM sys_runs WHERE kind = 'script' OR succeeded + failed + unknown > 0 ORDER BY id DESC`;

const shownCalls = `SELECT procedure, coalesce(model, '') AS model, status, coalesce(error_code, '') AS error_code,
  count(*) AS calls, sum(input_tokens) AS input_tokens, sum(output_tokens) AS output_tokens, sum(cost_usd) AS cost_usd
  FROM sys_calls WHERE run = :run GROUP BY procedure, model, status, error_code ORDER BY calls DESC`;

/** The exit code. */
export async function runRuns(request: RunsRequest, surroundings: Surroundings): Promise<number> {
  const { options, run, pruneDays, isJson } = request;
  const { terminal, reporter, openSession } = surroundings;
  const stop = listenForStop(terminal);
  try {
    await using session = await openSession({ env: terminal.env, ledger: ledgerFile(options, terminal) });
    if (pruneDays !== undefined) {
      const days = Number(pruneDays);
      if (!(days >= 0)) fail("cli/usage", { problem: `--prune takes a number of days, not "${pruneDays}"` });
      await reporter.note(`${count(await session.pruneRuns(days), "run")} removed from the record of calls`);
      return 0;
    }
    if (run !== undefined) {
      const known = await (
        await session.execute("SELECT 1 FROM sys_runs WHERE id = :run", { run: Number(run) })
      ).first();
      if (known === undefined) fail("ledger/unknown-run", { run });
    }
    const query = run === undefined ? { sql: shownRuns } : { sql: shownCalls, binds: { run: Number(run) } };
    await printQuery(session, { ...query, isJson }, { ...surroundings, options, signal: stop.signal });
    return stop.exitCode ?? 0;
  } finally {
    stop.release();
  }
}
