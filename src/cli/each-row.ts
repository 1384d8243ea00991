/**
 * `--params FILE.csv`: one run of the command for each row of the file, whose columns are its binds. A result row is the
 * file's row with the command's columns beside it, as session.executeForEach has it: the first row the command gives, NULLs
 * where it gives none. A row that fails is reported and the others go on.
 */
import {
  DiagnosticError,
  exitCodeOf,
  fail,
  suggest,
  uniqueNames,
  warning,
  type ForEach,
  type ForEachProgress,
  type ImportedRows,
  type ScriptStatement,
  type Session,
  type SqlValue,
} from "../index.ts";
import type { Row } from "./format/column.ts";
import { readImportable } from "./import/import.ts";
import { bareName, type Parameter } from "./params.ts";
import type { Reporter } from "./reporter.ts";
import type { ResultWriter } from "./result-writer.ts";
import type { Summary } from "./summary.ts";

export interface EachRow {
  readonly session: Session;
  readonly statements: readonly ScriptStatement[];
  readonly file: string;
  /** Of `-p`: they stand in for columns the file has not. */
  readonly parameters: readonly Parameter[];
  readonly reporter: Reporter;
  readonly writer: ResultWriter;
  readonly summary: Summary;
  readonly signal: AbortSignal;
}

type InputRow = Record<string, SqlValue>;

/** Failed rows that are told one by one. */
const failuresMax = 100;

/** The exit code of what ended the rows; those that failed are in the summary. */
export async function runEachRow(run: EachRow): Promise<number | undefined> {
  const { session, statements, file, reporter, signal, writer, summary } = run;
  const [statement] = statements;
  if (statement === undefined || statements.length > 1)
    fail("cli/params-one-statement", { file, found: statements.length });
  const { columns, rows } = await readImportable(file);
  const names = columns.map(bareName);
  const each = session.executeForEach(statement, inputsOf(names, rows), {
    signal,
    onProgress: (news: ForEachProgress) => reporter.progress.update(news),
  });
  checkBinds(run, names, each);
  try {
    const lower = (name: string): string => name.toLowerCase();
    const own = uniqueNames(each.columns.map(({ name }) => name));
    const added = uniqueNames(own, new Set(names.map(lower)), lower);
    const result = {
      kind: each.columns.length > 0 ? ("rows" as const) : ("changes" as const),
      columns: [
        ...names.map((name) => ({ name, type: undefined, format: undefined })),
        ...each.columns.map((column, index) => ({ ...column, name: added[index] ?? column.name })),
      ],
      arrays: () => outputs(each, [...names, ...added], reporter),
    };
    if (result.kind === "rows") summary.rows += await writer.write(result, 1, signal);
    else for await (const _ of result.arrays());
    return undefined;
  } catch (error) {
    if (!(error instanceof DiagnosticError) || signal.aborted) throw error;
    await reporter.error(error);
    return exitCodeOf(error);
  } finally {
    reporter.progress.finish();
    const { counts } = each;
    summary.add({ kind: "changes", affectedRows: each.columns.length > 0 ? 0 : counts.matched, counts });
    // A row may fail without a call that failed.
    summary.failed += Math.max(0, counts.errors - counts.failed);
    for (const item of each.warnings) await reporter.diagnostic(item);
  }
}

async function* inputsOf(names: readonly string[], rows: ImportedRows): AsyncGenerator<InputRow> {
  for await (const row of rows)
    yield Object.fromEntries(names.map((name, index) => [name, row[index] ?? null]));
}

async function* outputs(
  each: ForEach<InputRow>,
  names: readonly string[],
  reporter: Reporter,
): AsyncGenerator<Row> {
  for await (const output of each) {
    if (output.output !== "error") {
      const row: Readonly<Record<string, SqlValue>> = output.row;
      yield names.map((name) => row[name] ?? null);
      continue;
    }
    const { code, message, hint } = output.error;
    if (each.counts.errors <= failuresMax)
      await reporter.diagnostic(
        warning("cli/params-row-failed", { row: output.index + 1, code, message, hint }),
      );
  }
  const left = each.counts.errors - failuresMax;
  if (left > 0) await reporter.diagnostic(warning("call/more-rows-failed", { count: left }));
}

/** A bind that no column gives is a mistake of every row: it is said once, before the first. */
function checkBinds({ file, parameters }: EachRow, names: readonly string[], each: ForEach<InputRow>): void {
  const known = [...names, ...parameters.map(({ name }) => name)].map((name) => name.toLowerCase());
  for (const { name } of each.parameters) {
    if (!known.includes(name.toLowerCase()))
      fail("cli/params-lack", { file, name, suggestion: suggest(name, names) });
  }
}
