/**
 * Requests → outcomes: sends through a connection with bounded, adaptive concurrency, retries what can be retried,
 * and makes equal requests in flight one request. Knows no SQL and no procedure (2-runtime, 2.3 and 2.7).
 */
import type { ApiFailure, ApiRequest, Connection } from "../../catalog/request.ts";
import type { Outcome } from "../../catalog/procedure.ts";
import { backoffMs, type BackoffRule } from "./backoff.ts";
import { classify, type Verdict } from "./classify.ts";
import { Limiter } from "./limiter.ts";
import { sleep } from "./sleep.ts";

export interface DispatchOptions {
  /** Requests in flight, 1 to 512. */
  readonly concurrency: number;
  /** Attempts a call, the first included. */
  readonly attemptsMax: number;
  /** Of one attempt, body included. */
  readonly timeoutMs: number;
  readonly backoff: BackoffRule;
}

export interface Dispatched extends Outcome {
  /** What ended it; absent for an answer. */
  readonly verdict?: Verdict;
}

export class Dispatcher {
  readonly #connection: Connection;
  readonly #options: DispatchOptions;
  readonly #limiter: Limiter;
  readonly #inFlight = new Map<string, Promise<Dispatched>>();
  #retries = 0;

  constructor(connection: Connection, options: DispatchOptions) {
    this.#connection = connection;
    this.#options = options;
    this.#limiter = new Limiter(options.concurrency);
  }

  get inFlight(): number {
    return this.#limiter.inFlight;
  }

  /** Attempts beyond the first, since the dispatcher was made. */
  get retries(): number {
    return this.#retries;
  }

  /** Never rejects: a cancelled request is a `cancelled` failure. `key` identifies equal requests. */
  dispatch(key: string, request: ApiRequest, signal: AbortSignal): Promise<Dispatched> {
    const running = this.#inFlight.get(key);
    if (running !== undefined) return running;
    const started = this.#attempts(request, signal).finally(() => this.#inFlight.delete(key));
    this.#inFlight.set(key, started);
    return started;
  }

  async #attempts(request: ApiRequest, signal: AbortSignal): Promise<Dispatched> {
    const startedAt = performance.now();
    const ended = (attempts: number, failure: ApiFailure, verdict: Verdict): Dispatched => ({
      failure,
      verdict,
      attempts,
      durationMs: Math.round(performance.now() - startedAt),
    });
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#limiter.enter(signal);
      } catch {
        return ended(attempt - 1, cancelled, "fatal");
      }
      const outcome = await this.#connection.send(request, { signal, timeoutMs: this.#options.timeoutMs });
      if (outcome.ok) {
        this.#limiter.leave(true);
        const durationMs = Math.round(performance.now() - startedAt);
        return { answer: outcome.answer, attempts: attempt, durationMs };
      }
      const { failure } = outcome;
      const verdict = classify(failure);
      const waitMs = backoffMs(attempt, failure.retryAfterMs, this.#options.backoff);
      if (verdict === "slow-down") this.#limiter.slowDown(waitMs);
      else this.#limiter.leave(false);
      if (!this.#mayRetry(verdict, attempt)) return ended(attempt, failure, verdict);
      this.#retries++;
      try {
        await sleep(waitMs, signal);
      } catch {
        return ended(attempt, cancelled, "fatal");
      }
    }
  }

  #mayRetry(verdict: Verdict, attempt: number): boolean {
    return (verdict === "retry" || verdict === "slow-down") && attempt < this.#options.attemptsMax;
  }
}

const cancelled: ApiFailure = { kind: "cancelled", message: "cancelled" };
