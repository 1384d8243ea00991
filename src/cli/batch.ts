/**
 * Runs texts in a session and writes their results: the common part of `callsql -c` and `callsql run`.
 * Everything is read and parsed before anything runs: a mistake found by then has changed nothing.
 */
import {
  DiagnosticError,
  exitCodeOf,
  fail,
  type Counts,
  type openSession,
  type Progress,
  type ResultSet,
  type Script,
  type ScriptStatement,
  type Session,
  suggest,
  warning,
} from "../index.ts";
import type { Options } from "./options.ts";
import { dryRun } from "./dry-run.ts";
import { showable } from "./format/format.ts";
import { noteImported, importFile } from "./import/import.ts";
import { fileOutput, standardOutput, type Output } from "./output.ts";
import { runEachRow } from "./each-row.ts";
import { readParameters, rowsFileOf, type Parameter } from "./params.ts";
import { makeMediaFolder } from "./format/media-file.ts";
import { count } from "./quantity.ts";
import type { Reporter } from "./reporter.ts";
import { ResultWriter } from "./result-writer.ts";
import { listenForStop, type Stop } from "./stop.ts";
import { beginScript } from "./script-run.ts";
import { ledgerFile } from "./state-folder.ts";
import { Summary } from "./summary.ts";
import { ClosedPipe, coloursOf, type Terminal } from "./terminal.ts";
import type { TextsAndDatabase } from "./texts.ts";
import { expectError } from "./expected.ts";

export interface Surroundings {
  readonly terminal: Terminal;
  readonly reporter: Reporter;
  readonly openSession: typeof openSession;
}

/** The exit code. */
export async function runBatch(
  given: TextsAndDatabase,
  options: Options,
  surroundings: Surroundings,
): Promise<number> {
  const { texts, database } = given;
  const { terminal, reporter } = surroundings;
  const parameters = await readParameters(options.parameters);
  const rowsFile = rowsFileOf(options.parameters);
  if (rowsFile === undefined && options.behavior !== undefined)
    fail("cli/behavior-without-rows", { behavior: options.behavior });
  if (rowsFile !== undefined && options.isDryRun)
    fail("cli/params-not-here", { file: rowsFile, place: "--dry-run" });
  const stop = listenForStop(terminal);
  try {
    const session = await surroundings.openSession({
      env: terminal.env,
      files: true,
      ledger: ledgerFile(options, terminal),
      readonly: options.isReadonly,
      ...(database === undefined ? {} : { database }),
      ...(options.connection === undefined ? {} : { connection: options.connection }),
      ...(options.models === undefined ? {} : { models: options.models }),
    });
    try {
      const scripts = texts.map(({ text, name }) => session.parse(text, name));
      const parseFailure = await reportParse(scripts, reporter);
      if (parseFailure !== undefined && !options.isKeepGoing) return parseFailure;
      await reportUnused(scripts, parameters, reporter);
      const batch = { session, scripts, parameters, rowsFile, options, stop, surroundings };
      // A dry run is no run: nothing of it goes on later.
      if (!options.isDryRun) await beginScript(session, { ...given, parameters }, { options, reporter });
      // What breaks off, with an output that cannot be written for one, is gone on with by the same command.
      let exitCode: number | undefined;
      try {
        exitCode = await run(batch, parseFailure);
        if (session.isInTransaction) await reporter.diagnostic(warning("cli/open-transaction", {}));
        return exitCode;
      } finally {
        session.endRun(endStatus(exitCode ?? 1, stop));
      }
    } finally {
      await session.close();
    }
  } finally {
    stop.release();
  }
}

/** A run whose rows partly failed has come to its end. */
function endStatus(exitCode: number, stop: Stop): "finished" | "failed" | "interrupted" {
  if (stop.exitCode !== undefined) return "interrupted";
  return exitCode === 0 || exitCode === 5 ? "finished" : "failed";
}

