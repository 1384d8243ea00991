/**
 * Pending calls → answers in the memo: validates, looks into the ledger, dispatches the rest concurrently.
 * Stops at the first failure that dooms every call; what was sent is still waited for and recorded.
 */
import { DiagnosticError, fail } from "../diagnostics/diagnostic.ts";
import { callWarning } from "../catalog/problem.ts";
import type { ApiFailure, ApiRequest } from "../catalog/request.ts";
import type {
  CallError,
  CallResult,
  CallWarning,
  Outcome,
  Prepared,
  Procedure,
  Row,
} from "../catalog/procedure.ts";
import type { SqlValue } from "../catalog/value.ts";
import { asksForTooLong, isBilling } from "./dispatch/classify.ts";
import type { Dispatched } from "./dispatch/dispatcher.ts";
import { Drain, type Patience } from "./dispatch/patience.ts";
import type { Budget, Reached, Spent } from "./budget.ts";
import { CallQueue, prepareCall, readyCall, type Circumstances, type ReadyCall } from "./call-queue.ts";
import { older, type Counts, type Progress } from "./counts.ts";
import type { Estimator, Need } from "./estimate.ts";
import type { Absence } from "./ledger/absence.ts";
import type { Ledger, Reuse } from "./ledger/ledger.ts";
import type { Answer, Call, Memo } from "./memo.ts";
import type { Order } from "./purchases.ts";
import { connectionNameOf, type Seller, type Sellers, type Terms } from "./sellers.ts";
import type { StatementRecord } from "./statement-record.ts";

/** Where a statement's calls go, and what they are counted in. */
export interface Market extends Circumstances {
  readonly sellers: Sellers;
  readonly ledger: Ledger;
  readonly record: StatementRecord;
  /** Which recorded answers are used again. */
  readonly reuse: Reuse;
  /** Answers come from the ledger alone; a call that is not recorded ends the statement. */
  readonly isReplay: boolean;
  /** What the session may still spend; reaching it stops the statement. */
  readonly budget: Budget;
  readonly estimator: Estimator;
  readonly concurrency: number;
  readonly counts: Counts;
  readonly signal: AbortSignal;
  /** How long what is in flight may still take once the signal is aborted. */
  readonly drainMs: number;
  readonly onProgress: ((progress: Progress) => void) | undefined;
  readonly onWarning: (warning: CallWarning, procedure: Procedure) => void;
}

/** `stop`: nothing more is to be sent, though nobody has given up. */
export async function buy(
  { calls, mayGrow }: Order,
  memo: Pick<Memo, "store" | "size">,
  market: Market,
  stop?: AbortSignal,
): Promise<void> {
  const startedAt = performance.now() - market.counts.elapsedMs;
  const round: Round = { done: 0, doom: undefined, error: undefined };
  const stopping = new AbortController();
  const drain = new Drain(market.signal, market.drainMs);
  const stops = [stopping.signal, market.signal, ...(stop === undefined ? [] : [stop])];
  const patience = { stop: AbortSignal.any(stops), cut: drain.cut };
  const report = (): void => {
    market.counts.elapsedMs = Math.round(performance.now() - startedAt);
    if (market.onProgress === undefined) return;
    const progress = progressOf(market, memo.size, memo.size + calls.length - round.done);
    market.onProgress(mayGrow ? { ...progress, mayGrow } : progress);
  };
  using absence = market.ledger.lookAhead();
  const work = async (queue: CallQueue): Promise<void> => {
    while (!patience.stop.aborted) {
      try {
        const next = queue.next();
        if (next === undefined) return;
        const doom = await buyOne(next.call, memo, market, patience, { ...next, absence });
        round.doom ??= doom;
      } catch (error) {
        round.error ??= error;
      }
      // The others finish what they have sent before the statement ends.
      if (round.doom !== undefined || round.error !== undefined) stopping.abort();
      round.done++;
      report();
    }
  };
  await Promise.all([...new Set(calls.map(connectionNameOf))].map((name) => findSeller(name, market)));
  report();
  const queues = queuesOf(calls, market, absence);
  await Promise.all(queues.flatMap(({ queue, workers }) => workers.map(() => work(queue))));
  drain[Symbol.dispose]();
  if (round.error !== undefined) throw round.error;
  if (round.doom !== undefined) throwDoom(round.doom);
  if (market.signal.aborted) fail("call/cancelled", {});
}

