/**
 * Pending calls → answers in the memo: validates, looks into the ledger, dispatches the rest concurrently.
 * Stops at the first failure that dooms every call; what was sent is still waited for and recorded.
 */
import { fail } from "../diagnostics/diagnostic.ts";
import type { ConnectionModels, Connection, ApiFailure } from "../catalog/request.ts";
import type {
  CallResult,
  CallWarning,
  Defaults,
  Outcome,
  Prepared,
  Procedure,
  Row,
} from "../catalog/procedure.ts";
import type { ModelTable } from "../catalog/models.ts";
import type { SqlValue } from "../catalog/value.ts";
import { asksForTooLong, isBilling } from "./dispatch/classify.ts";
import type { Dispatched, Dispatcher } from "./dispatch/dispatcher.ts";
import { requestKey, requestText } from "./dispatch/request-key.ts";
import type { Counts, Progress } from "./counts.ts";
import type { Ledger, Reuse } from "./ledger/ledger.ts";
import type { Run } from "./ledger/runs.ts";
import type { Answer, Call, Memo } from "./memo.ts";

/** Where a statement's calls go, and what they are counted in. */
export interface Market {
  readonly connection: Connection;
  readonly dispatcher: Dispatcher;
  readonly ledger: Ledger;
  readonly models: ConnectionModels;
  readonly defaultsOf: (procedure: Procedure) => Defaults;
  readonly run: Run;
  /** Which recorded answers are used again. */
  readonly reuse: Reuse;
  /** Answers come from the ledger alone; a call that is not recorded ends the statement. */
  readonly isReplay: boolean;
  /** Calls the session may still send; reaching it stops the statement. */
  readonly allowance: { callsLeft: number };
  readonly concurrency: number;
  readonly counts: Counts;
  /** `YYYY-MM-DD`: models retire by date. */
  readonly today: string;
  /** The user's own models; the shipped ones when undefined. */
  readonly modelTable: ModelTable | undefined;
  readonly signal: AbortSignal;
  readonly onProgress: ((progress: Progress) => void) | undefined;
  readonly onWarning: (warning: CallWarning, procedure: Procedure) => void;
}

export async function buy(calls: readonly Call[], memo: Memo, market: Market): Promise<void> {
  const startedAt = performance.now() - market.counts.elapsedMs;
  const round: Round = { done: 0, doom: undefined, error: undefined };
  const queue = calls[Symbol.iterator]();
  const report = (): void => {
    market.counts.elapsedMs = Math.round(performance.now() - startedAt);
    market.onProgress?.(progressOf(market, memo.size, memo.size + calls.length - round.done));
  };
  const work = async (): Promise<void> => {
    // All workers share one iterator: each call is taken once.
    for (const call of queue) {
      if (round.doom !== undefined || round.error !== undefined || market.signal.aborted) return;
      try {
        const doom = await buyOne(call, memo, market);
        round.doom ??= doom;
      } catch (error) {
        // The others finish what they have sent before the statement ends.
        round.error ??= error;
      }
      round.done++;
      report();
    }
  };
  report();
  await Promise.all(Array.from({ length: Math.min(market.concurrency, calls.length) }, work));
  if (round.error !== undefined) throw round.error;
  if (round.doom !== undefined) throwDoom(round.doom);
  if (market.signal.aborted) fail("call/cancelled", {});
}

interface Round {
  done: number;
  doom: Doom | undefined;
  error: unknown;
}

/** Why no further call can succeed. */
type Doom =
  | { readonly kind: "budget"; readonly max: number }
  | { readonly kind: "failure"; readonly failure: ApiFailure; readonly attempts: number };

