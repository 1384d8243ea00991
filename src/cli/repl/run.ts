/**
 * Runs what was submitted: portion by portion, statement by statement, and stops at the first mistake.
 * The only file that knows how a statement goes at the prompt: ask, execute, show, account.
 */
import {
  diagnostic,
  DiagnosticError,
  noteText,
  type Counts,
  type Progress,
  type ResultSet,
  type ScriptStatement,
  type SqlValue,
} from "../../index.ts";
import { count } from "../quantity.ts";
import { listenForStop } from "../stop.ts";
import { ClosedPipe } from "../terminal.ts";
import { bindsFor } from "./ask.ts";
import type { Context, RunOptions } from "./context.ts";
import { runCommand } from "./dot/commands.ts";
import { portionsOf, type Portion } from "./split.ts";
import { showResult, type Shown } from "./show/show.ts";
import { footerOf } from "./totals.ts";

/** Statements of one text that become entries of their own. */
const entriesPerText = 50;

/** False when something failed, and what followed was left alone. */
export async function runText(context: Context, text: string, options: RunOptions): Promise<boolean> {
  const portions = portionsOf(text);
  for (const [index, portion] of portions.entries()) {
    if (context.exitCode !== undefined) return false;
    const left = await runPortion(context, portion, options);
    if (left === undefined) continue;
    const unrun = [left, ...portions.slice(index + 1).map((after) => after.text)].join("\n").trim();
    if (options.isKept && unrun !== "") {
      await context.history.add(unrun);
      await context.reporter.note("left-in-history", {});
    }
    return false;
  }
  return true;
}

/** Where something failed, what was left alone behind it. */
async function runPortion(
  context: Context,
  portion: Portion,
  options: RunOptions,
): Promise<string | undefined> {
  if (portion.kind === "sql") return runSqlText(context, portion.text, options);
  if (options.isKept) await context.history.add(portion.text);
  return (await runCommand(context, portion.text)) ? undefined : "";
}

/** As runPortion. What is kept whole leaves nothing. */
async function runSqlText(
  context: Context,
  text: string,
  { name, isKept }: RunOptions,
): Promise<string | undefined> {
  const { session, reporter, history } = context;
  const script = session.parse(text, name);
  const hasErrors = script.diagnostics.some(({ severity }) => severity === "error");
  // One entry a statement. What does not parse is kept whole, to be mended, and so is a script that would push
  // everything else out of the history.
  const isOneEntry = hasErrors || script.statements.length > entriesPerText;
  if (isKept && isOneEntry) await history.add(text);
  for (const item of script.diagnostics) await reporter.diagnostic(item);
  if (hasErrors) return "";
  for (const [index, statement] of script.statements.entries()) {
    const written = `${text.slice(statement.span.start, statement.span.end).trim()};`;
    if (isKept && !isOneEntry) await history.add(written);
    context.lastStatement = written;
    if (await runStatement(context, statement)) continue;
    const next = script.statements[index + 1];
    return next === undefined || isOneEntry ? "" : text.slice(next.span.start);
  }
  return undefined;
}

async function runStatement(context: Context, statement: ScriptStatement): Promise<boolean> {
  const { reporter, terminal } = context;
  try {
    const binds = await bindsFor(context, statement);
    if (binds === undefined) return false;
    const stop = listenForStop(terminal);
    try {
      const work = (): Promise<void> => execute(context, statement, binds, stop.signal);
      await (context.guard === undefined ? work() : context.guard.watch(work));
    } finally {
      stop.release();
      // Ctrl-C ends the statement; who asks the process to end gets that.
      if (stop.exitCode !== undefined && stop.exitCode !== 130) context.exitCode = stop.exitCode;
    }
    return !stop.signal.aborted;
  } catch (error) {
    if (error instanceof ClosedPipe) return true;
    await reporter.error(isAbort(error) ? interrupted() : error);
    return false;
  }
}

async function execute(
  context: Context,
  statement: ScriptStatement,
  binds: Readonly<Record<string, SqlValue>>,
  signal: AbortSignal,
): Promise<void> {
  const { session, reporter, terminal, totals } = context;
  const startedAt = terminal.now();
  let result: ResultSet | undefined;
  let shown: Shown = { rows: 0, cut: 0, hidden: 0, isLeft: false };
  try {
    const options = {
      signal,
      onProgress: (news: Progress) => reporter.progress.update(news),
      onFailed: (counts: Counts) => totals.add(counts),
    };
    result = await session.execute(statement, binds, options);
    reporter.progress.finish();
    if (statement.kind === "set-variable") context.parameters.delete(statement.variable.text.toLowerCase());
    shown = await showResult(context, result, signal);
  } finally {
    reporter.progress.finish();
    await result?.close();
    if (result !== undefined) totals.add(result.counts);
  }
  for (const warning of result.warnings) await reporter.diagnostic(warning);
  if (!context.isTimed) return;
  const footer = footerOf(statement, result, { ...shown, elapsedMs: terminal.now() - startedAt });
  await reporter.say(footer + leftOut(shown));
}

/** Never silently. */
function leftOut({ cut, hidden, isLeft }: Shown): string {
  if (isLeft) return `  (${noteText("pager-left", {})})`;
  if (cut > 0) return `  (${noteText("values-cut", { values: count(cut, "value") })})`;
  return hidden > 0 ? `  (${noteText("columns-hidden", { columns: count(hidden, "column") })})` : "";
}

/** What `signal.throwIfAborted()` throws, between two rows. */
function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}

function interrupted(): DiagnosticError {
  return new DiagnosticError([diagnostic("cli/interrupted", {})]);
}