/** Calls of one procedure that are at work together at most, where it packs them. */
const packedMax = 10_240;

/** Calls that fill every request which may be in flight. */
export function callsAtOnce({ pack }: Procedure, concurrency: number, packMax = Infinity): number {
  const perRequest = Math.min(pack?.inputsMax ?? 1, packMax);
  return perRequest === 1 ? concurrency : Math.min(packedMax, concurrency * perRequest);
}

/** Calls that are at work together: while some are on their way, others are recorded, or wait to be packed. */
export function callsAtWork(procedure: Procedure, concurrency: number, packMax?: number): number {
  return Math.min(2 * callsAtOnce(procedure, concurrency, packMax), packedMax);
}

/** All workers of a queue share it: each call is taken once. */
function queuesOf(calls: readonly Call[], market: Market, absence: Absence) {
  const { concurrency, sellers } = market;
  return [...Map.groupBy(calls, connectionNameOf)].flatMap(([name, ofSeller]) =>
    [...Map.groupBy(ofSeller, ({ procedure }) => procedure)].map(([procedure, own]) => {
      const seller = sellers.known(name);
      const atWork = callsAtWork(procedure, concurrency, seller?.connection.packMax);
      const workers = Array.from({ length: Math.min(atWork, own.length) });
      return {
        queue: new CallQueue(own, { seller, absence, ...market }),
        workers,
      };
    }),
  );
}

/** Without the session's connection nothing goes on; one that a call names is missing for that call. */
async function findSeller(name: string | undefined, { sellers }: Market): Promise<Seller | CallError> {
  try {
    return await sellers.find(name);
  } catch (error) {
    if (name === undefined || !(error instanceof DiagnosticError)) throw error;
    return connectionError(error);
  }
}

/** Why the connection that a call names cannot be had, as the call's own error. */
export function connectionError({ code, message, diagnostics }: DiagnosticError): CallError {
  const found = diagnostics.find((one) => one.code === code);
  return { code, message: found?.message ?? message, hint: found?.hint, param: "Connection" };
}

interface Round {
  done: number;
  doom: Doom | undefined;
  error: unknown;
}

/** Why no further call can succeed. */
export type Doom =
  | { readonly kind: "budget"; readonly reached: Reached }
  | {
      readonly kind: "failure";
      readonly failure: ApiFailure;
      readonly attempts: number;
      /** The connection that the call named. */
      readonly connection: string | undefined;
    };

/** Where an answer is put. */
type Keeper = Pick<Memo, "store">;

/** What is known of a call beforehand. */
interface Foreseen {
  readonly ready?: ReadyCall | undefined;
  readonly absence?: Absence;
}

