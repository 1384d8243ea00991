/** Time, so that tests can bring their own. */
import { whenAborted, type Stop } from "./abort-hub.ts";

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

/** Rejects with the reason as soon as it is aborted. */
export async function sleep(ms: number, stop: Stop, clock: Clock = systemClock): Promise<void> {
  if (stop.aborted) throw stop.reason;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const cancel = clock.after(ms, resolve);
  const forget = whenAborted(stop, () => reject(stop.reason));
  try {
    await promise;
  } finally {
    cancel();
    forget();
  }
}
