/**
 * One replay pass: runs a statement inside a savepoint against what is known of its calls, and tells either which
 * calls to buy or that nothing was missing. Never waits: no await between its start and its end. It sends nothing,
 * and knows nothing of the API (2-runtime, 2.1; 2.7: the seam where a child process would attach).
 */
import type { Database } from "better-sqlite3";
import { fail } from "../diagnostics/diagnostic.ts";
import type { CallError } from "../catalog/procedure.ts";
import type { SqlValue } from "../catalog/value.ts";
import { NumberSet } from "./call-index.ts";
import { CallKeys, type Answer, type Call, type Memo } from "./memo.ts";
import { placeholderRow, type Placeholder } from "./placeholder.ts";
import { columnOf, readRow, type ResultColumn } from "./result-set.ts";
import type { BoundValues, Plan } from "./plan.ts";
import type { Answering, PrivateFunctions } from "./private-functions.ts";
import { missedName, siteName, type PrivateName } from "./private-name.ts";

/** What stays the same in all passes of one statement. */
export interface Stage {
  readonly db: Database;
  readonly functions: PrivateFunctions;
  readonly text: string;
  readonly binds: BoundValues;
  readonly plan: Plan;
  readonly memo: Memo;
  /** The table whose writes are skipped once a call has missed: `schema.table` quoted, and the verb. */
  readonly guarded: { readonly table: string; readonly verb: "INSERT" | "UPDATE" | "DELETE" } | undefined;
  /** Equal calls are one call. */
  readonly dedup: boolean;
  /** Which failed calls end the statement; the others are rows that say why. */
  readonly endsOn: "nothing" | "no-answer" | "any-failure";
  /** Puts the surroundings back to where the statement began. */
  readonly onStart: () => void;
  /** Rows of a clean pass that are kept; one that has more is run again to be streamed. */
  readonly rowsKept: number;
}

export interface Attempt {
  readonly placeholder: Placeholder;
  /**
   * The pass stops once it holds this many new calls; with a limit, once it has met this many different ones from the
   * first that was missing on: whatever comes in first, no more than these can turn out not to be needed.
   */
  readonly windowMax: number;
  /** Key of the call the pass before missed first: a statement that does not ask for it again is unstable. */
  readonly expected: string | undefined;
  /** Keys of calls that are being bought: missing, but not to be bought again. */
  readonly open?: ReadonlySet<string>;
  /** Told of every call, answered or not. What it throws once a call has missed ends the pass. */
  readonly onAsked?: (asked: Asked) => void;
}

/** A call as SQLite asked for it. */
export interface Asked {
  readonly name: PrivateName;
  readonly call: Call;
  /** No placeholder can have had a part in it. */
  readonly isSound: boolean;
}

export type PassOutcome = Missed | Clean;

export interface Missed {
  readonly kind: "missed";
  /** Certain to be needed; bought or being bought. */
  readonly first: Call;
  /** To be bought, in the order SQLite asked. */
  readonly pending: readonly Call[];
  /** The window is full: there may be more to find before these have answers. */
  readonly isFull: boolean;
  readonly askedExpected: boolean;
  /** SQLite failed after the first miss: perhaps because of the placeholder. */
  readonly failed: boolean;
  /** All placeholders of the pass were given to one and the same call. */
  readonly isOneCall: boolean;
}

/** The savepoint is still open: `keep` or `discard` it. */
export interface Clean {
  readonly kind: "clean";
  readonly askedExpected: boolean;
  readonly columns: readonly ResultColumn[];
  readonly rows: readonly (readonly SqlValue[])[];
  /** More rows than were kept. */
  readonly hasMore: boolean;
  readonly affectedRows: number;
  readonly lastInsertRowid: bigint;
  readonly failures: readonly RowFailure[];
  /** Different calls the statement asked for. */
  readonly callsUsed: number;
}

/** A failed call that a row of the result met. */
export interface RowFailure {
  readonly call: Call;
  readonly error: CallError;
  readonly isPassing: boolean;
  /** Number of the call site, as in its private name. */
  readonly site: number;
  /** From 1; undefined where calls are made before there are rows (ORDER BY, GROUP BY, a write). */
  readonly row: number | undefined;
}

/** Thrown through SQLite to end a pass whose window is full. */
class WindowFull extends Error {}

/** Thrown through SQLite when a call that is needed has failed and the statement is to end with it. */
export class CallFailed extends Error {
  readonly failure: RowFailure;
  constructor(failure: RowFailure) {
    super(failure.error.message);
    this.failure = failure;
  }
}

const savepoint = "callsql_pass";
const guard = "callsql_guard";

