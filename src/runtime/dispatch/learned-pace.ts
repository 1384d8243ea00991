/**
 * The pace of a service that refuses what is too much without ever saying how much it allows: what it has answered since
 * its last refusal is what it allows. From there on it grows, carefully at first, then ever faster, until the next
 * refusal corrects it.
 */

/** After so long, twice what was learned may be sent; after twice as long, nine times. */
const doublesAfterMs = 10_000;

export class LearnedPace {
  /** Requests in a millisecond; undefined: nothing was learned. */
  #perMs: number | undefined;
  #nextAt = -Infinity;
  /** Of the first answer since the pace was learned. */
  #growsSince: number | undefined;
  /** Answers since then are counted. */
  #countedSince: number | undefined;
  #answers = 0;

  /** Milliseconds until one more may be sent; 0: now. */
  waitMs(now: number): number {
    return Math.max(0, this.#nextAt - now);
  }

  take(now: number): void {
    this.#countedSince ??= now;
    if (this.#perMs === undefined) return;
    const grownMs = this.#growsSince === undefined ? 0 : now - this.#growsSince;
    const perMs = this.#perMs * (1 + (grownMs / doublesAfterMs) ** 3);
    this.#nextAt = Math.max(now, this.#nextAt) + 1 / perMs;
  }

  answered(now: number): void {
    this.#answers++;
    this.#growsSince ??= now;
  }

  refused(now: number): void {
    const passedMs = now - (this.#countedSince ?? now);
    // Nothing at all is no pace: the service is down, or its pause was too short.
    if (this.#answers > 0 && passedMs > 0) this.#perMs = this.#answers / passedMs;
    this.#growsSince = undefined;
    this.#countedSince = now;
    this.#answers = 0;
  }

  /** Nothing is under way: how long that lasts says nothing about the service. */
  forget(): void {
    this.#perMs = undefined;
    this.#nextAt = -Infinity;
    this.#growsSince = undefined;
    this.#countedSince = undefined;
    this.#answers = 0;
  }
}
