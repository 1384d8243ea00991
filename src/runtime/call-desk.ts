/**
 * Calls bought in another place than their statement runs in: a statement's process sends the values of the calls it
 * lacks, the process that has the ledger and the dispatcher sends answers. Plain data both ways (2-runtime, 2.7).
 */
import { fail, type Diagnostic } from "../diagnostics/diagnostic.ts";
import type { Catalog } from "../catalog/procedure.ts";
import type { ConnectionFacts } from "../catalog/request.ts";
import type { SqlValue } from "../catalog/value.ts";
import { buy, type Market } from "./buy.ts";
import { addCounts, type Counts } from "./counts.ts";
import type { Answer, Call, Memo } from "./memo.ts";
import { addWarnings } from "./result-warnings.ts";
import type { ExecuteOptions } from "./run-input.ts";
import { known } from "../diagnostics/known.ts";

/** One call that a statement lacks. */
export interface CallOrder {
  readonly procedure: string;
  /** By parameter position; those of CallKey and Connection stand behind them. */
  readonly values: readonly SqlValue[];
  /** Tells equal calls apart where they are to be made apart. */
  readonly key: string;
}

/** What a desk gives for orders. */
export interface Delivery {
  /** One an order, in their order. */
  readonly answers: readonly Answer[];
  /** What these calls have used. */
  readonly counts: Counts;
  readonly warnings: readonly Diagnostic[];
}

/** Where a session buys its calls instead of sending them itself: the option `desk` of openSession. */
export interface CallDesk {
  /** Rejects with a DiagnosticError when the statement is to end: no credit, a budget, a cancelled statement. */
  buy(orders: readonly CallOrder[], options: Pick<ExecuteOptions, "signal">): Promise<Delivery>;
  /**
   * Answers that are recorded already, one an order and in their order; undefined for a call that would be sent. What
   * `explain` counts as recorded; default: none.
   */
  recorded?(orders: readonly CallOrder[]): Promise<readonly (Answer | undefined)[]>;
  /** Of a connection that a call names. Rejects where there is none or it may not be used; default: the session looks itself. */
  connectionFacts?(name: string): Promise<ConnectionFacts>;
}

/** Where a statement's answers go. */
export interface Orders {
  readonly memo: Pick<Memo, "store">;
  readonly counts: Counts;
  readonly warnings: Diagnostic[];
  readonly signal: AbortSignal | undefined;
}

/** The statement's side: as `buy`, but at a desk. */
export async function orderCalls(desk: CallDesk, calls: readonly Call[], orders: Orders): Promise<void> {
  const { memo, counts, warnings, signal } = orders;
  const delivery = await desk.buy(calls.map(orderOf), signal === undefined ? {} : { signal });
  for (const [index, call] of calls.entries()) {
    const answer = delivery.answers[index];
    if (answer !== undefined) memo.store(call, answer);
  }
  addCounts(counts, delivery.counts);
  addWarnings(warnings, delivery.warnings);
}

/** The desk's side. Throws bind/unknown-procedure, and what `buy` throws. */
export async function fillOrders(
  catalog: Catalog,
  orders: readonly CallOrder[],
  { market, warnings }: { readonly market: Market; readonly warnings: readonly Diagnostic[] },
): Promise<Delivery> {
  const calls = orders.map((order) => callOf(catalog, order));
  const answers = new Map<string, Answer>();
  await buy(
    { calls, mayGrow: false },
    { size: calls.length, store: (call, answer) => void answers.set(call.key, answer) },
    market,
  );
  return { answers: calls.map(({ key }) => known(answers.get(key))), counts: market.counts, warnings };
}

export function orderOf({ procedure, values, key }: Call): CallOrder {
  return { procedure: procedure.name, values, key };
}

/** Throws bind/unknown-procedure. */
export function callOf(catalog: Catalog, { procedure, values, key }: CallOrder): Call {
  const found = catalog.find(procedure) ?? fail("bind/unknown-procedure", { procedure });
  return { procedure: found, values, key };
}