interface Batch {
  readonly session: Session;
  readonly scripts: readonly Script[];
  readonly parameters: readonly Parameter[];
  /** `--params` of a table: the command runs for each of its rows. */
  readonly rowsFile: string | undefined;
  readonly options: Options;
  readonly stop: Stop;
  readonly surroundings: Surroundings;
}

/** The exit code of the mistakes found by parsing, all of which are reported. */
async function reportParse(scripts: readonly Script[], reporter: Reporter): Promise<number | undefined> {
  const found = scripts.flatMap(({ diagnostics }) => diagnostics);
  for (const item of found) await reporter.diagnostic(item);
  const errors = found.filter(({ severity }) => severity === "error");
  return errors.length === 0 ? undefined : exitCodeOf(new DiagnosticError(errors));
}

/** A parameter that no statement binds is mistyped, here or there. */
async function reportUnused(
  scripts: readonly Script[],
  parameters: readonly Parameter[],
  reporter: Reporter,
): Promise<void> {
  const used = new Set(scripts.flatMap(({ statements }) => statements.flatMap(bindKeysOf)));
  for (const { name } of parameters) {
    if (used.has(name)) continue;
    await reporter.diagnostic(
      warning("cli/unused-parameter", { name, suggestion: suggest(name, [...used]) }),
    );
  }
}

/** Names, and numbers: `-p 2=x` is the value of `?2`. */
function bindKeysOf(statement: ScriptStatement): string[] {
  const uses =
    statement.kind === "explain-calls"
      ? statement.statement.binds
      : "binds" in statement
        ? statement.binds
        : [];
  return uses.map(({ key }) => key);
}

async function run(batch: Batch, earlierFailure: number | undefined): Promise<number> {
  const { options, stop, surroundings } = batch;
  const { terminal, reporter } = surroundings;
  const startedAt = terminal.now();
  const summary = new Summary();
  // Before anything runs: results that cannot be written should not be paid for.
  if (options.mediaFolder !== undefined && !options.isDryRun) makeMediaFolder(options.mediaFolder);
  const output = await openOutput(batch);
  const isColourWanted = options.isColourWanted && options.output === undefined;
  const { isCsvSafe } = options;
  const style = { colours: coloursOf(terminal, terminal.stdout, isColourWanted), isCsvSafe };
  const writer = new ResultWriter({ ...options, output, style });
  let isWhole = false;
  let stopped: number | undefined;
  let failure: number | undefined;
  try {
    await using rehearsal = options.isDryRun ? await batch.session.rehearse() : undefined;
    const refused = await prepare(batch);
    const statements = batch.scripts.flatMap((script) => script.statements);
    const { signal } = stop;
    failure = refused;
    if (refused === undefined && rehearsal !== undefined) {
      const rehearsed = await dryRun({ ...options, rehearsal, statements, reporter, output, style, signal });
      failure = rehearsed.failure;
      stopped = rehearsed.stopped;
    } else failure ??= await runAll(batch, { writer, output, summary });
    isWhole = failure === undefined || (refused === undefined && options.isKeepGoing);
  } catch (error) {
    if (stop.exitCode === undefined || error instanceof ClosedPipe) throw error;
    if (error instanceof DiagnosticError) await reporter.error(error);
    failure = stop.exitCode;
  } finally {
    await output.close(isWhole);
  }
  const elapsedMs = terminal.now() - startedAt;
  const exitCode = stop.exitCode ?? earlierFailure ?? failure ?? stopped ?? (summary.failed > 0 ? 5 : 0);
  if (writer.saved > 0)
    await reporter.note("files-in", {
      files: count(writer.saved, "file"),
      folder: options.mediaFolder ?? "",
    });
  if (!options.isDryRun && (terminal.stderr.isTTY || summary.hasCalls))
    await reporter.say(summary.text(elapsedMs));
  if (options.summary !== undefined) {
    const file = await fileOutput(options.summary);
    await file.write(summary.json(elapsedMs, exitCode));
    await file.close(true);
  }
  return exitCode;
}

