/** `--dry-run`: what a script would call and cost, one row a call site; nothing is sent, and nothing stays changed. */
import {
  DiagnosticError,
  estimateCells,
  estimateColumns,
  exitCodeOf,
  type CallEstimate,
  type Explanation,
  type ScriptRehearsal,
  type ScriptStatement,
  type SqlValue,
  type NoteDetails,
} from "../index.ts";
import type { Column } from "./format/column.ts";
import { written, type FormatName } from "./format/format.ts";
import type { Output } from "./output.ts";
import { count, usd } from "./quantity.ts";
import type { Reporter } from "./reporter.ts";
import { expectError } from "./expected.ts";

export interface DryRun {
  readonly rehearsal: ScriptRehearsal;
  readonly statements: readonly ScriptStatement[];
  readonly reporter: Reporter;
  readonly output: Output;
  readonly format: FormatName;
  readonly style: Parameters<typeof written>[3];
  readonly isKeepGoing: boolean;
  readonly signal: AbortSignal;
}

export interface Rehearsed {
  /** The exit code of the first mistake. */
  readonly failure: number | undefined;
  /** The exit code of a script that a cap would stop. */
  readonly stopped: number | undefined;
}

export async function dryRun(run: DryRun): Promise<Rehearsed> {
  const { reporter, output, format, style } = run;
  const found: Numbered[] = [];
  const rehearsed = await rehearse(run, found);
  const { failure } = rehearsed;
  const rows = found.map(({ statement, site }) => [statement, ...estimateCells(site)]);
  for await (const piece of written(format, columns, inTurn(rows), style)) await output.write(piece);
  await output.flush();
  if (failure === undefined || run.isKeepGoing)
    await reporter.note("dry-run", totalOf(found.map(({ site }) => site)));
  return rehearsed;
}

interface Numbered {
  /** From 1. */
  readonly statement: number;
  readonly site: CallEstimate;
}

async function rehearse(run: DryRun, found: Numbered[]): Promise<Rehearsed> {
  let failure: number | undefined;
  let stopped: number | undefined;
  for (const [index, statement] of run.statements.entries()) {
    run.signal.throwIfAborted();
    let explanation: Explanation;
    try {
      explanation = await run.rehearsal.step(statement);
    } catch (error) {
      expectError(error, DiagnosticError);
      await run.reporter.error(error);
      failure ??= exitCodeOf(error);
      if (run.isKeepGoing) continue;
      break;
    }
    found.push(...explanation.sites.map((site) => ({ statement: index + 1, site })));
    for (const warning of explanation.warnings) {
      if (warning.code === "call/budget-too-small") stopped = exitCodeOf(new DiagnosticError([warning]));
      await run.reporter.diagnostic(warning);
    }
  }
  return { failure, stopped };
}

const columns: readonly Column[] = ["statement", ...estimateColumns].map((name) => ({
  name,
  type: undefined,
  format: undefined,
}));

async function* inTurn(rows: readonly SqlValue[][]): AsyncGenerator<SqlValue[]> {
  yield* rows;
}

function totalOf(sites: readonly CallEstimate[]): NoteDetails<"dry-run"> {
  const sum = (of: (site: CallEstimate) => number): number =>
    sites.reduce((total, site) => total + of(site), 0);
  const bounds = new Set(sites.map(({ bound }) => bound));
  const about = bounds.has("about") ? "about " : bounds.has("at least") ? "at least " : "";
  const isPriced = sites.every(({ cost }) => cost !== undefined);
  const [min, max] = [sum(({ cost }) => cost?.minUsd ?? 0), sum(({ cost }) => cost?.maxUsd ?? 0)];
  const cost = isPriced ? `${usd(min)} to ${usd(max)}` : "a cost that is not known";
  const requests = count(
    sum((site) => site.requests),
    "request",
  );
  const calls = count(
    sum((site) => site.calls),
    "call",
  );
  return { calls: `${about}${calls}`, recorded: sum((site) => site.recorded), requests, cost };
}
