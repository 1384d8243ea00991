/** One request that is wanted, and all who want it: equal requests at one time are one. */
import type { ApiRequest } from "../../catalog/request.ts";
import type { Outcome, PackRule } from "../../catalog/procedure.ts";
import type { Verdict } from "./classify.ts";
import type { Company, Patience } from "./patience.ts";
import { estimateTokens, requestTokens } from "./token-estimate.ts";

/** What is asked of the dispatcher. */
export interface Wanted {
  /** Identifies equal requests. */
  readonly key: string;
  readonly request: ApiRequest;
  /** How it may share one HTTP request with others. */
  readonly pack?: PackRule | undefined;
  /**
   * Called once, when its request has a place in flight; the request is sent when it resolves. One that rejects leaves
   * its own dispatch with that error, and is not sent for.
   */
  readonly onDeparting?: () => Promise<void>;
}

export interface Dispatched extends Outcome {
  /** What ended it; absent for an answer. */
  readonly verdict?: Verdict;
  /** An equal request was on its way already, and this is its answer: nothing was sent for this one. */
  readonly isShared?: boolean;
}

interface Taker {
  readonly patience: Patience;
  readonly onDeparting: () => Promise<void>;
  readonly take: (outcome: Dispatched) => void;
  readonly reject: (error: unknown) => void;
  /** While its onDeparting is under way. */
  departing: Promise<void> | undefined;
}

/** Nearly every request is of one work, which one taker wants: it waits for that alone. */
export function allOf(promises: readonly Promise<unknown>[]): Promise<unknown> {
  const [first] = promises;
  return first !== undefined && promises.length === 1 ? first : Promise.all(promises);
}

export class Work {
  readonly wanted: Wanted;
  readonly #takers = new Set<Taker>();
  readonly #onEnd: () => void;
  #hasDeparted = false;
  #tokens: number | undefined;
  /** Of the request it is part of, or waits with. */
  company: Company | undefined;

  constructor(wanted: Wanted, onEnd: () => void) {
    this.wanted = wanted;
    this.#onEnd = onEnd;
  }

  join(patience: Patience, onDeparting = async (): Promise<void> => undefined): Promise<Dispatched> {
    const { promise, resolve, reject } = Promise.withResolvers<Dispatched>();
    const taker: Taker = { patience, onDeparting, take: resolve, reject, departing: undefined };
    this.#takers.add(taker);
    this.company?.add(patience);
    if (this.#hasDeparted) void this.#depart(taker);
    return promise;
  }

  /** Tells all who want it that it is about to be sent. Never rejects. */
  depart(): Promise<unknown> {
    if (this.#hasDeparted) return Promise.resolve();
    this.#hasDeparted = true;
    return allOf([...this.#takers].map((taker) => this.#depart(taker)));
  }

  /** About, of the input alone where it is packed. */
  get tokens(): number {
    const { request, pack } = this.wanted;
    const input = pack === undefined ? undefined : request.body[pack.input];
    return (this.#tokens ??= typeof input === "string" ? estimateTokens(input) : requestTokens(request));
  }

  get patiences(): readonly Patience[] {
    return [...this.#takers].map(({ patience }) => patience);
  }

  /** Nobody waits for it any more. */
  get isAbandoned(): boolean {
    return this.#takers.size === 0;
  }

  end(outcome: Dispatched): void {
    this.#onEnd();
    const [first, ...others] = this.#takers;
    if (first !== undefined) give(first, outcome);
    for (const other of others) give(other, { ...outcome, isShared: true });
    this.#takers.clear();
  }

  /** Not an outcome: a connection broke its promise never to throw. */
  throw(error: unknown): void {
    this.#onEnd();
    for (const { reject } of this.#takers) reject(error);
    this.#takers.clear();
  }

  /** Who has this patience leaves without an answer. */
  dismiss(patience: Patience, outcome: Dispatched): void {
    for (const taker of this.#takers) {
      if (taker.patience !== patience) continue;
      this.#takers.delete(taker);
      give(taker, outcome);
    }
    if (this.isAbandoned) this.#onEnd();
  }

  async #depart(taker: Taker): Promise<void> {
    try {
      taker.departing = taker.onDeparting();
      await taker.departing;
    } catch (error) {
      this.#takers.delete(taker);
      taker.reject(error);
      if (this.isAbandoned) this.#onEnd();
    } finally {
      taker.departing = undefined;
    }
  }
}

/** Who joined late may get the answer before its onDeparting has ended: it takes it then. */
function give({ departing, take }: Taker, outcome: Dispatched): void {
  if (departing === undefined) take(outcome);
  else void departing.then(() => take(outcome), ignore);
}

/** A taker whose departure fails is told so by `#depart`. */
function ignore(): void {}