async function buyOne(call: Call, memo: Memo, market: Market): Promise<Doom | undefined> {
  const { procedure } = call;
  const prepared = prepareCall(call, market);
  if (!prepared.ok) {
    market.counts.failed++;
    const row = sqliteRow(procedure, procedure.errorRow(prepared.arguments, prepared.error));
    memo.store(call, { row, error: prepared.error });
    return undefined;
  }
  for (const warning of prepared.warnings) market.onWarning(warning, procedure);
  const { ledger, connection, run } = market;
  const { request } = prepared;
  const key = requestKey(connection.identity, request, separation(call));
  const recorded = ledger.find(key, market.reuse, run);
  if (recorded !== undefined) {
    market.counts.cached++;
    memo.store(call, answerOf(call, prepared, ledger.read(recorded)), recorded);
    return undefined;
  }
  if (market.isReplay) fail("ledger/not-recorded", { procedure: procedure.name });
  if (market.allowance.callsLeft <= 0) return { kind: "budget", max: market.counts.made };
  market.allowance.callsLeft--;
  market.counts.made++;
  const started = { key, procedure: procedure.name, connection: connection.name, request };
  const id = await ledger.started({ ...started, requestText: requestText(request) }, run);
  const outcome = await market.dispatcher.dispatch(key, request, market.signal);
  const result = procedure.result(prepared, outcome);
  const { usage, costUsd, error } = result;
  const ended = { outcome, ...usage, costUsd, errorCode: error?.code, errorMessage: error?.message };
  await ledger.ended(id, ended);
  const doom = doomOf(outcome);
  if (doom !== undefined) return doom;
  count(market.counts, result);
  memo.store(call, toAnswer(call, result, outcome), outcome.answer === undefined ? undefined : id);
  return undefined;
}

/** What a call's values come to now. */
export function prepareCall(
  { procedure, values }: Call,
  market: Pick<Market, "models" | "defaultsOf" | "today" | "modelTable">,
): Prepared {
  return procedure.prepare(values.slice(0, procedure.parameters.length), {
    models: market.models,
    defaults: market.defaultsOf(procedure),
    today: market.today,
    ...(market.modelTable === undefined ? {} : { modelTable: market.modelTable }),
  });
}

/** A recorded outcome as an answer to a call. */
export function answerOf(call: Call, prepared: Extract<Prepared, { ok: true }>, outcome: Outcome): Answer {
  return toAnswer(call, call.procedure.result(prepared, outcome), outcome);
}

/** Calls that SQL keeps apart (CallKey, dedup off) keep apart in the ledger too. */
function separation(call: Call): string {
  const callKey = call.values[call.procedure.parameters.length] ?? null;
  const occurrence = /#\d+$/.exec(call.key)?.[0] ?? "";
  return callKey === null ? occurrence : `${String(callKey)}${occurrence}`;
}

function count(counts: Counts, { usage, costUsd, error }: CallResult): void {
  counts.inputTokens += usage.inputTokens;
  counts.outputTokens += usage.outputTokens;
  counts.costUsd += costUsd ?? 0;
  if (error !== undefined) counts.failed++;
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

function doomOf(outcome: Dispatched): Doom | undefined {
  const { failure, verdict, attempts } = outcome;
  if (failure === undefined) return undefined;
  // A service that cannot be reached at all will not be reached by the next call either.
  const isUnreachable = failure.kind === "network" && verdict === "retry";
  return verdict === "fatal" || isUnreachable ? { kind: "failure", failure, attempts } : undefined;
}

function throwDoom(doom: Doom): never {
  if (doom.kind === "budget") fail("call/budget-reached", { made: doom.max });
  const { failure, attempts } = doom;
  const details = { message: failure.message, attempts };
  if (failure.kind === "cancelled") fail("call/cancelled", {});
  if (failure.kind === "network") fail("connect/unreachable", details);
  if (failure.kind === "redirect") fail("connect/redirect", details);
  if (isBilling(failure)) fail("connect/no-credit", details);
  if (asksForTooLong(failure)) {
    const minutes = Math.ceil((failure.retryAfterMs ?? 0) / 60_000);
    fail("connect/asked-to-wait", { ...details, minutes });
  }
  if (failure.code === "model_not_found") fail("connect/unknown-model", details);
  fail("connect/refused", details);
}

function progressOf(market: Market, callsDone: number, callsKnown: number): Progress {
  const { counts, dispatcher } = market;
  return {
    callsDone,
    callsKnown,
    inFlight: dispatcher.inFlight,
    retries: dispatcher.retries,
    failed: counts.failed,
    tokens: counts.inputTokens + counts.outputTokens,
    costUsd: counts.costUsd,
    elapsedMs: counts.elapsedMs,
  };
}
