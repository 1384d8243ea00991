/** When a request must be answered, and what else ends it: its client leaving, the server closing. */
import { fail } from "../index.ts";

export class Deadline implements Disposable {
  /** Aborted when the request ends for whatever reason but an answer. */
  readonly signal: AbortSignal;
  readonly #late = Promise.withResolvers<never>();
  readonly #timer: NodeJS.Timeout | undefined;

  /** `ms`: undefined for as long as it takes. */
  constructor(ms: number | undefined, others: readonly AbortSignal[]) {
    const late = new AbortController();
    this.signal = AbortSignal.any([late.signal, ...others]);
    this.#late.promise.catch(() => undefined);
    if (ms === undefined) return;
    this.#timer = setTimeout(() => {
      late.abort();
      try {
        fail("serve/request-timeout", { seconds: ms / 1000 });
      } catch (error) {
        this.#late.reject(error);
      }
    }, ms);
  }

  /** `work`, or serve/request-timeout; then nobody waits for the work any more. */
  async race<T>(work: Promise<T>): Promise<T> {
    work.catch(() => undefined);
    return Promise.race([work, this.#late.promise]);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}
