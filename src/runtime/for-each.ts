/**
 * The Execute Command of a data flow: one run of a command for each input row, whose output is the input row with the
 * result's columns beside it (4-interfaces, 4.3). A command that is only a call runs for many rows at once; one with SQL
 * of its own for one row after the other.
 */
import { kindOf } from "../diagnostics/arguments.ts";
import { diagnostic, DiagnosticError, fail, type Diagnostic } from "../diagnostics/diagnostic.ts";
import type { Source } from "../diagnostics/source.ts";
import type { Statement } from "../parser/syntax.ts";
import type { CallOrder } from "./call-desk.ts";
import { noCounts, type ForEachCounts, type ForEachProgress } from "./counts.ts";
import { Drain, type Patience } from "./dispatch/patience.ts";
import { loneCall, openLoneCalls } from "./for-each-call.ts";
import { Flow, type Rows } from "./for-each-flow.ts";
import { behaviors, Join, type Behavior, type ForEachOutput, type RowRunner } from "./for-each-output.ts";
import { checkNamedConnections } from "./named-connections.ts";
import { StatementRows } from "./for-each-statement.ts";
import type { BindDescription, PreparedStatement } from "./prepared-statement.ts";
import type { ResultColumn } from "./result-set.ts";
import type { ResultColumns } from "./row-of.ts";
import { openMarket } from "./run-calls.ts";
import type { ExecuteOptions } from "./run-input.ts";
import { bindStatement } from "./run-sql.ts";
import type { Binds } from "./values.ts";
import { StatementRecord } from "./statement-record.ts";
import type { Workspace } from "./workspace.ts";

/** Of session.executeForEach. */
export interface ForEachOptions<Input extends object> {
  /** Which of the rows a command gives are taken; default FirstOrDefault. */
  readonly behavior?: Behavior;
  /** Puts the result's columns into one property of the output row. `Array` needs it. */
  readonly property?: string;
  /** Whether outputs come in the order of the input rows; otherwise as they are done. Default true. */
  readonly ordered?: boolean;
  /** What the command's binds get from an input row; default the row itself. Session variables stand in for the rest. */
  readonly bind?: (input: Input, index: number) => Binds;
  /** Of `Array`: rows one input row may have, 1 to 1,000,000; default 10,000. More is an error of that row. */
  readonly rowsMax?: number;
  /** Where calls go instead of the session's connection. */
  readonly connection?: string;
  /** Recorded answers are not used: every call is made anew. */
  readonly isFresh?: boolean;
  /**
   * Told of each call of a command that is nothing but a call, before it is made; what it throws ends the run.
   */
  readonly onOrder?: (order: CallOrder) => void;
  /** Ends the run: nothing more is sent, answers on their way are recorded, then call/cancelled. */
  readonly signal?: AbortSignal;
  /** Called whenever a row is done. */
  readonly onProgress?: (progress: ForEachProgress) => void;
}

/** What a ForEach needs of its session. */
export interface ForEachHost {
  readonly workspace: Workspace;
  readonly statement: Statement & { readonly source: Source };
  readonly prepared: PreparedStatement;
  /** Called when the run begins, with what ends it; gives what to call when it has ended. */
  readonly onBegin: (close: () => Promise<void>) => () => void;
}

const rowsMaxDefault = 10_000;
const rowsMaxMost = 1_000_000;

/** The outputs, to be read once with `for await`; nothing is pulled or called before. */
export class ForEach<
  Input extends object = Record<string, unknown>,
  Columns = ResultColumns,
