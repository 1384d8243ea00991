/**
 * Calls on their way to be bought, made ready some at a time: their requests, the keys of those, and whether the ledger may
 * know them, which it is asked for many at once.
 */
import { pseudoValue } from "../catalog/pseudo-parameters.ts";
import type { ModelTable } from "../catalog/models.ts";
import type { Prepared } from "../catalog/procedure.ts";
import type { SqlValue } from "../catalog/value.ts";
import { requestKey, requestText } from "./dispatch/request-key.ts";
import type { Absence } from "./ledger/absence.ts";
import type { Call } from "./memo.ts";
import type { Seller, Terms } from "./sellers.ts";
import { countTokens } from "./tokens.ts";

/** What a call comes to. */
export type ReadyCall =
  | { readonly prepared: Extract<Prepared, { ok: false }>; readonly key?: undefined }
  | {
      readonly prepared: Extract<Prepared, { ok: true }>;
      /** Canonical JSON of the request. */
      readonly text: string;
      readonly key: string;
    };

/** By what models and prices calls are prepared. */
export interface Circumstances {
  /** `YYYY-MM-DD`: models retire by date. */
  readonly today: string;
  /** The user's own models; the shipped ones when undefined. */
  readonly modelTable: ModelTable | undefined;
}

export interface QueueOptions extends Circumstances {
  /** Undefined: it cannot be had, and calls are not made ready here. */
  readonly seller: Seller | undefined;
  readonly absence: Absence;
}

/** Few enough that what another process writes meanwhile makes little of it void. */
const readyAtOnce = 64;
/** Of the values of those calls, about: pictures and sound are made ready one by one. */
const readyBytesMax = 2 ** 20;

export class CallQueue {
  readonly #calls: readonly Call[];
  readonly #options: QueueOptions;
  #taken = 0;
  /** Of the calls from #readyFrom on. */
  #ready: readonly ReadyCall[] = [];
  #readyFrom = 0;

  constructor(calls: readonly Call[], options: QueueOptions) {
    this.#calls = calls;
    this.#options = options;
  }

  /** Undefined when all have been taken. Throws ledger/…. */
  next(): { readonly call: Call; readonly ready: ReadyCall | undefined } | undefined {
    const place = this.#taken++;
    const call = this.#calls[place];
    if (call === undefined) return undefined;
    if (place >= this.#readyFrom + this.#ready.length) this.#makeReady(place);
    return { call, ready: this.#ready[place - this.#readyFrom] };
  }

  #makeReady(from: number): void {
    const { seller, absence } = this.#options;
    if (seller === undefined) return;
    const ready: ReadyCall[] = [];
    let bytes = 0;
    for (const call of this.#calls.slice(from, from + readyAtOnce)) {
      ready.push(readyCall(call, seller, this.#options));
      bytes += sizeOf(call);
      if (bytes > readyBytesMax) break;
    }
    this.#readyFrom = from;
    this.#ready = ready;
    absence.look(ready.flatMap(({ key }) => key ?? []));
  }
}

function sizeOf({ values }: Call): number {
  return values.reduce<number>((sum, value) => sum + (isSized(value) ? value.length : 0), 0);
}

function isSized(value: SqlValue): value is string | Uint8Array {
  return typeof value === "string" || value instanceof Uint8Array;
}

export function readyCall(call: Call, seller: Seller, circumstances: Circumstances): ReadyCall {
  const prepared = prepareCall(call, seller, circumstances);
  if (!prepared.ok) return { prepared };
  const { request } = prepared;
  const text = requestText(request);
  const key = requestKey(seller.connection.identity, request, { text, separation: separation(call) });
  return { prepared, text, key };
}

/** What a call's values come to now. */
export function prepareCall(
  { procedure, values }: Call,
  { models, defaultsOf }: Terms,
  { today, modelTable }: Circumstances,
): Prepared {
  return procedure.prepare(values.slice(0, procedure.parameters.length), {
    models,
    defaults: defaultsOf(procedure),
    today,
    countTokens,
    ...(modelTable === undefined ? {} : { modelTable }),
  });
}

/** Calls that SQL keeps apart (CallKey, dedup off) keep apart in the ledger too. */
export function separation(call: Call): string {
  const callKey = pseudoValue(call.procedure, call.values, "CallKey") ?? "";
  return `${callKey}${/#\d+$/.exec(call.key)?.[0] ?? ""}`;
}
