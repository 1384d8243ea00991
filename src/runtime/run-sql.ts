/**
 * One SQL statement on its way to rows: bind → rewrite → plan → replay, or straight through SQLite where it reaches no
 * call. Synchronous but for the buying.
 */
import type { Diagnostic } from "../diagnostics/diagnostic.ts";
import { DiagnosticError, DiagnosticSink, diagnostic, fail, warning } from "../diagnostics/diagnostic.ts";
import type { Code } from "../diagnostics/messages.ts";
import type { Source } from "../diagnostics/source.ts";
import type { CallWarning, Procedure } from "../catalog/procedure.ts";
import type { SqlValue } from "../catalog/value.ts";
import type { CallSite, SqlStatement } from "../parser/syntax.ts";
import { bindSites, type BoundSite } from "./bind.ts";
import { answerOf, buy, prepareCall, type Market } from "./buy.ts";
import { noCounts, type Counts, type Progress } from "./counts.ts";
import { replay } from "./execute.ts";
import type { Reuse } from "./ledger/ledger.ts";
import { Memo, type Answer, type Call } from "./memo.ts";
import {
  CallFailed,
  discard,
  keep,
  readRow,
  replaying,
  type Clean,
  type RowFailure,
  type Stage,
} from "./pass.ts";
import { planStatement, type BoundValues, type Plan } from "./plan.ts";
import { columnOf, ResultSet } from "./result-set.ts";
import { stepMark } from "./progress-mark.ts";
import { rewrite, type FrozenValues, type Rewritten } from "./rewrite.ts";
import { reachesThroughSchema } from "./schema.ts";
import { fromSqlite as fromSqliteError } from "./sql-error.ts";
import { bindArguments, resolveBinds } from "./statement-binds.ts";
import type { Binds } from "./values.ts";
import type { Workspace } from "./workspace.ts";

export interface ExecuteOptions {
  /** Ends the statement: nothing more is sent, answers on their way are recorded, then call/cancelled. */
  readonly signal?: AbortSignal;
  /** Called whenever a call is done. */
  readonly onProgress?: (progress: Progress) => void;
  /** Number of the statement in the script that is running, from 1: a resumed script does not write it twice. */
  readonly step?: number;
}

export interface RunInput {
  readonly source: Source;
  readonly statement: SqlStatement;
  readonly binds: Binds;
  readonly options: ExecuteOptions;
}

/** Rows of a finished statement that are held in memory; a larger result streams. */
const rowsKept = 10_000;
const warningsMax = 100;

export async function runSql(workspace: Workspace, input: RunInput): Promise<ResultSet> {
  const { source, statement } = input;
  const sites = bindStatement(workspace, source, statement);
  const binds = resolveBinds(statement.binds, { given: input.binds, variables: workspace.variables }, source);
  const startedAt = performance.now();
  try {
    const result = await run(workspace, input, sites, binds);
    result.counts.elapsedMs = Math.round(performance.now() - startedAt);
    return result;
  } catch (error) {
    workspace.files?.drop();
    throw withPlace(
      fromSqliteError(error, source, statement.span, plainText(workspace, statement)),
      input,
      sites,
    );
  }
}

/** Reports every mistake of the statement's call sites together. */
export function bindStatement(
  workspace: Workspace,
  source: Source,
  statement: SqlStatement,
): readonly BoundSite[] {
  if (statement.sites.length === 0) return [];
  const sink = new DiagnosticSink(source);
  const sites = bindSites(statement.sites, bindContext(workspace), sink);
  for (const site of statement.sites) {
    if (site.isInSchema) sink.report("plan/call-in-schema", site.span, { procedure: site.procedure.text });
  }
  sink.throwIfErrors();
  return sites;
}

function bindContext({ catalog, defaults }: Workspace): Parameters<typeof bindSites>[1] {
  return { catalog, hasDefault: (procedure, parameter) => parameter.name in defaults.of(procedure) };
}

/** The text SQLite is to run, with its private names registered. */
export function rewriteStatement(
  workspace: Workspace,
  source: Source,
  statement: SqlStatement,
  sites: readonly BoundSite[],
): Rewritten {
  const rewritten = rewrite({ source, statement, sites, frozen: frozenValues(workspace, statement) });
  workspace.functions.ensure(rewritten.names);
  return rewritten;
}

async function run(
  workspace: Workspace,
  input: RunInput,
  sites: readonly BoundSite[],
  binds: BoundValues,
): Promise<ResultSet> {
  const { source, statement } = input;
  if (sites.length === 0 && !(mayRunCalls(statement) && reachesThroughSchema(workspace.db))) {
    const own = source.text.slice(statement.span.start, statement.span.end);
    return runPlain(workspace, (statement.prefix ?? "") + own, bindArguments(statement, binds), input);
  }
  const { text } = rewriteStatement(workspace, source, statement, sites);
  if (!mayRunCalls(statement)) return runPlain(workspace, text, [binds], input);
  const { names } = workspace.functions;
  const plan = planStatement(workspace.db, text, { binds, names, hasUpsert: statement.hasUpsert });
  workspace.surroundings.begin(plan.functions);
  return plan.reaches
    ? runCalling(workspace, input, { text, binds, plan })
    : runPlain(workspace, text, [binds], input);
}

