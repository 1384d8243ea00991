/** When a request must be answered, and what else ends it: its client leaving, the server closing. */
import { diagnostic, DiagnosticError, type Diagnostic } from "../index.ts";

/** Of all requests of a server. They are told of its closing from here: a signal looks through all its listeners for each. */
export class Deadlines {
  readonly #running = new Set<Deadline>();
  readonly #closing: AbortSignal;

  /** `closing`: aborted when requests are to end. */
  constructor(closing: AbortSignal) {
    this.#closing = closing;
    closing.addEventListener("abort", () => {
      for (const deadline of this.#running) endFor(deadline, closing);
    });
  }

  /** `ms`: undefined for as long as it takes. `client`: aborted when it leaves. */
  begin(ms: number | undefined, client: AbortSignal): Deadline {
    const deadline = new Deadline(ms, client, () => this.#running.delete(deadline));
    this.#running.add(deadline);
    if (this.#closing.aborted) endFor(deadline, this.#closing);
    return deadline;
  }
}

function endFor(deadline: Deadline, closing: AbortSignal): void {
  deadline.end(diagnostic("serve/shutting-down", {}), closing.reason);
}

export class Deadline implements Disposable {
  readonly #ending = new AbortController();
  readonly #waiting = new Set<(reason: unknown) => void>();
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #forget: () => void;
  #reason: DiagnosticError | undefined;

  constructor(ms: number | undefined, client: AbortSignal, forget: () => void) {
    this.#forget = forget;
    const leave = (): void => this.#ending.abort(client.reason);
    if (client.aborted) leave();
    else client.addEventListener("abort", leave, { once: true });
    if (ms !== undefined)
      this.#timer = setTimeout(
        () => this.end(diagnostic("serve/request-timeout", { seconds: ms / 1000 })),
        ms,
      );
  }

  /** Aborted when the request ends for whatever reason but an answer. */
  get signal(): AbortSignal {
    return this.#ending.signal;
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

  /** Nobody waits any more. */
  end(reason: Diagnostic, cause?: unknown): void {
    this.#reason = new DiagnosticError([reason]);
    for (const reject of this.#waiting) reject(this.#reason);
    this.#ending.abort(cause);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#forget();
  }
}
