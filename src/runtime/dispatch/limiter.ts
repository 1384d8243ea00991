/**
 * How many requests may be in flight: grows while answers come cleanly, halves when the service asks to slow down,
 * and lets nothing but one probe out during a cool-down (2-runtime, 2.3). Knows no request.
 */
import { sleep } from "./sleep.ts";

export class Limiter {
  readonly #max: number;
  readonly #now: () => number;
  #limit: number;
  #inFlight = 0;
  #coolUntil = 0;
  #cleanSince = 0;
  #waiting: (() => void)[] = [];

  /** `max` in requests; `now` in milliseconds. */
  constructor(max: number, now: () => number = Date.now) {
    this.#max = max;
    this.#limit = max;
    this.#now = now;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  get limit(): number {
    return this.#limit;
  }

  /** Waits for a place. Rejects with the signal's reason. */
  async enter(signal: AbortSignal): Promise<void> {
    for (;;) {
      signal.throwIfAborted();
      const coolMs = this.#coolUntil - this.#now();
      if (coolMs > 0) {
        await sleep(coolMs, signal);
      } else if (this.#inFlight < this.#limit) {
        this.#inFlight++;
        return;
      } else {
        await this.#turn(signal);
      }
    }
  }

  /** Gives the place back after a clean answer, or after any failure that says nothing about load. */
  leave(wasClean: boolean): void {
    this.#inFlight--;
    if (wasClean && this.#limit < this.#max && ++this.#cleanSince >= this.#limit) {
      this.#limit++;
      this.#cleanSince = 0;
    }
    this.#wake();
  }

  /** Gives the place back and slows everybody down: half as many, and none before `waitMs` have passed. */
  slowDown(waitMs: number): void {
    this.#inFlight--;
    this.#cleanSince = 0;
    const isCooling = this.#coolUntil > this.#now();
    // Requests sent before the first refusal are refused with it: that is one signal, not many.
    if (!isCooling) this.#limit = Math.max(1, Math.floor(this.#limit / 2));
    this.#coolUntil = Math.max(this.#coolUntil, this.#now() + waitMs);
    this.#wake();
  }

  async #turn(signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const abort = (): void => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    this.#waiting.push(resolve);
    try {
      await promise;
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resume of waiting) resume();
  }
}