/** One call; what dooms all others is given back, not thrown. Without it and without an answer it was not sent in time. */
export async function buyOne(
  call: Call,
  memo: Keeper,
  market: Market,
  patience: Patience,
  { ready, absence }: Foreseen = {},
): Promise<Doom | undefined> {
  const { procedure } = call;
  const name = connectionNameOf(call);
  const seller = market.sellers.known(name) ?? (await findSeller(name, market));
  if (!("connection" in seller)) {
    refuse(call, memo, market, { connection: name ?? "", error: seller, terms: market.sellers.nobody });
    return undefined;
  }
  const { connection } = seller;
  const found = ready ?? readyCall(call, seller, market);
  if (found.key === undefined) {
    const { error } = found.prepared;
    refuse(call, memo, market, { connection: connection.name, error, terms: seller });
    return undefined;
  }
  const { prepared, text, key } = found;
  for (const warning of prepared.warnings) market.onWarning(warning, procedure);
  const { ledger } = market;
  const { request } = prepared;
  const recorded = absence?.take(key) === true ? undefined : ledger.find(key, market.reuse);
  if (recorded !== undefined) {
    market.counts.cached++;
    memo.store(call, answerOf(call, prepared, ledger.read(recorded)), recorded);
    return undefined;
  }
  if (market.isReplay) fail("ledger/not-recorded", { procedure: procedure.name });
  const need = needOf(call, request, market);
  const granted = await market.budget.hold(need, patience.stop);
  if (granted.kind === "stopped") return undefined;
  if (granted.kind === "reached") return { kind: "budget", reached: granted.reached };
  // Of a call that breaks off in between nobody knows what it cost.
  let spent: Spent | undefined = { tokens: need.tokens, usd: need.usd ?? 0 };
  try {
    let id: number | undefined;
    const onDeparting = async (): Promise<void> => {
      const started = { key, procedure: procedure.name, connection: connection.name, request };
      id = await market.record.started({ ...started, requestText: text });
    };
    const wanted = { key, request, pack: procedure.pack, onDeparting };
    // What came is let go of before its record is on disk: else all the answers of some packs are held until then.
    const land = (outcome: Dispatched): Landed => {
      const result = procedure.result(prepared, outcome);
      spent = spentOf(outcome, result, need);
      if (outcome.isShared === true) market.counts.cached++;
      else if (spent !== undefined) {
        if (wasSent(outcome)) market.counts.made++;
        market.estimator.learn(request, result.usage.outputTokens);
      }
      const doom = doomOf(outcome, name);
      if (id === undefined) return { doom };
      // One that waited for its turn in vain was no call.
      const isUnsent = outcome.attempts === 0 && outcome.failure?.kind === "cancelled";
      return isUnsent
        ? { doom, written: ledger.withdrawn(id) }
        : { doom, ...record(call, market, { id, outcome, result }) };
    };
    const { doom, written, answer } = await seller.dispatcher.dispatch(wanted, patience).then(land);
    await written;
    if (answer !== undefined) keep(call, memo, market, answer);
    return doom;
  } finally {
    granted.hold.settle(spent);
  }
}

interface Refusal {
  readonly connection: string;
  readonly error: CallError;
  readonly terms: Terms;
}

/** A call that is never sent. */
function refuse(call: Call, memo: Keeper, market: Market, { connection, error, terms }: Refusal): void {
  const { procedure } = call;
  market.counts.failed++;
  if (!market.isReplay) market.record.refused(procedure, connection, error);
  const { arguments: given } = prepareCall(call, terms, market);
  memo.store(call, { row: sqliteRow(procedure, procedure.errorRow(given, error)), error });
}

/** What is left to do of a call whose outcome has come. */
interface Landed {
  readonly doom: Doom | undefined;
  /** Absent: nothing is. */
  readonly written?: Promise<void>;
  /** For the memo, once it is written. */
  readonly answer?: Bought;
}

interface Bought {
  readonly answer: Answer;
  readonly used: Used;
  /** Of the record it can be read from again. */
  readonly id: number | undefined;
}

interface Came {
  readonly id: number;
  readonly outcome: Dispatched;
  readonly result: CallResult;
}

/** Into the ledger, and what the memo keeps of it then. */
function record(call: Call, { ledger }: Market, { id, outcome, result }: Came): Omit<Landed, "doom"> {
  const { error } = result;
  const used = usedBy(outcome, result);
  const errorOfCall = { errorCode: error?.code, errorMessage: error?.message };
  const written = ledger.ended(id, { outcome, row: result.row, ...used, ...errorOfCall });
  if (isDoomed(outcome)) return { written };
  const answer = toAnswer(call, result, outcome);
  return { written, answer: { answer, used, id: outcome.answer === undefined ? undefined : id } };
}

function keep(call: Call, memo: Keeper, { counts }: Market, { answer, used, id }: Bought): void {
  count(counts, used);
  if (answer.error !== undefined) counts.failed++;
  memo.store(call, answer, id);
}

function needOf({ procedure }: Call, request: ApiRequest, market: Market): Need {
  const need = market.estimator.need(request, market.today, market.modelTable);
  if (need.usd === undefined && market.budget.capsCost) {
    const model = String(request.body["model"]);
    market.onWarning(callWarning("call/cost-not-counted", { model }), procedure);
  }
  return need;
}

/** What nobody can tell is taken for what it may have been; undefined when nothing was sent. */
function spentOf(
  { failure, attempts, isShared }: Dispatched,
  result: CallResult,
  need: Need,
): Spent | undefined {
  if (attempts === 0 || isShared === true) return undefined;
  const { usage, costUsd } = result;
  const isUnknown = failure !== undefined && costUsd === undefined;
  const tokens = isUnknown ? need.tokens : usage.inputTokens + usage.outputTokens;
  return { tokens, usd: costUsd ?? need.usd ?? 0 };
}

