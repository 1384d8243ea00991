/** `callsql runs [ID | diff A B | prune DAYS | verify] [--json]`: what was run, asked and spent, from the record of calls. */
import { fail, type Session } from "../../index.ts";
import type { Surroundings } from "../batch.ts";
import type { Options } from "../options.ts";
import { printQuery } from "../print-query.ts";
import { count } from "../quantity.ts";
import { runOf } from "../run-id.ts";
import { existingLedger } from "../state-folder.ts";
import { listenForStop } from "../stop.ts";
import { runVerify } from "./runs-verify.ts";

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
  const asked = readArguments(request);
  const ledger = existingLedger(options, terminal);
  const stop = listenForStop(terminal);
  try {
    const printing = { ...surroundings, options, signal: stop.signal };
    if (asked.kind === "verify") return await runVerify(ledger, isJson, printing);
    await using session = await openSession({ env: terminal.env, ledger });
    switch (asked.kind) {
      case "prune":
        await reporter.note("runs-removed", { runs: count(await session.pruneRuns(asked.days), "run") });
        return 0;
      case "list":
        await printQuery(session, { sql: shownRuns, isJson }, printing);
        break;
      case "calls": {
        const binds = { run: await knownRun(session, asked.run) };
        await printQuery(session, { sql: shownCalls, binds, isJson }, printing);
        break;
      }
      case "diff": {
        const binds = { a: await knownRun(session, asked.a), b: await knownRun(session, asked.b) };
        // Requests are long: a table of them is wider than any terminal.
        const isOpen = !options.isFormatGiven && options.output === undefined;
        const shown = isOpen ? { ...options, format: "line" as const } : options;
        await printQuery(session, { sql: shownChanges, binds, isJson }, { ...printing, options: shown });
      }
    }
    return stop.exitCode ?? 0;
  } finally {
    stop.release();
  }
}

type Asked =
  | { readonly kind: "list" }
  | { readonly kind: "calls"; readonly run: string }
  | { readonly kind: "diff"; readonly a: string; readonly b: string }
  | { readonly kind: "prune"; readonly days: number }
  | { readonly kind: "verify" };

/** Throws cli/usage. */
function readArguments(request: RunsRequest): Asked {
  const [verb, first = "", second = ""] = request.arguments;
  switch (verb) {
    case undefined:
      return { kind: "list" };
    case "verify":
      expectArguments(request, 1, "runs verify");
      return { kind: "verify" };
    case "prune": {
      expectArguments(request, 2, "runs prune DAYS");
      // Not everything that Number takes: "" would be 0, and remove all.
      const days = /^\d+(\.\d+)?$/.test(first) ? Number(first) : NaN;
      if (Number.isNaN(days)) fail("cli/usage", { problem: `prune takes a number of days, not "${first}"` });
      return { kind: "prune", days };
    }
    case "diff":
      expectArguments(request, 3, "runs diff A B");
      return { kind: "diff", a: first, b: second };
    default:
      expectArguments(request, 1, "runs ID");
      return { kind: "calls", run: verb };
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
