/**
 * One limit of the service (requests, or tokens, a minute) as its answers report it: a bucket that fills steadily.
 * Our count of what is left is put right by every answer, so that the bucket is used to its end and not beyond it.
 */
import type { RateWindow } from "../../catalog/request.ts";

/** What one request took; handed back with what its answer reports. */
export interface Taken {
  readonly amount: number;
  readonly at: number;
  /** Ours after taking, without the corrections up to then; undefined while nothing was known. */
  readonly left: number | undefined;
}

const minuteMs = 60_000;
const reserveMax = 10;

export class RateBucket {
  /** Undefined until an answer has said something. */
  #left: number | undefined;
  /** Refill in a millisecond; 0 while unknown. */
  #perMs = 0;
  /** The most that was ever reported: the bucket holds at least that. */
  #size = 0;
  #filledAt = 0;
  /** Sum of all corrections: what was sent before one is not corrected by it again. */
  #corrected = 0;
  #closedUntil = -Infinity;
  /** Amounts of open requests from before anything was known. */
  #unknown = 0;

  /** Milliseconds until `amount` may be taken; 0: now. */
  waitMs(amount: number, now: number): number {
    if (this.#closedUntil > now) return this.#closedUntil - now;
    this.#fill(now);
    if (this.#left === undefined || this.#perMs === 0) return 0;
    // Some stays in reserve against reports that run late; what is larger than the bucket goes when it is full.
    const reserve = Math.min(reserveMax, Math.max(1, this.#full / 5));
    const wanted = Math.min(amount + reserve, this.#full);
    return Math.max(0, (wanted - this.#left) / this.#perMs);
  }

  take(amount: number, now: number): Taken {
    this.#fill(now);
    if (this.#left === undefined) {
      this.#unknown += amount;
      return { amount, at: now, left: undefined };
    }
    this.#left -= amount;
    return { amount, at: now, left: this.#left - this.#corrected };
  }

  /**
   * The end of the request that took it, with what the service reported, if anything. Services look at their limits
   * when a request comes: what an answer says is as old as the request.
   */
  report(reported: RateWindow | undefined, taken: Taken, now: number, asOf = taken.at): void {
    if (taken.left === undefined) this.#unknown -= taken.amount;
    const { limit, remaining, resetMs } = reported ?? {};
    if (remaining === undefined) return;
    this.#fill(now);
    this.#size = Math.max(this.#size, remaining);
    if (limit !== undefined) this.#perMs = refillOf(limit, remaining, resetMs);
    this.#correct(remaining, taken);
    if (remaining <= 0 && resetMs !== undefined) this.#close(asOf + resetMs);
  }

  #correct(remaining: number, taken: Taken): void {
    if (this.#left === undefined) {
      // The others on their way will have been counted, too, by the time they arrive.
      this.#left = remaining - this.#unknown;
    } else if (taken.left === undefined) {
      this.#left = Math.min(this.#left, remaining);
    } else {
      // Only downwards: a report runs late by what is on its way, and refilling makes up for one that was too low.
      this.#shift(Math.min(0, remaining - (taken.left + this.#corrected)));
    }
  }

  /** Used up, says the service: nothing before the reset, then a full bucket. */
  #close(until: number): void {
    this.#closedUntil = Math.max(this.#closedUntil, until);
    this.#filledAt = this.#closedUntil;
    this.#shift(this.#full - (this.#left ?? 0));
  }

  get #full(): number {
    return Math.max(this.#size, 1);
  }

  #shift(by: number): void {
    this.#left = (this.#left ?? 0) + by;
    this.#corrected += by;
  }

  #fill(now: number): void {
    const passedMs = now - this.#filledAt;
    if (passedMs <= 0) return;
    this.#filledAt = now;
    if (this.#left === undefined || this.#left >= this.#full) return;
    this.#left = Math.min(this.#full, this.#left + passedMs * this.#perMs);
  }
}

/** By the minute, unless the reset is too far off for that: some limits are by the day. */
function refillOf(limit: number, remaining: number, resetMs: number | undefined): number {
  const perMs = limit / minuteMs;
  const missing = limit - remaining;
  if (resetMs === undefined || missing <= 0) return perMs;
  const isSlower = resetMs > (2 * missing) / perMs + 1000;
  return isSlower ? missing / resetMs : perMs;
}
