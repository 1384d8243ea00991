/** When a request must be answered, and what else ends it: its client leaving, the server closing. */
import { diagnostic, DiagnosticError, type Diagnostic } from "../index.ts";

export class Deadline implements Disposable {
  /** Aborted when the request ends for whatever reason but an answer. */
  readonly signal: AbortSignal;
  readonly #waiting = new Set<(reason: unknown) => void>();
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #closing: AbortSignal;
  #reason: DiagnosticError | undefined;

  /** `ms`: undefined for as long as it takes. */
  constructor(
    ms: number | undefined,
    { client, closing }: { readonly client: AbortSignal; readonly closing: AbortSignal },
  ) {
    const late = new AbortController();
    this.signal = AbortSignal.any([late.signal, client, closing]);
    this.#closing = closing;
    closing.addEventListener("abort", this.#close, { once: true });
    if (ms === undefined) return;
    this.#timer = setTimeout(() => {
      this.#end(diagnostic("serve/request-timeout", { seconds: ms / 1000 }));
      late.abort();
    }, ms);
  }

  /** `work`, or the reason why nobody waits for it any more: serve/request-timeout, serve/shutting-down. */
  async race<T>(work: Promise<T>): Promise<T> {
    work.catch(() => undefined);
    if (this.#reason !== undefined) throw this.#reason;
    // Promise.race would leave something behind in a promise that lives as long as the request, for each part of it.
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.#waiting.add(reject);
    work.then(resolve, reject);
    try {
      return await promise;
    } finally {
      this.#waiting.delete(reject);
    }
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#closing.removeEventListener("abort", this.#close);
  }

  readonly #close = (): void => this.#end(diagnostic("serve/shutting-down", {}));

  #end(reason: Diagnostic): void {
    this.#reason = new DiagnosticError([reason]);
    for (const reject of this.#waiting) reject(this.#reason);
  }
}
