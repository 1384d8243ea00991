/** One end for a whole exchange: the caller's signal or a time limit, and afterwards which of the two it was. */

/** To be cleared: it holds a timer and a listener. */
export class Deadline {
  /** Called once, when it ends; one at a time, since an exchange has one step at a time. */
  onEnd: ((error: Error) => void) | undefined;
  readonly #caller: AbortSignal;
  readonly #timer: NodeJS.Timeout;
  readonly #cancel = (): void => this.#end("cancelled");
  #controller: AbortController | undefined;
  #ended: "cancelled" | "timeout" | undefined;

  /** Not AbortSignal.any: a signal that lives as long as a session would collect a follower for every call. */
  constructor(caller: AbortSignal, timeoutMs: number) {
    this.#caller = caller;
    this.#timer = setTimeout(() => this.#end("timeout"), Math.min(timeoutMs, 2 ** 31 - 1));
    caller.addEventListener("abort", this.#cancel, { once: true });
    if (caller.aborted) this.#cancel();
  }

  /** Why it ended; undefined while it has not. */
  get ended(): "cancelled" | "timeout" | undefined {
    return this.#ended;
  }

  /** For those who want one; most do not, and it costs. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#ended !== undefined) this.#controller.abort();
    return this.#controller.signal;
  }

  throwIfEnded(): void {
    if (this.#ended !== undefined) throw ending();
  }

  /** Settles as `work` does, or rejects at once when the deadline ends. */
  race<T>(work: Promise<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    if (this.#ended === undefined) this.onEnd = reject;
    else reject(ending());
    work.then(resolve, reject);
    return promise;
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#caller.removeEventListener("abort", this.#cancel);
  }

  #end(why: "cancelled" | "timeout"): void {
    if (this.#ended !== undefined) return;
    this.#ended = why;
    this.#controller?.abort();
    this.onEnd?.(ending());
  }
}

function ending(): Error {
  return new DOMException("the deadline ended", "AbortError");
}