/** The database, where the user's text is what SQLite read. */
function plainText({ db }: Workspace, { sites, prefix }: SqlStatement): Workspace["db"] | undefined {
  return sites.length === 0 && prefix === undefined ? db : undefined;
}

/** EXPLAIN, CREATE VIEW and the like name procedures without running them. */
function mayRunCalls({ verb }: SqlStatement): boolean {
  return (
    verb === "select" ||
    verb === "insert" ||
    verb === "update" ||
    verb === "delete" ||
    verb === "create-table-as"
  );
}

function runPlain(workspace: Workspace, text: string, binds: readonly unknown[], input: RunInput): ResultSet {
  const mark = stepMark(workspace, input);
  return mark === undefined
    ? runOnce(workspace, text, binds)
    : mark.together(() => runOnce(workspace, text, binds));
}

function runOnce(workspace: Workspace, text: string, binds: readonly unknown[]): ResultSet {
  const statement = workspace.db.prepare(text).safeIntegers();
  const counts = noCounts();
  if (!statement.reader) {
    const { changes } = statement.run(...binds);
    return new ResultSet({
      kind: "changes",
      columns: [],
      rows: [],
      affectedRows: changes,
      warnings: [],
      counts,
    });
  }
  const columns = statement.columns().map(columnOf);
  const cursor = statement.raw().iterate(...binds);
  const rows: (readonly SqlValue[])[] = [];
  const kept = statement.readonly ? rowsKept : Infinity;
  let isDone = false;
  while (!isDone && rows.length < kept) {
    const step = cursor.next();
    if (step.done === true) isDone = true;
    else rows.push(readRow(step.value));
  }
  const affectedRows = statement.readonly ? 0 : rows.length;
  const rest = isDone ? {} : { rest: readRows(cursor) };
  return new ResultSet({ kind: "rows", columns, rows, affectedRows, warnings: [], counts, ...rest });
}

async function runCalling(
  workspace: Workspace,
  input: RunInput,
  { text, binds, plan }: { text: string; binds: BoundValues; plan: Plan },
): Promise<ResultSet> {
  const { db, files, functions, surroundings, options } = workspace;
  const { statement } = input;
  let market: Market | undefined;
  const memo = new Memo((recorded, call) => recall(recorded, call, workspace, market));
  const counts = noCounts();
  const warnings: Diagnostic[] = [];
  const stage: Stage = {
    db,
    functions,
    text,
    binds,
    plan,
    memo,
    guarded: guardedTable(input.source, statement),
    dedup: options.isOn("dedup"),
    endsOn: endsOn(options.text("on_error"), statement),
    rowsKept,
    onStart: () => {
      surroundings.restart();
      files?.hold();
    },
  };
  workspace.ledgerTables.freeze();
  const clean = await replay(stage, options.number("concurrency") ?? 1, async (calls) => {
    market ??= await openMarket(workspace, input.options, counts, warnings);
    await buy(calls, memo, market);
  }).finally(() => workspace.ledgerTables.thaw());
  counts.calls = clean.callsUsed;
  counts.failed = clean.failures.length;
  addFailures(warnings, clean.failures);
  if (clean.hasMore) return streamed(workspace, stage, clean, counts, warnings);
  stepMark(workspace, input)?.write();
  commit(workspace);
  return new ResultSet({
    kind: clean.columns.length > 0 ? "rows" : "changes",
    columns: clean.columns,
    rows: clean.rows,
    affectedRows: clean.affectedRows,
    warnings,
    counts,
  });
}

/** A deferred constraint may refuse the commit: then nothing of the statement stays. */
function commit({ db, files }: Workspace): void {
  const wasInTransaction = db.inTransaction;
  try {
    keep(db);
  } catch (error) {
    discard(db, wasInTransaction);
    throw error;
  }
  files?.release();
}

/** Runs the statement again, over the same snapshot, and hands its rows out one by one. */
function streamed(
  workspace: Workspace,
  stage: Stage,
  clean: Clean,
  counts: Counts,
  warnings: readonly Diagnostic[],
): ResultSet {
  const { db, functions, files, surroundings } = workspace;
  surroundings.restart();
  files?.release();
  files?.hold();
  const statement = db.prepare(stage.text).safeIntegers();
  functions.answering = replaying(stage);
  const cursor = readRows(statement.raw().iterate(stage.binds));
  const onClosed = (): void => {
    functions.answering = undefined;
    files?.drop();
    keep(db);
  };
  return new ResultSet({
    kind: "rows",
    columns: clean.columns,
    rows: [],
    rest: cursor,
    onClosed,
    affectedRows: clean.affectedRows,
    warnings,
    counts,
  });
}

