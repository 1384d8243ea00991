/** Time, so that tests can bring their own. */

export interface Clock {
  /** Milliseconds, only ever growing. */
  now(): number;
  /** Runs `work` once `ms` have passed; what it returns takes that back. */
  after(ms: number, work: () => void): () => void;
}

/** setTimeout holds 31 bits. */
const timeoutMaxMs = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => performance.now(),
  after: (ms, work) => {
    // Rounded up: a timer that fires a fraction early would find that it is not yet time.
    const timer = setTimeout(work, Math.min(Math.ceil(ms), timeoutMaxMs));
    return () => clearTimeout(timer);
  },
};

/** Rejects with the signal's reason as soon as it is aborted. */
export async function sleep(ms: number, signal: AbortSignal, clock: Clock = systemClock): Promise<void> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const cancel = clock.after(ms, resolve);
  const abort = (): void => reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  try {
    await promise;
  } finally {
    cancel();
    signal.removeEventListener("abort", abort);
  }
}
