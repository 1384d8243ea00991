/**
 * When a request may be sent: bounded in flight, halved when the service asks to slow down and growing while answers
 * come cleanly, paced by the limits that answers report, nothing but one probe after a refusal until it is answered
 * (2-runtime, 2.3). First come, first served. Knows no request.
 */
import type { RateLimit } from "../../catalog/request.ts";
import { coolDownMs, type BackoffRule } from "./backoff.ts";
import { systemClock, type Clock } from "./clock.ts";
import { RateBucket, type Taken } from "./rate-bucket.ts";

export interface LimiterOptions {
  /** Requests in flight at most. */
  readonly max: number;
  readonly backoff: BackoffRule;
  readonly clock?: Clock;
}

/** A place in flight; to be given back with `leave`. */
export interface Place {
  readonly requests: Taken;
  readonly tokens: Taken;
  /** Refusals known when it was given: those after it tell of one and the same trouble. */
  readonly refusals: number;
  readonly isProbe: boolean;
}

/** clean: the service did its work, or refused this request alone. failed: nothing is known. refused: slow down. */
export type Leaving = {
  readonly kind: "clean" | "failed" | "refused";
  readonly retryAfterMs?: number | undefined;
  readonly rateLimit?: RateLimit | undefined;
};

interface Waiting {
  /** Of the request, about. Asked when it may go. */
  readonly tokens: () => number;
  readonly admit: (place: Place) => void;
}

/** What is sent before the first answer has told anything about limits. */
const blindMax = 16;
/** A tenth more for as many answers as are in flight, but at least one. */
const growth = 0.1;

export class Limiter {
  readonly #max: number;
  readonly #backoff: BackoffRule;
  readonly #clock: Clock;
  readonly #requests = new RateBucket();
  readonly #tokens = new RateBucket();
  readonly #queue = new Set<Waiting>();
  #limit: number;
  #inFlight = 0;
  #isBlind = true;
  #coolUntil = -Infinity;
  /** In all, and since the last clean answer. */
  #refusals = 0;
  #refusalsInRow = 0;
  #isProbing = false;
  #cancelTimer: (() => void) | undefined;

  constructor({ max, backoff, clock = systemClock }: LimiterOptions) {
    this.#max = max;
    this.#backoff = backoff;
    this.#clock = clock;
    this.#limit = Math.min(max, blindMax);
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** Requests that may be in flight now. */
  get limit(): number {
    return Math.floor(this.#limit);
  }

  /** Waits for a place. Rejects with the signal's reason. */
  async enter(signal: AbortSignal, tokens: () => number = () => 0): Promise<Place> {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<Place>();
    const waiting: Waiting = { tokens, admit: resolve };
    const abort = (): void => {
      if (!this.#queue.delete(waiting)) return;
      reject(signal.reason);
      this.#pump();
    };
    this.#queue.add(waiting);
    this.#pump();
    if (!this.#queue.has(waiting)) return promise;
    signal.addEventListener("abort", abort, { once: true });
    try {
      return await promise;
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  leave(place: Place, { kind, retryAfterMs, rateLimit }: Leaving): void {
    const now = this.#clock.now();
    this.#inFlight--;
    if (place.isProbe) this.#isProbing = false;
    // Refusals come at once, or late for reasons that count anew.
    const asOf = kind === "refused" ? now : undefined;
    this.#requests.report(rateLimit?.requests, place.requests, now, asOf);
    this.#tokens.report(rateLimit?.tokens, place.tokens, now, asOf);
    if (kind === "refused") this.#slowDown(place, retryAfterMs, now);
    if (kind === "clean") this.#speedUp(place);
    this.#pump();
  }

  #speedUp(place: Place): void {
    // An answer to what was sent before the refusal does not take it back.
    if (place.refusals !== this.#refusals) return;
    this.#refusalsInRow = 0;
    if (this.#isBlind) this.#limit = this.#max;
    else this.#limit = Math.min(this.#max, this.#limit + Math.max(growth, 1 / this.#limit));
    this.#isBlind = false;
  }

  #slowDown(place: Place, retryAfterMs: number | undefined, now: number): void {
    const isNews = place.refusals === this.#refusals;
    if (isNews) {
      this.#refusals++;
      this.#refusalsInRow++;
      if (!place.isProbe) this.#limit = Math.max(1, Math.floor(this.#limit / 2));
    }
    this.#isBlind = false;
    if (!isNews && retryAfterMs === undefined) return;
    const refused = { refusals: this.#refusalsInRow, waiting: this.#queue.size + 1 };
    const waitMs = coolDownMs(refused, retryAfterMs, this.#backoff);
    this.#coolUntil = Math.max(this.#coolUntil, now + waitMs);
  }

  /** Lets in whoever may go, and comes back when the next one may. */
  #pump(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    for (const waiting of this.#queue) {
      const now = this.#clock.now();
      const tokens = waiting.tokens();
      const waitMs = this.#waitMs(tokens, now);
      if (waitMs === Infinity) return;
      if (waitMs > 0) {
        // Whole milliseconds: a wait of rounding errors would never end.
        this.#cancelTimer = this.#clock.after(Math.ceil(waitMs), () => this.#pump());
        return;
      }
      this.#queue.delete(waiting);
      waiting.admit(this.#place(tokens, now));
    }
  }

  /** Infinity: not before somebody leaves. */
  #waitMs(tokens: number, now: number): number {
    if (this.#inFlight >= Math.floor(this.#limit)) return Infinity;
    if (this.#coolUntil > now) return this.#coolUntil - now;
    if (this.#refusalsInRow > 0 && this.#isProbing) return Infinity;
    return Math.max(this.#requests.waitMs(1, now), this.#tokens.waitMs(tokens, now));
  }

  #place(tokens: number, now: number): Place {
    this.#inFlight++;
    const isProbe = this.#refusalsInRow > 0;
    if (isProbe) this.#isProbing = true;
    return {
      requests: this.#requests.take(1, now),
      tokens: this.#tokens.take(tokens, now),
      refusals: this.#refusals,
      isProbe,
    };
  }
}
