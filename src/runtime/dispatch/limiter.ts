/**
 * When a request may be sent: bounded in flight, paced by the limits that answers report, growing while answers come
 * cleanly. One refusal among clean answers concerns the refused request alone; where refusals prevail, or an answer says
 * that the limit is used up, everybody waits: half as many in flight, nothing before Retry-After, then one probe until it
 * is answered (2-runtime, 2.3; docs/decisions/0090). First come, first served. Knows no request.
 */
import type { RateLimit } from "../../catalog/request.ts";
import { whenAborted, type Stop } from "./abort-hub.ts";
import { coolDownMs, type BackoffRule } from "./backoff.ts";
import { ChurnMap } from "./churn-map.ts";
import { systemClock, type Clock } from "./clock.ts";
import { LearnedPace } from "./learned-pace.ts";
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

export interface Entering {
  /** Of the request, about. Asked when it may go. */
  readonly tokens?: () => number;
  /**
   * What must be done before it goes, and takes time: begun a little ahead of its place, so that no place stands empty
   * meanwhile. One that rejects waits no longer.
   */
  readonly prepare?: (() => Promise<unknown>) | undefined;
}

interface Waiting {
  readonly stop: Stop;
  readonly tokens: () => number;
  readonly prepare: (() => Promise<unknown>) | undefined;
  readonly admit: (place: Place) => void;
  readonly dismiss: (error: unknown) => void;
}

/** Of the limit, so many more than have a place may be prepared: enough for a sync of some milliseconds. */
const aheadShare = 1 / 8;

/** What is sent before the first answer has told anything about limits. */
const blindMax = 16;
/** So many of the latest answers tell whether refusals prevail, by half of them. */
const answersWeighed = 8;
/** A tenth more for as many answers as are in flight, but at least one. */
const growth = 0.1;

export class Limiter {
  readonly #max: number;
  readonly #backoff: BackoffRule;
  readonly #clock: Clock;
  readonly #requests = new RateBucket();
  readonly #tokens = new RateBucket();
  readonly #pace = new LearnedPace();
  /** Not prepared yet. */
  readonly #arriving = new ChurnMap<Waiting, true>();
  readonly #queue = new ChurnMap<Waiting, true>();
  /** In preparation, in neither. */
  #preparing = 0;
  #limit: number;
  #inFlight = 0;
  #isBlind = true;
  #coolUntil = -Infinity;
  /** The end of the longest Retry-After so far. */
  #askedUntil = -Infinity;
  /** Of the latest answers, the last at the end: whether it was a refusal. */
  readonly #latest: boolean[] = [];
  /** That everybody obeyed: in all, and since the last clean answer. */
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