async function openMarket(
  workspace: Workspace,
  execute: ExecuteOptions,
  counts: Counts,
  warnings: Diagnostic[],
): Promise<Market> {
  const { options, defaults, ledger, budget, estimator } = workspace;
  const connection = (await workspace.findConnection()) ?? fail("connect/none", {});
  return {
    connection,
    dispatcher: workspace.dispatcherFor(connection),
    ledger: ledger(),
    models: options.models(connection.models),
    defaultsOf: (procedure) => defaults.of(procedure),
    run: workspace.runs.get(),
    reuse: reuseOf(options),
    isReplay: options.text("cache") === "only",
    budget,
    estimator,
    concurrency: options.number("concurrency") ?? 1,
    counts,
    today: new Date().toISOString().slice(0, 10),
    modelTable: workspace.models.table,
    signal: execute.signal ?? new AbortController().signal,
    drainMs: (options.number("drain") ?? 0) * 1000,
    onProgress: execute.onProgress,
    onWarning: (found, procedure) => addWarning(warnings, found, procedure),
  };
}

/** Reads an answer that memory no longer holds. */
function recall(recorded: number, call: Call, { ledger }: Workspace, market: Market | undefined): Answer {
  const prepared = market === undefined ? undefined : prepareCall(call, market);
  if (prepared?.ok !== true) return fail("ledger/unreadable-answer", { id: recorded });
  return answerOf(call, prepared, ledger().read(recorded));
}

export function reuseOf(options: Workspace["options"]): Reuse {
  const cache = options.text("cache");
  if (cache === "off") return { scope: "none" };
  if (cache === "run") return { scope: "run" };
  return { scope: "all", ttlMs: (options.number("cache_ttl") ?? Infinity) * 1000 };
}

/**
 * By default a call without an answer ends a bare CALL, and is a row of anything else. A response that arrived as
 * failed or incomplete is a row with its error columns filled: the connector's documentation promises it.
 */
function endsOn(onError: string | undefined, statement: SqlStatement): Stage["endsOn"] {
  if (onError === "abort") return "any-failure";
  return onError !== "row" && statement.isBareCall ? "no-answer" : "nothing";
}

export function guardedTable(source: Source, { target, verb }: SqlStatement): Stage["guarded"] {
  if (target === undefined) return undefined;
  const first = target.schema ?? target.table;
  const table = source.text.slice(first.span.start, target.table.span.end);
  if (verb === "insert") return { table, verb: "INSERT" };
  if (verb === "update") return { table, verb: "UPDATE" };
  return verb === "delete" ? { table, verb: "DELETE" } : undefined;
}

function frozenValues({ db }: Workspace, { frozenCalls }: SqlStatement): FrozenValues {
  if (frozenCalls.length === 0) return { last_insert_rowid: 0n, changes: 0n, total_changes: 0n };
  const values = db
    .prepare("SELECT last_insert_rowid(), changes(), total_changes()")
    .raw()
    .safeIntegers()
    .get();
  const [rowid = 0n, changes = 0n, total = 0n] = readIntegers(values);
  return { last_insert_rowid: rowid, changes, total_changes: total };
}

function readIntegers(row: unknown): readonly bigint[] {
  return row as readonly bigint[];
}

function readRows(cursor: Iterator<unknown>): Iterator<readonly SqlValue[]> {
  return cursor as Iterator<readonly SqlValue[]>;
}

function addWarning(warnings: Diagnostic[], found: CallWarning, procedure: Procedure): void {
  const message = `${procedure.name}: ${found.message}`;
  if (warnings.length >= warningsMax || warnings.some((item) => item.message === message)) return;
  const hint = found.hint === undefined ? {} : { hint: found.hint };
  warnings.push({ severity: "warning", code: readCode(found.code), message, ...hint });
}

function readCode(code: string): Code {
  return code as Code;
}

function addFailures(warnings: Diagnostic[], failures: readonly RowFailure[]): void {
  for (const { call, error, row } of failures.slice(0, warningsMax)) {
    const { code, message, hint } = error;
    warnings.push(warning("call/row-failed", { procedure: call.procedure.name, code, message, row, hint }));
  }
  const left = failures.length - warningsMax;
  if (left > 0) warnings.push(warning("call/more-rows-failed", { count: left }));
}

/** A failed call ends a statement at the site that made it. */
function withPlace(error: unknown, { source, statement }: RunInput, sites: readonly BoundSite[]): unknown {
  if (!(error instanceof CallFailed)) return placed(error, source, statement.sites);
  const { call, error: failure, isPassing } = error.failure;
  const site = sites.find((bound) => bound.procedure === call.procedure)?.site;
  const { code, message, hint } = failure;
  const details = { procedure: call.procedure.name, code, message, hint };
  const id = isPassing ? "call/attempts-used-up" : "call/failed";
  return new DiagnosticError([diagnostic(id, details, { source, span: (site ?? statement).span })]);
}

/** Errors that know no place are put at the first call site. */
function placed(error: unknown, source: Source, sites: readonly CallSite[]): unknown {
  const [site] = sites;
  if (!(error instanceof DiagnosticError) || site === undefined) return error;
  const diagnostics = error.diagnostics.map((item) =>
    item.span === undefined ? { ...item, source, span: site.span } : item,
  );
  return new DiagnosticError(diagnostics, { cause: error.cause });
}
