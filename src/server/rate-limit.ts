/** Requests a minute of one token: a bucket that holds a tenth of a minute's requests, at least one, and fills steadily. */
const minuteMs = 60_000;

export class RateLimit {
  readonly perMinute: number;
  readonly #size: number;
  #left: number;
  #filledAt: number;

  constructor(perMinute: number, now = performance.now()) {
    this.perMinute = perMinute;
    this.#size = Math.min(perMinute, Math.max(1, perMinute / 10));
    this.#left = this.#size;
    this.#filledAt = now;
  }

  /** Milliseconds until the next request may come; 0: it is taken. Infinity where none may ever come. */
  take(now = performance.now()): number {
    const perMs = this.perMinute / minuteMs;
    this.#left = Math.min(this.#size, this.#left + (now - this.#filledAt) * perMs);
    this.#filledAt = now;
    if (this.#left >= 1) {
      this.#left--;
      return 0;
    }
    return perMs === 0 ? Infinity : (1 - this.#left) / perMs;
  }
}