  get #isIdle(): boolean {
    return this.#inFlight + this.#preparing + this.#queue.size + this.#arriving.size === 0;
  }

  /** Requests that may be in flight now. */
  get limit(): number {
    return Math.floor(this.#limit);
  }

  /** Waits for a place. Rejects with the signal's reason. */
  enter(stop: Stop, { tokens = () => 0, prepare }: Entering = {}): Promise<Place> {
    const { promise, resolve, reject } = Promise.withResolvers<Place>();
    if (stop.aborted) {
      reject(stop.reason);
      return promise;
    }
    const admit = (place: Place): void => {
      forget();
      resolve(place);
    };
    const dismiss = (error: unknown): void => {
      forget();
      reject(error);
    };
    const waiting: Waiting = { stop, tokens, prepare, admit, dismiss };
    const forget = whenAborted(stop, () => {
      // What is being prepared is looked at when that is done.
      if (!this.#queue.delete(waiting) && !this.#arriving.delete(waiting)) return;
      reject(stop.reason);
      this.#pump();
    });
    (prepare === undefined ? this.#queue : this.#arriving).set(waiting, true);
    this.#pump();
    return promise;
  }

  /** True: everybody waits, whoever was refused included; his Retry-After is over when he gets a place again. */
  leave(place: Place, { kind, retryAfterMs, rateLimit }: Leaving): boolean {
    const now = this.#clock.now();
    this.#inFlight--;
    if (place.isProbe) this.#isProbing = false;
    // Refusals come at once, or late for reasons that count anew.
    const asOf = kind === "refused" ? now : undefined;
    this.#requests.report(rateLimit?.requests, place.requests, now, asOf);
    this.#tokens.report(rateLimit?.tokens, place.tokens, now, asOf);
    if (kind !== "failed") this.#weigh(kind === "refused");
    if (kind === "clean") this.#speedUp(place, now);
    const isForAll = kind === "refused" && this.#slowDown(place, { retryAfterMs, rateLimit }, now);
    if (this.#isIdle && !isForAll) this.#pace.forget();
    this.#pump();
    return isForAll;
  }

  #weigh(isRefusal: boolean): void {
    this.#latest.push(isRefusal);
    if (this.#latest.length > answersWeighed) this.#latest.shift();
  }

  #speedUp(place: Place, now: number): void {
    this.#pace.answered(now);
    // An answer to what was sent before the refusal does not take it back.
    if (place.refusals !== this.#refusals) return;
    this.#refusalsInRow = 0;
    if (this.#isBlind) this.#limit = this.#max;
    else this.#limit = Math.min(this.#max, this.#limit + Math.max(growth, 1 / this.#limit));
    this.#isBlind = false;
  }

  /** Whether it concerns all. */
  #slowDown(
    place: Place,
    { retryAfterMs, rateLimit }: Pick<Leaving, "retryAfterMs" | "rateLimit">,
    now: number,
  ): boolean {
    if (retryAfterMs !== undefined) this.#askedUntil = Math.max(this.#askedUntil, now + retryAfterMs);
    if (!this.#isReal(rateLimit)) return false;
    const isNews = place.refusals === this.#refusals;
    if (isNews) {
      this.#refusals++;
      this.#refusalsInRow++;
      if (!place.isProbe) this.#limit = Math.max(1, Math.floor(this.#limit / 2));
      if (rateLimit === undefined) this.#pace.refused(now);
    }
    this.#isBlind = false;
    if (!isNews && retryAfterMs === undefined) return true;
    const refused = { refusals: this.#refusalsInRow, waiting: this.#queue.size + this.#arriving.size + 1 };
    const waitMs = coolDownMs(refused, retryAfterMs, this.#backoff);
    this.#coolUntil = Math.max(this.#coolUntil, this.#askedUntil, now + waitMs);
    return true;
  }

  /** That a limit is reached, as opposed to one refusal by chance. */
  #isReal(reported: RateLimit | undefined): boolean {
    if (this.#refusalsInRow > 0) return true;
    if (reported?.requests?.remaining === 0 || reported?.tokens?.remaining === 0) return true;
    return 2 * this.#latest.filter((isRefusal) => isRefusal).length >= this.#latest.length;
  }

  /** Lets in whoever may go, and comes back when the next one may. */
  #pump(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#prepareNext();
    for (let waiting = this.#queue.firstKey; waiting !== undefined; waiting = this.#queue.firstKey) {
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

  #prepareNext(): void {
    const most = Math.floor(this.limit * (1 + aheadShare));
    for (let waiting = this.#arriving.firstKey; waiting !== undefined; waiting = this.#arriving.firstKey) {
      if (this.#inFlight + this.#preparing + this.#queue.size >= most) return;
      this.#arriving.delete(waiting);
      void this.#prepare(waiting);
    }
  }

  async #prepare(waiting: Waiting): Promise<void> {
    this.#preparing++;
    try {
      await waiting.prepare?.();
      if (waiting.stop.aborted) throw waiting.stop.reason;
      this.#queue.set(waiting, true);
    } catch (error) {
      waiting.dismiss(error);
    } finally {
      this.#preparing--;
    }
    this.#pump();
  }

  /** Infinity: not before somebody leaves. */
  #waitMs(tokens: number, now: number): number {
    if (this.#inFlight >= Math.floor(this.#limit)) return Infinity;
    if (this.#coolUntil > now) return this.#coolUntil - now;
    if (this.#refusalsInRow > 0 && this.#isProbing) return Infinity;
    return Math.max(this.#pace.waitMs(now), this.#requests.waitMs(1, now), this.#tokens.waitMs(tokens, now));
  }

  #place(tokens: number, now: number): Place {
    this.#inFlight++;
    const isProbe = this.#refusalsInRow > 0;
    if (isProbe) this.#isProbing = true;
    this.#pace.take(now);
    return {
      requests: this.#requests.take(1, now),
      tokens: this.#tokens.take(tokens, now),
      refusals: this.#refusals,
      isProbe,
    };
  }
}
