/**
 * A session: a database, a connection, options and variables. This page is the path of a statement:
 * parse → bind → rewrite → execute (pass ⇄ dispatch ⇄ ledger) → result set → caller.
 * One statement at a time; a result that is still being read is spooled before the next one starts.
 */
import {
  checkList,
  checkNames,
  checkObject,
  checkRows,
  checkText,
  refuse,
} from "../diagnostics/arguments.ts";
import { diagnostic, DiagnosticError, fail, type Diagnostic } from "../diagnostics/diagnostic.ts";
import { holdsKey } from "../diagnostics/secret-text.ts";
import type { Source } from "../diagnostics/source.ts";
import { parseScript, type Script as ParsedScript } from "../parser/parse.ts";
import type { SqlStatement, Statement } from "../parser/syntax.ts";
import type { ConnectionFacts } from "../catalog/request.ts";
import { callAlone, callOfValues, type CallAloneOptions } from "./call-alone.ts";
import { fillOrders, type CallOrder, type Delivery } from "./call-desk.ts";
import { describe, notice, setDefault, setOption, setVariable, show } from "./commands.ts";
import { noCounts } from "./counts.ts";
import { explain, explainCalls, type ExplainOptions, type Explanation } from "./explain-calls.ts";
import type { LoneCall } from "./for-each-call.ts";
import { ForEach, type ForEachOptions } from "./for-each.ts";
import type { Rows } from "./for-each-flow.ts";
import type { Added } from "./for-each-output.ts";
import { importRows, type ImportedRows, type ImportOptions } from "./import-rows.ts";
import type { Run, RunStatus } from "./ledger/runs.ts";
import type { Answer } from "./memo.ts";
import { recordedAnswers } from "./offers.ts";
import { PreparedStatement } from "./prepared-statement.ts";
import { refreshModels } from "./refresh-models.ts";
import { retryFailed } from "./retry.ts";
import { isDone, removeMark } from "./progress-mark.ts";
import { explainable, Rehearsal } from "./rehearsal.ts";
import type { ResultSet } from "./result-set.ts";
import type { ExecuteOptions } from "./run-input.ts";
import { openMarket } from "./run-calls.ts";
import type { ResultColumns, RowOf } from "./row-of.ts";
import { runSql } from "./run-sql.ts";
import { StatementRecord } from "./statement-record.ts";
import { toSqlite, type Binds, type BindValue } from "./values.ts";
import type { Workspace } from "./workspace.ts";

/** A text split into statements, with what is wrong with it. */
export type Script = Pick<ParsedScript, "source" | "diagnostics"> & {
  readonly statements: readonly ScriptStatement[];
};

/** A statement of a parsed script, ready to be executed. */
export type ScriptStatement = Statement & { readonly source: Source };

/** See Session.rehearse. */
export interface ScriptRehearsal extends AsyncDisposable {
  /** Throws what executing the statement would throw before anything is sent. */
  step(
    statement: ScriptStatement,
    binds?: Binds,
    options?: Pick<ExecuteOptions, "signal">,
  ): Promise<Explanation>;
}

/**
 * A database, a connection, options and variables. One statement runs at a time; what is asked for meanwhile waits its turn,
 * while rows of executeForEach are on their way. Made by openSession; to be closed, by `await using` or `close()`.
 */
export class Session implements AsyncDisposable {
  readonly #workspace: Workspace;
  readonly #onClose: () => Promise<void>;
  /** Never rejects. */
  #last: Promise<void> = Promise.resolve();
  #open: ResultSet | undefined;
  #isClosed = false;
  /** Calls of values that were prepared; a procedure's default may change what they need. */
  #loneCalls = new WeakMap<SqlStatement, LoneCall | "none">();
  /** What is being bought without a turn. */
  readonly #calls = new Set<Promise<unknown>>();
  /** What ends the runs of executeForEach that are being read. */
  readonly #forEaches = new Set<() => Promise<void>>();

  /** Use `openSession`. */
  constructor(workspace: Workspace, onClose: () => Promise<void>) {
    this.#workspace = workspace;
    this.#onClose = onClose;
  }