/** Throws what SQLite throws, if it comes before any miss; CallFailed; DiagnosticError when a transaction is gone. */
export function runPass(stage: Stage, attempt: Attempt): PassOutcome {
  const { db, functions } = stage;
  const wasInTransaction = db.inTransaction;
  const recorder = new Recorder(stage, attempt);
  stage.onStart();
  db.exec(`SAVEPOINT ${savepoint}`);
  let result: Produced;
  try {
    installGuard(stage);
    functions.answering = recorder;
    result = produce(stage, recorder);
  } catch (error) {
    const { first } = recorder;
    if (first === undefined) return endRefused(stage, error);
    discard(db, wasInTransaction);
    return recorder.missed(first, error instanceof WindowFull ? "full" : "failed");
  } finally {
    functions.answering = undefined;
  }
  if (recorder.first !== undefined) {
    discard(db, wasInTransaction);
    return recorder.missed(recorder.first, "whole");
  }
  removeGuard(stage);
  const { failures, askedExpected, callsUsed } = recorder;
  return { kind: "clean", ...result, failures, askedExpected, callsUsed };
}

/** Whether a failed call is the end of its statement, or a row of it. */
export function endsStatement(endsOn: Stage["endsOn"], { hasArrived }: Answer): boolean {
  return endsOn === "any-failure" || (endsOn === "no-answer" && hasArrived !== true);
}

/** Commits a clean pass, or hands its changes to the user's transaction. */
export function keep(db: Database): void {
  db.exec(`RELEASE ${savepoint}`);
}

/** Undoes a pass. A conflict clause or RAISE(ROLLBACK) may have ended the user's transaction with it. */
export function discard(db: Database, wasInTransaction: boolean): void {
  if (db.inTransaction) db.exec(`ROLLBACK TO ${savepoint}; RELEASE ${savepoint}`);
  else if (wasInTransaction) fail("plan/transaction-lost", {});
}

/** SQLite has undone what it undoes of a refused statement: OR FAIL keeps rows, OR ROLLBACK ends the transaction. */
function endRefused(stage: Stage, error: unknown): never {
  const { db } = stage;
  if (db.inTransaction) {
    if (error instanceof CallFailed) db.exec(`ROLLBACK TO ${savepoint}`);
    removeGuard(stage);
    db.exec(`RELEASE ${savepoint}`);
  }
  throw error;
}

interface Produced {
  /** Empty for a statement that gives no rows. */
  readonly columns: readonly ResultColumn[];
  readonly rows: readonly (readonly SqlValue[])[];
  readonly hasMore: boolean;
  readonly affectedRows: number;
  readonly lastInsertRowid: bigint;
}

function produce(stage: Stage, recorder: Recorder): Produced {
  const statement = stage.db.prepare(stage.text).safeIntegers();
  if (!statement.reader) {
    const { changes, lastInsertRowid } = statement.run(stage.binds);
    return {
      columns: [],
      rows: [],
      hasMore: false,
      affectedRows: changes,
      lastInsertRowid: BigInt(lastInsertRowid),
    };
  }
  const columns = statement.columns().map((column) => columnOf(column, stage.functions.names));
  const rowsKept = statement.readonly ? stage.rowsKept : Infinity;
  const rows: (readonly SqlValue[])[] = [];
  for (const row of statement.raw().iterate(stage.binds)) {
    recorder.rowsDone++;
    if (recorder.first === undefined && rows.length < rowsKept) rows.push(readRow(row));
  }
  const affectedRows = statement.readonly ? 0 : rows.length;
  return { columns, rows, hasMore: recorder.rowsDone > rows.length, affectedRows, lastInsertRowid: 0n };
}

/** Answers the second run of a clean pass: everything it asks for has been asked before. */
export function replaying(stage: Stage): Answering {
  const keys = new CallKeys(stage.dedup);
  return {
    hasTopLevelMiss: false,
    lookup: ({ procedure }, values) => {
      const answer = stage.memo.find({ key: keys.next(procedure, values), procedure, values });
      return answer === undefined ? fail("plan/unstable-arguments", { procedure: procedure.name }) : answer;
    },
  };
}

/**
 * After a miss, writes of the top-level statement are skipped, so that NOT NULL, UNIQUE, CHECK and the like never see
 * a placeholder (2-runtime, rule 2). Not where the statement may read what it writes: it would read a wrong state.
 */
function installGuard(stage: Stage): void {
  if (stage.guarded === undefined || stage.plan.seesOwnEffects) return;
  const { table, verb } = stage.guarded;
  try {
    stage.db.exec(
      `CREATE TEMP TRIGGER ${guard} BEFORE ${verb} ON ${table} WHEN ${missedName}() BEGIN SELECT RAISE(IGNORE); END`,
    );
  } catch {
    // Views and virtual tables take no BEFORE trigger: discovery then goes one failing row at a time.
  }
}

