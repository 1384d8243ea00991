/** A pause that a signal can end. */
import { setTimeout as timeout } from "node:timers/promises";

/** setTimeout holds 31 bits. */
const sleepMaxMs = 2 ** 31 - 1;

/** Rejects with the signal's reason as soon as it is aborted. */
export async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await timeout(Math.min(ms, sleepMaxMs), undefined, { signal });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}
