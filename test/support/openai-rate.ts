/** A requests-per-minute limit as the API holds and reports it: a bucket that fills steadily. */

export class RequestRate {
  readonly #perMinute: number | undefined;
  readonly #burst: number;
  #tokens: number;
  #at: number;

  /** `burst`: how many may come at once; by default a second's worth. */
  constructor(perMinute: number | undefined, burst?: number) {
    this.#perMinute = perMinute;
    this.#burst = burst ?? Math.max(1, Math.round((perMinute ?? 60_000) / 60));
    this.#tokens = this.#burst;
    this.#at = performance.now();
  }

  /** Takes one request; undefined when it is allowed, else milliseconds until one would be. */
  take(): number | undefined {
    if (this.#perMinute === undefined) return undefined;
    const now = performance.now();
    this.#tokens = Math.min(this.#burst, this.#tokens + ((now - this.#at) * this.#perMinute) / 60_000);
    this.#at = now;
    if (this.#tokens >= 1) {
      this.#tokens -= 1;
      return undefined;
    }
    return Math.max(1, Math.ceil(((1 - this.#tokens) * 60_000) / this.#perMinute));
  }

  headers(): Record<string, string> {
    const limit = this.#perMinute ?? 10_000;
    const missing = this.#perMinute === undefined ? 1 : this.#burst - this.#tokens;
    return {
      "x-ratelimit-limit-requests": String(limit),
      "x-ratelimit-remaining-requests": String(
        Math.floor(this.#perMinute === undefined ? 9_999 : this.#tokens),
      ),
      "x-ratelimit-reset-requests": duration((missing * 60_000) / limit),
      "x-ratelimit-limit-tokens": "30000000",
      "x-ratelimit-remaining-tokens": "29999000",
      "x-ratelimit-reset-tokens": "2ms",
    };
  }
}

/** As the API writes it: `12ms`, `6.5s`, `6m0s`. */
function duration(ms: number): string {
  if (ms < 1000) return `${Math.ceil(ms)}ms`;
  const seconds = Math.ceil(ms / 100) / 10;
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${Math.round(seconds % 60)}s`;
}
