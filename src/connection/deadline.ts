/** One end for a whole exchange: the caller's signal or a time limit, and afterwards which of the two it was. */

export interface Deadline {
  readonly signal: AbortSignal;
  /** Why it ended; undefined while it has not. */
  readonly ended: "cancelled" | "timeout" | undefined;
  /** Settles as `work` does, or rejects at once when the deadline ends. */
  race<T>(work: Promise<T>): Promise<T>;
  /** Must be called: takes the timer and the listener away. */
  clear(): void;
}

/** Not AbortSignal.any: a signal that lives as long as a session would collect a follower for every call. */
export function startDeadline(signal: AbortSignal, timeoutMs: number): Deadline {
  const controller = new AbortController();
  let ended: Deadline["ended"];
  const end = (why: "cancelled" | "timeout"): void => {
    ended ??= why;
    controller.abort();
  };
  const cancel = (): void => end("cancelled");
  const timer = setTimeout(() => end("timeout"), Math.min(timeoutMs, 2 ** 31 - 1));
  signal.addEventListener("abort", cancel, { once: true });
  if (signal.aborted) cancel();
  return {
    signal: controller.signal,
    get ended() {
      return ended;
    },
    race: (work) => race(work, controller.signal),
    clear: () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", cancel);
    },
  };
}

async function race<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return await new Promise<T>((resolve, reject) => {
    const stop = (): void => reject(new DOMException("the deadline ended", "AbortError"));
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}