> implements AsyncIterable<ForEachOutput<Input, Columns>> {
  /** Each bind of the command once, with the parameter it feeds. */
  readonly parameters: readonly BindDescription[];
  /** Of the result; what they are called in an output row depends on the input row's own columns. */
  readonly columns: readonly ResultColumn[];
  /** They grow while the outputs are read. */
  readonly counts: ForEachCounts = { ...noCounts(), rows: 0, matched: 0, unmatched: 0, errors: 0 };
  readonly #host: ForEachHost;
  readonly #rows: Rows<Input>;
  readonly #options: ForEachOptions<Input>;
  readonly #join: Join;
  readonly #warnings: Diagnostic[] = [];
  #rowsDone = 0;
  #rowsKnown = 0;
  #isRead = false;

  /** Use `session.executeForEach`. */
  constructor(host: ForEachHost, rows: Rows<Input>, options: ForEachOptions<Input>) {
    checkRows(rows);
    checkOptions(options);
    const { prepared } = host;
    this.parameters = prepared.parameters;
    this.columns = prepared.columns;
    this.#host = host;
    this.#rows = rows;
    this.#options = options;
    this.#join = new Join({
      behavior: options.behavior ?? "FirstOrDefault",
      rowsMax: options.rowsMax ?? rowsMaxDefault,
      property: options.property,
      columns: prepared.columns.map(({ name }) => name),
    });
  }

  /** Of all rows, each once, the first hundred. */
  get warnings(): readonly Diagnostic[] {
    return this.#warnings;
  }

  /**
   * Throws DiagnosticError when no further row can succeed (no connection, credentials, budget, cancelled), and what the
   * input throws; outputs that were done come first.
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<ForEachOutput<Input, Columns>, undefined> {
    if (this.#isRead) fail("session/result-consumed", {});
    this.#isRead = true;
    const { signal, ordered = true } = this.#options;
    const ending = new AbortController();
    const leaving = new AbortController();
    const gone = signal === undefined ? leaving.signal : AbortSignal.any([leaving.signal, signal]);
    const drainMs = this.#host.workspace.options.amount("drain") * 1000;
    using drain = new Drain(gone, drainMs);
    const stop = AbortSignal.any([ending.signal, gone]);
    const runner = await this.#open({ stop, cut: drain.cut });
    const flow = new Flow({
      rows: this.#rows,
      work: (input: Input, index) => this.#output(input, index, runner),
      bytesOf,
      windowRows: runner.windowRows,
      runningMax: runner.runningMax,
      batchRows: runner.batchRows,
      isOrdered: ordered,
      onEnding: () => ending.abort(),
      onLeft: () => leaving.abort(),
    });
    const cancel = (): void => flow.fail(new DiagnosticError([diagnostic("call/cancelled", {})]));
    signal?.addEventListener("abort", cancel, { once: true });
    if (signal?.aborted === true) cancel();
    const onEnd = this.#host.onBegin(async () => {
      flow.fail(new DiagnosticError([diagnostic("session/closed", {})]));
      await flow.settled();
    });
    try {
      for await (const output of flow.outputs()) {
        this.counts.rows++;
        this.counts[output.output === "error" ? "errors" : output.output]++;
        yield output;
      }
    } finally {
      signal?.removeEventListener("abort", cancel);
      onEnd();
    }
  }

  get #executeOptions(): ExecuteOptions {
    const { connection, isFresh, signal } = this.#options;
    return {
      ...(connection === undefined ? {} : { connection }),
      ...(isFresh === undefined ? {} : { isFresh }),
      ...(signal === undefined ? {} : { signal }),
    };
  }

  async #open(patience: Patience): Promise<RowRunner> {
    const { workspace, statement, prepared } = this.#host;
    const { counts } = this;
    const warnings = this.#warnings;
    if (statement.kind === "sql" && workspace.desk === undefined) {
      const { source } = statement;
      const sites = bindStatement(workspace, source, statement);
      const call = loneCall(workspace, source, statement, sites);
      if (call !== undefined) {
        await checkNamedConnections(workspace, { source, statement, sites, binds: {} });
        const { onOrder } = this.#options;
        const books = { counts, warnings, record: new StatementRecord(workspace) };
        const market = openMarket(workspace, this.#executeOptions, books);
        return openLoneCalls({ workspace, source, statement, call, market, patience, warnings, onOrder });
      }
    }
    const rows: StatementRows = new StatementRows({
      prepared,
      counts,
      warnings,
      rowsNeeded: this.#join.rowsNeeded,
      options: this.#executeOptions,
      onProgress: () => this.#report(rows),
    });
    return rows;
  }

  async #output(input: Input, index: number, runner: RowRunner): Promise<ForEachOutput<Input, Columns>> {
    this.#rowsKnown++;
    try {
      checkRow(input);
      const given = await runner.run(this.#bindsOf(input, index), index);
      return { index, input, ...this.#join.join<Input, Columns>(input, given) };
    } catch (error) {
      const found = error instanceof DiagnosticError ? errorOfRow(error) : undefined;
      if (found === undefined) throw error;
      return { output: "error", index, input, error: found };
    } finally {
      this.#rowsDone++;
      this.#report(runner);
    }
  }

  #bindsOf(input: Input, index: number): Binds {
    const { bind } = this.#options;
    return bind === undefined ? readBinds(input) : bind(input, index);
  }

  #report(runner: RowRunner): void {
    const progress = { ...runner.progress(), rowsDone: this.#rowsDone, rowsKnown: this.#rowsKnown };
    this.#options.onProgress?.(progress);
  }
}

/** What concerns one row alone is its output; anything else would meet the next row too. */
function errorOfRow(error: DiagnosticError): Diagnostic | undefined {
  const found = error.diagnostics.find(({ code }) => code === error.code);
  return error.code.startsWith("bind/") || codesOfRow.has(error.code) ? found : undefined;
}

const codesOfRow: ReadonlySet<string> = new Set([
  "call/failed",
  "call/attempts-used-up",
  "sql/error",
  "sql/constraint",
  "sql/busy",
  "session/no-row",
  "session/several-rows",
  "session/too-many-rows",
  "session/bad-input-row",
  "session/unreadable-file",
  "serve/foreign-response",
]);

/** About; what is nested does not count. */
function bytesOf(input: object): number {
  if (input === null || typeof input !== "object") return 0;
  let bytes = 0;
  for (const value of Object.values(input)) {
    if (typeof value === "string") bytes += value.length;
    else if (ArrayBuffer.isView(value)) bytes += value.byteLength;
  }
  return bytes;
}

function checkRow(input: object): void {
  if (input !== null && typeof input === "object" && !Array.isArray(input)) return;
  fail("session/bad-input-row", { found: kindOf(input) });
}

/** An input row as binds: each value that is bound is checked when it is. */
function readBinds(input: object): Binds {
  return input as Binds;
}

function checkRows(rows: unknown): void {
  const isIterable =
    typeof rows === "object" && rows !== null && (Symbol.asyncIterator in rows || Symbol.iterator in rows);
  if (isIterable) return;
  refuse("rows", kindOf(rows), "an iterable or an async iterable of objects");
}

function checkOptions({ behavior, property, rowsMax }: ForEachOptions<never>): void {
  if (behavior !== undefined && !behaviors.includes(behavior)) {
    refuse("behavior", JSON.stringify(behavior), behaviors.join(", "));
  }
  if (property === "" || (property === undefined && behavior === "Array")) {
    refuse("property", property === "" ? "empty" : "missing", "a name: behavior Array puts its rows there");
  }
  if (rowsMax === undefined) return;
  if (!Number.isInteger(rowsMax) || rowsMax < 1 || rowsMax > rowsMaxMost) {
    refuse("rowsMax", String(rowsMax), `a whole number from 1 to ${rowsMaxMost}`);
  }
}

function refuse(option: string, found: string, expected: string): never {
  fail("session/bad-for-each", { option, found, expected });
}