/**
 * Settings, parameters and imports, in this order: a setting may matter to what follows. The exit code of a setting
 * that the session refused: a mistake of the command line, whatever it would be in a script.
 */
async function prepare(batch: Batch): Promise<number | undefined> {
  const { session, options, parameters, stop, surroundings } = batch;
  try {
    for (const text of options.settings) await applySetting(session, text);
  } catch (error) {
    expectError(error, DiagnosticError);
    await surroundings.reporter.error(error);
    return 2;
  }
  for (const { name, value } of parameters) session.setVariable(name, value);
  for (const [index, request] of options.imports.entries()) {
    const asked = { ...request, step: index + 1, isAppended: options.isAppending };
    await noteImported(surroundings.reporter, request, await importFile(session, asked, stop.signal));
  }
  return undefined;
}

/** Throws cli/not-an-assignment. */
export function readSetting(text: string): { readonly option: string; readonly value: string } {
  const [, option, value] = /^\s*([A-Za-z_]\w*)\s*=(.*)$/s.exec(text) ?? [];
  if (option === undefined || value === undefined)
    return fail("cli/not-an-assignment", { option: "--set", text, form: "OPTION=VALUE" });
  return { option, value };
}

/** `--set on_error=row` is `SET on_error = 'row'`, so the session says what is wrong with it. */
export async function applySetting(session: Session, text: string): Promise<void> {
  const { option, value } = readSetting(text);
  const script = session.parse(`SET ${option} = '${value.replaceAll("'", "''")}'`, "--set");
  if (script.diagnostics.length > 0) throw new DiagnosticError(script.diagnostics);
  for (const statement of script.statements) await (await session.execute(statement)).close();
}

interface Target {
  readonly writer: ResultWriter;
  readonly output: Output;
  readonly summary: Summary;
}

/** The exit code of the first failure. */
async function runAll(batch: Batch, target: Target): Promise<number | undefined> {
  const { rowsFile: file, scripts, options, stop, surroundings } = batch;
  if (file === undefined) return runStatements(batch, target);
  const statements = scripts.flatMap((script) => script.statements);
  const { reporter } = surroundings;
  const { behavior } = options;
  return runEachRow({ ...batch, ...target, statements, file, behavior, reporter, signal: stop.signal });
}

/** The exit code of the first failure. */
async function runStatements(batch: Batch, target: Target): Promise<number | undefined> {
  const { options, scripts, stop, surroundings } = batch;
  let failure: number | undefined;
  for (const [index, statement] of scripts.flatMap(({ statements }) => statements).entries()) {
    try {
      stop.signal.throwIfAborted();
      await runStatement(batch, target, statement, index + 1);
    } catch (error) {
      if (!(error instanceof DiagnosticError) || stop.exitCode !== undefined) throw error;
      await target.output.flush();
      await surroundings.reporter.error(error);
      failure ??= exitCodeOf(error);
      if (!options.isKeepGoing) return failure;
    }
  }
  return failure;
}

async function runStatement(
  batch: Batch,
  target: Target,
  statement: ScriptStatement,
  number: number,
): Promise<void> {
  const { session, stop, surroundings } = batch;
  const { progress } = surroundings.reporter;
  let result: ResultSet | undefined;
  try {
    const step = batch.options.imports.length + number;
    const options = {
      signal: stop.signal,
      step,
      onProgress: (news: Progress) => progress.update(news),
      onFailed: (counts: Counts) => target.summary.spend(counts),
    };
    result = await session.execute(statement, {}, options);
    target.summary.rows += await target.writer.write(result, number, stop.signal);
  } finally {
    progress.finish();
    await result?.close();
    if (result !== undefined) target.summary.add(result);
  }
  for (const item of result.warnings) await surroundings.reporter.diagnostic(item);
}

async function openOutput({ options, surroundings }: Batch): Promise<Output> {
  if (options.output !== undefined) return fileOutput(options.output);
  if (surroundings.terminal.stdout.isTTY) showable(options.format);
  return standardOutput(surroundings.terminal.stdout, () => surroundings.reporter.progress.hide());
}
