/**
 * Calls on their way to be bought, made ready some at a time: their requests, the keys of those, and whether the ledger may
 * know them, which it is asked for many at once.
 */
import { pseudoValue } from "../catalog/pseudo-parameters.ts";
import type { ModelTable } from "../catalog/models.ts";
import type { Prepared } from "../catalog/procedure.ts";
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
  /**
   * Undefined: calls are not made ready here. Those that are not sent together take their turn: what is known of the ledger
   * would be older than the answers another process has written meanwhile.
   */
  readonly seller: Seller | undefined;
  readonly absence: Absence;
}

/** Few enough that they leave in one request or in those of one moment. */
const readyAtOnce = 64;

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
    const calls = this.#calls.slice(from, from + readyAtOnce);
    this.#readyFrom = from;
    this.#ready = calls.map((call) => readyCall(call, seller, this.#options));
    absence.look(this.#ready.flatMap(({ key }) => key ?? []));
  }
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
