/**
 * Requests → outcomes: sends through a connection with bounded, adaptive concurrency, retries what can be retried, packs
 * what may share a request, and makes equal requests in flight one request. Knows no SQL and no procedure (2-runtime,
 * 2.3 and 2.7).
 */
import type { Connection } from "../../catalog/request.ts";
import type { BackoffRule } from "./backoff.ts";
import { ChurnMap } from "./churn-map.ts";
import { systemClock, type Clock } from "./clock.ts";
import { fly, type Airline } from "./flight.ts";
import { Limiter } from "./limiter.ts";
import { packGroup } from "./pack.ts";
import type { Patience } from "./patience.ts";
import { Pools } from "./pools.ts";
import { Work, type Dispatched, type Wanted } from "./work.ts";

export type { Dispatched, Wanted } from "./work.ts";

export interface DispatchOptions {
  /** Requests in flight, 1 to 512. */
  readonly concurrency: number;
  /** Attempts a call, the first included. */
  readonly attemptsMax: number;
  /** Of one attempt, body included. */
  readonly timeoutMs: number;
  readonly backoff: BackoffRule;
  readonly clock?: Clock;
}

export class Dispatcher {
  readonly #limiter: Limiter;
  readonly #airline: Airline;
  readonly #pools: Pools;
  readonly #works = new ChurnMap<string, Work>();
  #retries = 0;

  constructor(connection: Connection, options: DispatchOptions) {
    const { concurrency, attemptsMax, timeoutMs, backoff, clock = systemClock } = options;
    const limiter = new Limiter({ max: concurrency, backoff, clock });
    const onRetry = (): number => this.#retries++;
    this.#limiter = limiter;
    this.#airline = { connection, limiter, clock, attemptsMax, timeoutMs, backoff, onRetry };
    this.#pools = new Pools({
      limiter,
      packMax: connection.packMax ?? Infinity,
      depart: (works, place) => void fly(this.#airline, works, { place }),
    });
  }

  /** HTTP requests. */
  get inFlight(): number {
    return this.#limiter.inFlight;
  }

  /** Attempts beyond the first, since the dispatcher was made. */
  get retries(): number {
    return this.#retries;
  }

  /** A cancelled request is a `cancelled` failure. Rejects only with what a connection throws against its promise. */
  dispatch(wanted: Wanted, patience: Patience): Promise<Dispatched> {
    const running = this.#works.get(wanted.key);
    // One that everybody else has given up may end without an answer.
    if (running?.company?.stop.aborted === false) return running.join(patience, wanted.onDeparting);
    const work = new Work(wanted, () => {
      if (this.#works.get(wanted.key) === work) this.#works.delete(wanted.key);
    });
    this.#works.set(wanted.key, work);
    const outcome = work.join(patience, wanted.onDeparting);
    const group = packGroup(wanted);
    if (group === undefined || wanted.pack === undefined) void fly(this.#airline, [work]);
    else this.#pools.add(group, work, wanted.pack);
    return outcome;
  }
}