  /** Finds the statements of a text, without running them. Never throws for a text. `name` is what diagnostics call the text. */
  parse(text: string, name = "statement"): Script {
    checkText("parse's text", text);
    // Shown nowhere, so without its place: a message would carry the key into a log.
    if (holdsKey(text)) {
      const source = { name, text: "" };
      return { source, statements: [], diagnostics: [diagnostic("session/key-in-text", {})] };
    }
    const isProcedure = (word: string): boolean => this.#workspace.catalog.find(word) !== undefined;
    const { source, statements, diagnostics } = parseScript({ name, text }, { isProcedure });
    return {
      source,
      diagnostics,
      statements: statements.map((statement) => Object.assign(statement, { source })),
    };
  }

  /**
   * Runs one statement. Throws DiagnosticError; then nothing of the statement has changed the database, and answers
   * that had arrived are recorded. Of a literal `CALL P(…)` the rows have the types of the procedure's columns.
   *
   * ```ts
   * const result = await session.execute("CALL GenerateResponse(:Message)", { Message: "hi" });
   * for await (const row of result) console.log(row.Response_Result, row.Cost_Usd);
   * ```
   */
  async execute<const Text extends string>(
    statement: Text | ScriptStatement,
    binds: Binds = {},
    options: ExecuteOptions = {},
  ): Promise<ResultSet<RowOf<Text>>> {
    checkInput(binds, options);
    return this.#inTurn(async () => {
      const parsed = this.#parsed(statement);
      const result = await this.#run(parsed, binds, options);
      this.#open = result;
      return readResult<RowOf<Text>>(result);
    }, options.signal);
  }

  /** The one statement of a text, without running it. Throws parse/…, session/one-statement, and serve/… where confined. */
  readStatement(text: string): ScriptStatement {
    return this.#single(text);
  }

  /**
   * Describes a statement without calling anything; throws what binding it throws. It may be executed many times.
   *
   * ```ts
   * const statement = session.prepare("CALL ClassifyText(:body, :labels)");
   * for (const { text, parameter } of statement.parameters) console.log(text, parameter?.type, parameter?.summary);
   * console.log(statement.columns.map(({ name }) => name));
   * const result = await statement.execute({ body: "It does not start.", labels: "bug, question" });
   * ```
   */
  prepare<const Text extends string>(text: Text | ScriptStatement): PreparedStatement<RowOf<Text>> {
    return this.#prepared<RowOf<Text>>(this.#parsed(text));
  }

  /**
   * Runs a command once for each input row, which gives the binds their values; an output is the input row with the
   * result's columns beside it, told apart as matched, unmatched or error. Input is pulled as outputs are read, and
   * memory stays bounded. Rows of `CALL P(:a, …)` run concurrently, share requests where the procedure packs, and equal
   * calls are one; commands with SQL of their own run for one row after the other. Throws what preparing the command
   * throws, and session/bad-for-each.
   *
   * ```ts
   * for await (const out of session.executeForEach("CALL ClassifyText(:body, 'bug, question')", rows)) {
   *   if (out.output === "error") console.error(out.input.id, out.error.message);
   *   else console.log(out.input.id, out.row.Category);
   * }
   * ```
   */
  executeForEach<
    Input extends object,
    const Text extends string,
    const Options extends ForEachOptions<Input> = object,
  >(
    command: Text | ScriptStatement,
    rows: Rows<Input>,
    options?: Options & ForEachOptions<Input>,
  ): ForEach<Input, Added<RowOf<Text>, Options>> {
    this.#checkOpen();
    const workspace = this.#workspace;
    if (options !== undefined) checkObject("executeForEach's options", options);
    const statement = this.#parsed(command);
    const onBegin = (close: () => Promise<void>) => {
      this.#checkOpen();
      this.#forEaches.add(close);
      return (): void => void this.#forEaches.delete(close);
    };
    const prepared = this.#prepared(statement);
    return new ForEach({ workspace, statement, prepared, onBegin }, rows, options ?? {});
  }

  /**
   * What a statement would call and cost, without calling: nothing is sent or changed. A statement that cannot call has
   * no sites. Throws DiagnosticError.
   */
  async explain(
    statement: string | ScriptStatement,
    binds: Binds = {},
    options: ExplainOptions = {},
  ): Promise<Explanation> {
    checkInput(binds, options);
    return this.#inTurn(async () => {
      const parsed = this.#parsed(statement);
      const { source } = parsed;
      const explained = explainable(parsed);
      if (explained === undefined) return { sites: [], warnings: [] };
      return explain(this.#workspace, { source, statement: explained, binds, options });
    }, options.signal);
  }

  /**
   * Begins a dry run of a script: `step` explains one statement after the other, and does what later ones need, up to
   * importRows() in between. All of it is taken back at the end, and nothing is sent. Throws session/in-transaction.
   */
  async rehearse({ signal }: Pick<ExecuteOptions, "signal"> = {}): Promise<ScriptRehearsal> {
    const rehearsal = await this.#inTurn(async () => new Rehearsal(this.#workspace), signal);
    return {
      step: (statement, binds = {}, options = {}) =>
        this.#inTurn(
          () => rehearsal.step(statement.source, statement, { binds, signal: options.signal }),
          options.signal,
        ),
      [Symbol.asyncDispose]: () => this.#inTurn(async () => rehearsal.end()),
    };
  }

  /**
   * Inserts rows in one transaction. The table is created if need be; one with the same columns has its rows replaced, or
   * kept with `isAppended`. Gives the number of rows.
   */
  async importRows(
    table: string,
    columns: readonly string[],
    rows: ImportedRows,
    options: Pick<ExecuteOptions, "signal" | "step"> & ImportOptions = {},
  ): Promise<number> {
    checkText("importRows' table", table);
    checkNames("importRows' columns", columns);
    checkRows("importRows' rows", rows);
    checkObject("importRows' options", options);
    const { signal, step, isAppended = false, onReplaced, onSkipped } = options;
    const target = { table, columns, step, signal, isAppended, onReplaced, onSkipped };
    return this.#inTurn(() => importRows(this.#workspace, target, rows), signal);
  }

  /**
   * Begins a script's run: its calls are recorded under it. If a run of the same identity died or failed, it goes on:
   * answers it had are not bought again, and statements executed with a `step` whose writes are in the database are left
   * out. `identity` is a hex SHA-256 over what makes the script the same. Throws ledger/already-running.
   */
  beginRun(script: { readonly name: string; readonly identity: string; readonly isFresh?: boolean }): Run {
    this.#checkOpen();
    checkObject("beginRun's script", script);
    checkText("beginRun's name", script.name);
    checkText("beginRun's identity", script.identity);
    const run = this.#workspace.runs.begin({ kind: "script", ...script });
    if (!run.isResumed) removeMark(this.#workspace.db, script.identity);
    return run;
  }

  /** Ends it, or the session's own run. A script that has not finished goes on when it is begun again. */
  endRun(status: RunStatus): void {
    const { runs, db } = this.#workspace;
    if (status === "finished" && runs.identity !== undefined) removeMark(db, runs.identity);
    runs.end(status);
  }

  /**
   * Asks the connection's service which models it has. Afterwards sys_models says of each model whether it is listed,
   * has those that callsql does not know, and the day the service shuts a model down. Throws connect/….
   */
  async refreshModels(options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    checkObject("refreshModels' options", options);
    const { signal = new AbortController().signal } = options;
    return this.#inTurn(() => refreshModels(this.#workspace, signal), signal);
  }

  /** Removes runs that ended more than `days` ago from the ledger, with their calls. Gives the number of runs. */
  async pruneRuns(days: number): Promise<number> {
    if (typeof days !== "number" || Number.isNaN(days)) refuse("pruneRuns' days", days, "a number");
    const before = Date.now() - days * 86_400_000;
    return this.#inTurn(async () => this.#workspace.ledger().runs.prune(before));
  }

  /**
   * As `execute`, for a command that is nothing but a call of values, `CALL P(:a, 'b', …)`; undefined for any other. It does
   * not touch the database and needs no turn, so that many may run at once. Throws at once what binding it throws.
   */
  callAlone(
    command: string | ScriptStatement,
    binds: Binds = {},
    options: CallAloneOptions = {},
  ): Promise<ResultSet> | undefined {
    this.#checkOpen();
    checkInput(binds, options);
    const statement = this.#parsed(command);
    if (statement.kind !== "sql" || this.#workspace.desk !== undefined) return undefined;
    const { source } = statement;
    const call = this.#loneCall(source, statement);
    return call && this.#untilClosed(callAlone(this.#workspace, call, { source, statement, binds, options }));
  }

  /** Whether `callAlone` would run it. Throws what binding it throws. */
  isCallAlone(statement: ScriptStatement): boolean {
    checkStatement(statement);
    if (statement.kind !== "sql" || this.#workspace.desk !== undefined) return false;
    return this.#loneCall(statement.source, statement) !== undefined;
  }

  /** Where calls go, without what it takes to send them; undefined where there is no connection. Throws connect/…. */
  async connectionFacts(name?: string): Promise<ConnectionFacts | undefined> {
    if (name !== undefined) checkText("connectionFacts' name", name);
    const connection = await this.#workspace.findConnection(name);
    if (connection === undefined) return undefined;
    const { identity, models, packMax, defaults } = connection;
    return {
      name: connection.name,
      identity,
      models,
      ...(packMax === undefined ? {} : { packMax }),
      ...(defaults === undefined ? {} : { defaults }),
    };
  }

  /**
   * Buys calls for a statement that runs in another session, opened with `desk`, perhaps in another process. Orders and
   * deliveries are plain data. Needs no turn: it does not touch this session's database.
   */
  async buyCalls(orders: readonly CallOrder[], options: ExecuteOptions = {}): Promise<Delivery> {
    this.#checkOpen();
    checkList("buyCalls' orders", orders);
    checkObject("buyCalls' options", options);
    const warnings: Diagnostic[] = [];
    const books = { counts: noCounts(), warnings, record: new StatementRecord(this.#workspace) };
    const market = openMarket(this.#workspace, options, books);
    return this.#untilClosed(fillOrders(this.#workspace.catalog, orders, { market, warnings }));
  }

  /**
   * The desk's side of `explain` in a session opened with `desk`: one an order, undefined for a call that would be sent. Sends
   * nothing.
   */
  async recordedAnswers(
    orders: readonly CallOrder[],
    options: Pick<ExecuteOptions, "connection"> = {},
  ): Promise<readonly (Answer | undefined)[]> {
    this.#checkOpen();
    checkList("recordedAnswers' orders", orders);
    checkObject("recordedAnswers' options", options);
    return recordedAnswers(this.#workspace, orders, options);
  }

  /** Whether a BEGIN has not met its COMMIT: closing the session now takes back what was changed since. */
  get isInTransaction(): boolean {
    return this.#workspace.db.inTransaction;
  }

  /** What `SET option = value` does. Throws session/unknown-option, session/bad-option-value. */
  setOption(name: string, value: string | number | null): void {
    checkText("setOption's name", name);
    this.#workspace.options.set(name, value);
  }

  /** What `SET :name = value` does. */
  setVariable(name: string, value: Exclude<BindValue, undefined>): void {
    checkText("setVariable's name", name);
    this.#workspace.variables.set(name.toLowerCase(), toSqlite(value, name));
  }

  /** Ends runs of executeForEach, waits for what was asked for before, and closes database and ledger. Once is enough. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await Promise.all([...this.#forEaches].map((close) => close()));
    await this.#last;
    await Promise.allSettled(this.#calls);
    await this.#open?.close();
    await this.#onClose();
  }

  /** What `await using` calls: close(). */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #run(statement: ScriptStatement, binds: Binds, options: ExecuteOptions): Promise<ResultSet> | ResultSet {
    const { source } = statement;
    const workspace = this.#workspace;
    workspace.confiner?.check(source, statement);
    switch (statement.kind) {
      case "sql":
        if (isDone(workspace, source, statement, options.step)) return notice();
        return runSql(workspace, { source, statement, binds, options });
      case "set-option":
        return setOption(workspace, source, statement);
      case "reset-option":
        workspace.options.reset(statement.option?.text, { source, span: statement.span });
        return notice();
      case "set-variable":
        return setVariable(workspace, source, statement, { binds, options });
      case "set-default":
        this.#loneCalls = new WeakMap();
        return setDefault(workspace, source, statement, binds);
      case "show":
        return show(workspace, statement);
      case "describe":
        return describe(workspace, source, statement);
      case "explain-calls":
        return explainCalls(workspace, source, statement, binds);
      case "retry-failed":
        return retryFailed(workspace, {
          source,
          statement,
          binds,
          options,
          parse: (text) => this.#single(text),
        });
    }
  }

  #prepared<Row = ResultColumns>(statement: ScriptStatement): PreparedStatement<Row> {
    return new PreparedStatement(this.#workspace, statement.source, statement, async (binds, options) =>
      readResult<Row>(await this.execute(statement, binds, options)),
    );
  }

  #parsed(statement: string | ScriptStatement): ScriptStatement {
    if (typeof statement === "string") return this.#single(statement);
    checkStatement(statement);
    return statement;
  }

  #single(text: string): ScriptStatement {
    const { confiner } = this.#workspace;
    confiner?.checkLength({ name: "statement", text });
    const { source, statements, diagnostics } = this.parse(text);
    if (diagnostics.some((item) => item.severity === "error")) throw new DiagnosticError(diagnostics);
    const [statement, second] = statements;
    if (statement === undefined || second !== undefined) {
      fail(
        "session/one-statement",
        { found: statements.length },
        { source, span: second?.span ?? { start: 0, end: 0 } },
      );
    }
    confiner?.check(source, statement);
    return statement;
  }

  #loneCall(source: Source, statement: SqlStatement): LoneCall | undefined {
    const known = this.#loneCalls.get(statement);
    if (known !== undefined) return known === "none" ? undefined : known;
    const call = callOfValues(this.#workspace, source, statement);
    this.#loneCalls.set(statement, call ?? "none");
    return call;
  }

  /** Answers that are on their way are paid: closing waits for them. */
  async #untilClosed<T>(calls: Promise<T>): Promise<T> {
    this.#calls.add(calls);
    try {
      return await calls;
    } finally {
      this.#calls.delete(calls);
    }
  }

  #checkOpen(): void {
    if (this.#isClosed) fail("session/closed", {});
  }

  /** Runs `work` when all that was asked for before is done and the database is free. */
  async #inTurn<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    // What was asked for before close() is still done.
    this.#checkOpen();
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const cancel = (): void => reject(new DiagnosticError([diagnostic("call/cancelled", {})]));
    signal?.addEventListener("abort", cancel, { once: true });
    const before = this.#last;
    const turn = async (): Promise<void> => {
      await before;
      // Once it runs, the statement itself obeys the signal.
      signal?.removeEventListener("abort", cancel);
      if (signal?.aborted === true) return cancel();
      try {
        this.#open?.spool();
        this.#open = undefined;
        this.#workspace.surroundings.begin();
        resolve(await work());
      } catch (error) {
        reject(error);
      }
    };
    this.#last = turn();
    return promise;
  }
}

/** JavaScript gets here, too. Throws session/bad-argument. */
function checkStatement(statement: ScriptStatement): void {
  const expected = "a text or one of session.parse(text).statements";
  checkObject("the statement", statement, expected);
  if (!("kind" in statement && "source" in statement)) refuse("the statement", statement, expected);
}

function checkInput(binds: unknown, options: unknown): void {
  checkObject("binds", binds, "an object of values by name, or a list of values");
  checkObject("the options", options);
}

/** The border between a statement's rows and what the type of its text says of them. */
function readResult<Row>(result: ResultSet<never> | ResultSet<unknown>): ResultSet<Row> {
  return result as ResultSet<Row>;
}
