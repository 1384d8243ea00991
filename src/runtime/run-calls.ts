/**
 * A statement that reaches calls, from its plan to its result: replays it, buys what it lacks, commits, or streams a large
 * result from a second run over the same snapshot.
 */
import { fail, type Diagnostic } from "../diagnostics/diagnostic.ts";
import type { Source } from "../diagnostics/source.ts";
import type { Procedure } from "../catalog/procedure.ts";
import type { SqlStatement } from "../parser/syntax.ts";
import { answerOf, buy, callsAtWork, type Market } from "./buy.ts";
import { orderCalls } from "./call-desk.ts";
import { prepareCall } from "./call-queue.ts";
import { noCounts, type Counts } from "./counts.ts";
import { replay } from "./execute.ts";
import type { Reuse } from "./ledger/ledger.ts";
import type { Run } from "./ledger/runs.ts";
import { Memo, type Answer, type Call } from "./memo.ts";
import { discard, keep, replaying, type Clean, type Stage } from "./pass.ts";
import type { BoundValues, Plan } from "./plan.ts";
import { siteName } from "./private-name.ts";
import { stepMark } from "./progress-mark.ts";
import { Purchases } from "./purchases.ts";
import { readRows, ResultSet } from "./result-set.ts";
import { addFailures, addWarning } from "./result-warnings.ts";
import { connectionNameOf, Sellers } from "./sellers.ts";
import type { StatementRecord } from "./statement-record.ts";
import { rowsKept, type ExecuteOptions, type RunInput } from "./run-input.ts";
import type { Workspace } from "./workspace.ts";

/** What is run, and where it is recorded. */
interface Calling {
  readonly text: string;
  readonly binds: BoundValues;
  readonly plan: Plan;
  readonly record: StatementRecord;
}

export async function runCalling(
  workspace: Workspace,
  input: RunInput,
  { text, binds, plan, record }: Calling,
): Promise<ResultSet> {
  const { db, files, functions, surroundings, options } = workspace;
  const { statement } = input;
  let market: Market | undefined;
  const memo = new Memo(
    (recorded, call) => recall(recorded, call, workspace, market),
    ({ name }) => plan.tables.has(name),
  );
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
  const { desk } = workspace;
  const purchases = new Purchases(memo, async (order, stop) => {
    if (desk !== undefined) {
      return orderCalls(desk, order.calls, { memo, counts, warnings, signal: input.options.signal });
    }
    market ??= openMarket(workspace, input.options, { counts, warnings, record });
    return buy(order, memo, market, stop);
  });
  workspace.ledgerTables.freeze();
  try {
    const clean = await replay(stage, windowStart(workspace, plan), purchases);
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
  } catch (error) {
    input.options.onFailed?.(counts);
    throw error;
  } finally {
    await purchases.end();
    workspace.ledgerTables.thaw();
  }
}

/** New calls of the first pass: as many as can be bought at once, of packs twice that, but no packs where it may stop early. */
function windowStart({ functions, options }: Workspace, plan: Plan): number {
  const concurrency = options.amount("concurrency");
  const reached = functions.names.filter((name) => plan.reached.has(siteName(name).toLowerCase()));
  if (plan.hasLimit || reached.length === 0) return concurrency;
  const first = (procedure: Procedure): number =>
    procedure.pack === undefined ? concurrency : callsAtWork(procedure, concurrency);
  return Math.min(...reached.map(({ procedure }) => first(procedure)));
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

/** Where it is written down what calls did. */
export interface MarketBooks {
  readonly counts: Counts;
  readonly warnings: Diagnostic[];
  readonly record: StatementRecord;
}

export function openMarket(
  workspace: Workspace,
  execute: ExecuteOptions,
  { counts, warnings, record }: MarketBooks,
): Market {
  const { options, ledger, budget, estimator } = workspace;
  return {
    sellers: new Sellers(workspace, execute.connection),
    ledger: ledger(),
    record,
    reuse: execute.isFresh === true ? { scope: "none" } : reuseOf(workspace),
    isReplay: options.text("cache") === "only",
    budget,
    estimator,
    concurrency: options.amount("concurrency"),
    counts,
    today: new Date().toISOString().slice(0, 10),
    modelTable: workspace.models.table,
    signal: execute.signal ?? new AbortController().signal,
    drainMs: options.amount("drain") * 1000,
    onProgress: execute.onProgress,
    onWarning: (found, procedure) => addWarning(warnings, found, procedure),
  };
}

/** Reads an answer that memory no longer holds. */
function recall(recorded: number, call: Call, { ledger }: Workspace, market: Market | undefined): Answer {
  const seller = market?.sellers.known(connectionNameOf(call));
  const prepared = market && seller && prepareCall(call, seller, market);
  if (prepared?.ok !== true) return fail("ledger/unreadable-answer", { id: recorded });
  return answerOf(call, prepared, ledger().read(recorded));
}

export function reuseOf({ options, runs }: Pick<Workspace, "options" | "runs">): Reuse {
  const cache = options.text("cache");
  const run = (): Run | undefined => runs.current;
  if (runs.isRetrying) return { scope: "run", run, isRetry: true };
  if (cache === "off") return { scope: "none" };
  if (cache === "run") return { scope: "run", run, isRetry: false };
  return { scope: "all", ttlMs: (options.number("cache_ttl") ?? Infinity) * 1000 };
}

/**
 * By default a call without an answer ends a bare CALL, and is a row of anything else. A response that arrived as
 * failed or incomplete is a row with its error columns filled: the connector's documentation promises it.
 */
export function endsOn(onError: string | undefined, statement: SqlStatement): Stage["endsOn"] {
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
