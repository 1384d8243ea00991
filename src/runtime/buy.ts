/**
 * Pending calls → answers in the memo: validates, looks into the ledger, dispatches the rest concurrently.
 * Stops at the first failure that dooms every call; what was sent is still waited for and recorded.
 */
import { fail } from "../diagnostics/diagnostic.ts";
import type { ConnectionModels, Connection, ApiFailure } from "../catalog/request.ts";
import type { CallWarning, Defaults, Prepared, Procedure, Row } from "../catalog/procedure.ts";
import type { SqlValue } from "../catalog/value.ts";
import { isBilling } from "./dispatch/classify.ts";
import type { Dispatched, Dispatcher } from "./dispatch/dispatcher.ts";
import { requestKey } from "./dispatch/request-key.ts";
import type { Counts, Progress } from "./counts.ts";
import type { Ledger } from "./ledger/ledger.ts";
import type { Call, Memo } from "./memo.ts";

/** Where a statement's calls go, and what they are counted in. */
export interface Market {
  readonly connection: Connection;
  readonly dispatcher: Dispatcher;
  readonly ledger: Ledger;
  readonly models: ConnectionModels;
  readonly defaultsOf: (procedure: Procedure) => Defaults;
  /** Whether successes of earlier statements are used again. */
  readonly reuses: boolean;
  /** Calls the session may still send; reaching it stops the statement. */
  readonly allowance: { callsLeft: number };
  readonly concurrency: number;
  /** Keeps calls apart that SQL keeps apart (dedup off, CallKey). */
  readonly counts: Counts;
  /** `YYYY-MM-DD`: models retire by date. */
  readonly today: string;
  readonly signal: AbortSignal;
  readonly onProgress: ((progress: Progress) => void) | undefined;
  readonly onWarning: (warning: CallWarning, procedure: Procedure) => void;
}

export async function buy(calls: readonly Call[], memo: Memo, market: Market): Promise<void> {
  const startedAt = performance.now() - market.counts.elapsedMs;
  const round = { done: 0, fatal: undefined as Doom | undefined };
  const queue = calls[Symbol.iterator]();
  const report = (): void => {
    market.counts.elapsedMs = Math.round(performance.now() - startedAt);
    market.onProgress?.(progressOf(market, memo.size, memo.size + calls.length - round.done));
  };
  const work = async (): Promise<void> => {
    // All workers share one iterator: each call is taken once.
    for (const call of queue) {
      if (round.fatal !== undefined || market.signal.aborted) return;
      round.fatal ??= await buyOne(call, memo, market);
      round.done++;
      report();
    }
  };
  report();
  await Promise.all(Array.from({ length: Math.min(market.concurrency, calls.length) }, work));
  if (round.fatal !== undefined) throwDoom(round.fatal);
  if (market.signal.aborted) fail("call/cancelled", {});
}

/** Why no further call can succeed. */
type Doom =
  | { readonly kind: "budget"; readonly max: number }
  | { readonly kind: "failure"; readonly failure: ApiFailure; readonly attempts: number };

async function buyOne(call: Call, memo: Memo, market: Market): Promise<Doom | undefined> {
  const { procedure } = call;
  const values = call.values.slice(0, procedure.parameters.length);
  const prepared = procedure.prepare(values, {
    models: market.models,
    defaults: market.defaultsOf(procedure),
    today: market.today,
  });
  if (!prepared.ok) {
    market.counts.failed++;
    const row = sqliteRow(procedure, procedure.errorRow(prepared.arguments, prepared.error));
    memo.store(call, { row, error: prepared.error });
    return undefined;
  }
  for (const warning of prepared.warnings) market.onWarning(warning, procedure);
  const key = requestKey(market.connection.identity, prepared.request) + separation(call);
  const recorded = market.reuses ? market.ledger.find(key) : undefined;
  if (recorded !== undefined) {
    market.counts.cached++;
    settle(call, prepared, recorded, memo, market, false);
    return undefined;
  }
  if (market.allowance.callsLeft <= 0) return { kind: "budget", max: market.counts.made };
  market.allowance.callsLeft--;
  market.counts.made++;
  const outcome = await market.dispatcher.dispatch(key, prepared.request, market.signal);
  if (outcome.answer !== undefined) market.ledger.succeeded(key, outcome);
  const doom = doomOf(outcome);
  if (doom === undefined) settle(call, prepared, outcome, memo, market, true);
  return doom;
}

/** Calls that SQL keeps apart (CallKey, dedup off) keep apart in the ledger too. */
function separation(call: Call): string {
  const callKey = call.values[call.procedure.parameters.length] ?? null;
  const occurrence = /#\d+$/.exec(call.key)?.[0] ?? "";
  return callKey === null ? occurrence : `/${String(callKey)}${occurrence}`;
}

function settle(
  call: Call,
  prepared: Extract<Prepared, { ok: true }>,
  outcome: Dispatched,
  memo: Memo,
  market: Market,
  isPaid: boolean,
): void {
  const { counts } = market;
  const result = call.procedure.result(prepared, outcome);
  if (isPaid) {
    counts.inputTokens += result.usage.inputTokens;
    counts.outputTokens += result.usage.outputTokens;
    counts.costUsd += result.costUsd ?? 0;
  }
  if (result.error !== undefined) counts.failed++;
  const row = sqliteRow(call.procedure, result.row);
  const hasArrived = outcome.answer !== undefined;
  const isPassing = outcome.verdict === "retry" || outcome.verdict === "slow-down";
  memo.store(
    call,
    result.error === undefined ? { row } : { row, error: result.error, isPassing, hasArrived },
  );
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
