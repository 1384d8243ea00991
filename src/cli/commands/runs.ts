/** `callsql runs [ID | diff A B | prune DAYS] [--json]`: what was run, asked and spent, from the record of calls. */
import { fail, type Binds, type Session } from "../../index.ts";
import type { Surroundings } from "../batch.ts";
import type { Options } from "../options.ts";
import { printQuery } from "../print-query.ts";
import { count } from "../quantity.ts";
import { runOf } from "../run-id.ts";
import { ledgerFile } from "../state-folder.ts";
import { listenForStop } from "../stop.ts";

interface RunsRequest {
  readonly arguments: readonly string[];
  readonly isJson: boolean;
  readonly options: Options;
}

const shownRuns = `SELECT id, kind, name, status, started_at, succeeded, failed, unknown,
  input_tokens, output_tokens, cost_usd FROM sys_runs WHERE kind = 'script' OR succeeded + failed + unknown > 0 ORDER BY id DESC`;

const shownCalls = `SELECT procedure, coalesce(model, '') AS model, status, coalesce(error_code, '') AS error_code,
  count(*) AS calls, sum(input_tokens) AS input_tokens, sum(output_tokens) AS output_tokens, sum(cost_usd) AS cost_usd
  FROM sys_calls WHERE run = :run GROUP BY procedure, model, status, error_code ORDER BY calls DESC`;

const shownChanges = `SELECT change, procedure, model, request, before, after FROM sys_run_changes(:a, :b)`;

/** The exit code. */
export async function runRuns(request: RunsRequest, surroundings: Surroundings): Promise<number> {
  const { options, isJson } = request;
  const { terminal, reporter, openSession } = surroundings;
  const stop = listenForStop(terminal);
  try {
    await using session = await openSession({ env: terminal.env, ledger: ledgerFile(options, terminal) });
    const [verb, first = "", second = ""] = request.arguments;
    if (verb === "prune") {
      expectArguments(request, 2, "runs prune DAYS");
      // Not everything that Number takes: "" would be 0, and remove all.
      const days = /^\d+(\.\d+)?$/.test(first) ? Number(first) : NaN;
      if (Number.isNaN(days)) fail("cli/usage", { problem: `prune takes a number of days, not "${first}"` });
      await reporter.note(`${count(await session.pruneRuns(days), "run")} removed from the record of calls`);
      return 0;
    }
    let query: { sql: string; binds?: Binds } = { sql: shownRuns };
    let shown = options;
    if (verb === "diff") {
      expectArguments(request, 3, "runs diff A B");
      query = {
        sql: shownChanges,
        binds: { a: await knownRun(session, first), b: await knownRun(session, second) },
      };
      // Requests are long: a table of them is wider than any terminal.
      if (!options.isFormatGiven && options.output === undefined) shown = { ...options, format: "line" };
    } else if (verb !== undefined) {
      expectArguments(request, 1, "runs ID");
      query = { sql: shownCalls, binds: { run: await knownRun(session, verb) } };
    }
    await printQuery(session, { ...query, isJson }, { ...surroundings, options: shown, signal: stop.signal });
    return stop.exitCode ?? 0;
  } finally {
    stop.release();
  }
}

function expectArguments({ arguments: given }: RunsRequest, wanted: number, form: string): void {
  if (given.length !== wanted) fail("cli/usage", { problem: `expected callsql ${form}` });
}

async function knownRun(session: Session, text: string): Promise<number> {
  const run = runOf(text);
  const known = await (await session.execute("SELECT 1 FROM sys_runs WHERE id = :run", { run })).first();
  return known === undefined ? fail("ledger/unknown-run", { run: text }) : run;
}