/** Whether the service can have seen anything of it. What it may have cost is another question: an earlier attempt may have got there. */
function wasSent({ failure }: Dispatched): boolean {
  return failure === undefined || (failure.isUnreached !== true && !unsentKinds.has(failure.kind));
}

const unsentKinds: ReadonlySet<ApiFailure["kind"]> = new Set(["credentials", "proxy", "unavailable"]);

/** A recorded outcome as an answer to a call. */
export function answerOf(call: Call, prepared: Extract<Prepared, { ok: true }>, outcome: Outcome): Answer {
  return toAnswer(call, call.procedure.result(prepared, outcome), outcome);
}

/** What a call itself has used: an answer that several share was paid once. */
interface Used {
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Undefined when the model's price is unknown. */
  readonly costUsd: number | undefined;
  readonly costAsOf?: string | undefined;
}

function usedBy({ isShared }: Dispatched, { usage, costUsd, costAsOf }: CallResult): Used {
  if (isShared === true) return { inputTokens: 0, outputTokens: 0, costUsd: 0 };
  return { ...usage, costUsd, costAsOf };
}

function count(counts: Counts, { inputTokens, outputTokens, costUsd, costAsOf }: Used): void {
  counts.inputTokens += inputTokens;
  counts.outputTokens += outputTokens;
  counts.costUsd += costUsd ?? 0;
  counts.costAsOf = older(counts.costAsOf, costAsOf);
}

function toAnswer({ procedure }: Call, result: CallResult, outcome: Dispatched): Answer {
  const row = sqliteRow(procedure, result.row);
  if (result.error === undefined) return { row };
  const hasArrived = outcome.answer !== undefined;
  const isPassing = outcome.verdict === "retry" || outcome.verdict === "slow-down";
  return { row, error: result.error, isPassing, hasArrived };
}

/** better-sqlite3 makes REAL of every number: integers travel as bigint. */
function sqliteRow(procedure: Procedure, row: Row): Row {
  return row.map((value, index): SqlValue => {
    const isInteger = procedure.columns[index]?.type === "integer" && Number.isInteger(value);
    return isInteger && typeof value === "number" ? BigInt(value) : value;
  });
}

function doomOf(outcome: Dispatched, connection: string | undefined): Doom | undefined {
  const { failure, attempts } = outcome;
  if (failure === undefined || !isDoomed(outcome)) return undefined;
  return { kind: "failure", failure, attempts, connection };
}

function isDoomed({ failure, verdict }: Dispatched): boolean {
  // A service that cannot be reached at all will not be reached by the next call either.
  const isUnreachable = failure?.kind === "network" && verdict === "retry";
  return failure !== undefined && (verdict === "fatal" || isUnreachable);
}

export function throwDoom(doom: Doom): never {
  if (doom.kind === "budget") fail("call/budget-reached", doom.reached);
  const { failure, attempts, connection } = doom;
  const details = { message: failure.message, attempts, connection };
  if (failure.kind === "cancelled") fail("call/cancelled", {});
  if (failure.kind === "network") fail("connect/unreachable", details);
  if (failure.kind === "redirect") fail("connect/redirect", details);
  if (failure.kind === "proxy") fail("connect/proxy-refused", { ...details, hint: failure.hint });
  if (isBilling(failure)) fail("connect/no-credit", details);
  if (asksForTooLong(failure)) {
    const minutes = Math.ceil((failure.retryAfterMs ?? 0) / 60_000);
    fail("connect/asked-to-wait", { ...details, minutes });
  }
  if (failure.code === "model_not_found") fail("connect/unknown-model", details);
  fail("connect/refused", { ...details, isUnasked: failure.kind === "credentials" });
}

export function progressOf(market: Market, callsDone: number, callsKnown: number): Progress {
  const { counts, sellers } = market;
  const { costCap } = market.budget;
  return {
    callsDone,
    callsKnown,
    inFlight: sellers.inFlight,
    retries: sellers.retries,
    failed: counts.failed,
    tokens: counts.inputTokens + counts.outputTokens,
    costUsd: counts.costUsd,
    elapsedMs: counts.elapsedMs,
    ...(costCap === undefined ? {} : { costCap }),
  };
}
