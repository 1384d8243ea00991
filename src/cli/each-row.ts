/**
 * `--params FILE.csv`: one run of the command for each row of the file, whose columns are its binds. A result row is the
 * file's row with the command's columns beside it, as session.executeForEach has it: by default the first row the command gives,
 * NULLs where it gives none; --behavior chooses another. A row that fails is reported and the others go on.
 */
import {
  DiagnosticError,
  exitCodeOf,
  fail,
  suggest,
  uniqueNames,
  warning,
  type Behavior,
  type ForEach,
  type ForEachProgress,
  type ImportedRows,
  type ScriptStatement,
  type Session,
  type SqlValue,
} from "../index.ts";
import type { Column, Row } from "./format/column.ts";
import { objectWriter } from "./format/json.ts";
import { readImportable } from "./import/import.ts";
import { bareName, type Parameter } from "./params.ts";
import type { Reporter } from "./reporter.ts";
import type { ResultWriter } from "./result-writer.ts";
import type { Summary } from "./summary.ts";

export interface EachRow {
  readonly session: Session;
  readonly statements: readonly ScriptStatement[];
  readonly file: string;
  /** Default: FirstOrDefault. `Array` adds one column, "rows": the result's rows as a JSON array. */
  readonly behavior: Behavior | undefined;
  /** Of `-p`: they stand in for columns the file has not. */
  readonly parameters: readonly Parameter[];
  readonly reporter: Reporter;
  readonly writer: ResultWriter;
  readonly summary: Summary;
  readonly signal: AbortSignal;
}

type InputRow = Record<string, SqlValue>;
type OutputRow = Readonly<Record<string, SqlValue | readonly InputRow[]>>;

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
  const lower = (name: string): string => name.toLowerCase();
  const taken = new Set(names.map(lower));
  const [property = ""] = uniqueNames(["rows"], taken, lower);
  const isList = run.behavior === "Array";
  const each = session.executeForEach(statement, inputsOf(names, rows), {
    signal,
    behavior: run.behavior ?? "FirstOrDefault",
    ...(isList ? { property } : {}),
    onProgress: (news: ForEachProgress) => reporter.progress.update(news),
  });
  checkBinds(run, names, each);
  try {
    const hasColumns = each.columns.length > 0;
    const own = uniqueNames(each.columns.map(({ name }) => name));
    const beside = isList ? [property] : uniqueNames(own, taken, lower);
    const objectOf = objectWriter(each.columns);
    const listOf = (found: readonly InputRow[]): string =>
      `[${found.map((row) => objectOf(own.map((name) => row[name] ?? null))).join(",")}]`;
    const result = {
      kind: hasColumns ? ("rows" as const) : ("changes" as const),
      columns: [
        ...names.map((name) => column(name)),
        ...beside.map((name, index) =>
          isList ? column(name) : { ...column(name), ...each.columns[index], name },
        ),
      ],
      arrays: () =>
        outputs(each, reporter, (row) => [...names, ...beside].map((name) => cellOf(row[name], listOf))),
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

const column = (name: string): Column => ({ name, type: undefined, format: undefined });

/** Rows that the behaviour Array put in a cell are JSON there. */
function cellOf(
  value: OutputRow[string] | undefined,
  listOf: (rows: readonly InputRow[]) => string,
): SqlValue {
  return Array.isArray(value) ? listOf(value) : ((value ?? null) as SqlValue);
}

async function* outputs(
  each: ForEach<InputRow>,
  reporter: Reporter,
  cellsOf: (row: OutputRow) => Row,
): AsyncGenerator<Row> {
  for await (const output of each) {
    if (output.output !== "error") {
      yield cellsOf(output.row);
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
      fail("cli/params-lack", { file, name, columns: names, suggestion: suggest(name, names) });
  }
}