function removeGuard(stage: Stage): void {
  if (stage.guarded !== undefined) stage.db.exec(`DROP TRIGGER IF EXISTS temp.${guard}`);
}

/** Answers SQLite's questions in one pass and notes those it cannot answer. */
class Recorder implements Answering {
  first: Call | undefined;
  askedExpected: boolean;
  rowsDone = 0;
  readonly failures: RowFailure[] = [];
  readonly #stage: Stage;
  readonly #attempt: Attempt;
  readonly #pending = new Map<string, Call>();
  /** Keys of what was asked for from the first miss on. */
  readonly #spent = new Set<string>();
  /** Numbers of answered calls. */
  readonly #used = new NumberSet();
  #hasOtherMiss = false;
  readonly #keys: CallKeys;
  #firstName: string | undefined;
  #lowestMissed = Infinity;

  constructor(stage: Stage, attempt: Attempt) {
    this.#stage = stage;
    this.#attempt = attempt;
    this.#keys = new CallKeys(stage.dedup);
    this.askedExpected = attempt.expected === undefined;
  }

  hasTopLevelMiss = false;

  get callsUsed(): number {
    return this.#used.size;
  }

  lookup(name: PrivateName, values: readonly SqlValue[]): Answer | undefined {
    const call: Call = { key: this.#keys.next(name.procedure, values), procedure: name.procedure, values };
    if (call.key === this.#attempt.expected) this.askedExpected = true;
    const { memo } = this.#stage;
    const number = memo.numberOf(call);
    const isSound = this.#attempt.onAsked !== undefined && this.#isSound(siteName(name).toLowerCase());
    if (number !== undefined) {
      const answer = memo.answer(number, call);
      this.#attempt.onAsked?.({ name, call, isSound });
      if (this.first === undefined) this.#use(number, { call, site: name.number }, answer);
      else if (this.#stage.plan.hasLimit) this.#spend(call);
      return answer;
    }
    this.#miss(siteName(name).toLowerCase(), call);
    this.#attempt.onAsked?.({ name, call, isSound });
    const recent = memo.recentOf(name.procedure);
    const row = placeholderRow(this.#attempt.placeholder, call, recent);
    return row === undefined ? undefined : { row };
  }

  missed(first: Call, end: "full" | "failed" | "whole"): Missed {
    return {
      kind: "missed",
      first,
      pending: [...this.#pending.values()],
      askedExpected: this.askedExpected,
      isFull: end === "full",
      failed: end === "failed",
      isOneCall: !this.#hasOtherMiss,
    };
  }

  #use(number: number, asked: Pick<RowFailure, "call" | "site">, answer: Answer): void {
    const isNew = this.#used.add(number);
    if (answer.error === undefined || !isNew) return;
    const failure = {
      ...asked,
      error: answer.error,
      isPassing: answer.isPassing === true,
      row: this.#stage.plan.isRowByRow ? this.rowsDone + 1 : undefined,
    };
    if (endsStatement(this.#stage.endsOn, answer)) throw new CallFailed(failure);
    this.failures.push(failure);
  }

  #miss(name: string, call: Call): void {
    this.first ??= call;
    this.#hasOtherMiss ||= call.key !== this.first.key;
    this.#firstName ??= name;
    // A call in RETURNING comes after the row is written: skipping writes would hide the next one.
    if ((this.#stage.plan.addresses.get(name) ?? 0) < this.#stage.plan.writeAddress)
      this.hasTopLevelMiss = true;
    if (!this.#isSound(name)) return;
    if (this.#stage.plan.isCertain) this.#lowestMissed = this.#addressOf(name);
    const isOpen = this.#attempt.open?.has(call.key) === true;
    if (!isOpen) this.#pending.set(call.key, call);
    if (this.#stage.plan.hasLimit) this.#spend(call);
    else if (!isOpen && this.#pending.size >= this.#attempt.windowMax) throw new WindowFull();
  }

  /** Takes a place in the window of a statement that may stop early. */
  #spend({ key }: Call): void {
    this.#spent.add(key);
    if (this.#spent.size >= this.#attempt.windowMax) throw new WindowFull();
  }

  /**
   * Whether this miss can be recorded although earlier ones were given placeholders. In a certain plan nothing at a
   * lower address may have missed before it; otherwise only the site that missed first is recorded, and the caller
   * keeps what all placeholders agree on.
   */
  #isSound(name: string): boolean {
    if (this.#stage.plan.isCertain) return this.#addressOf(name) <= this.#lowestMissed;
    return this.#firstName === undefined || name === this.#firstName;
  }

  #addressOf(name: string): number {
    return this.#stage.plan.addresses.get(name) ?? Infinity;
  }
}
