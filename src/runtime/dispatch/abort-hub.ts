/**
 * Hearing of an abort, for very many listeners that come and go: an EventTarget looks through all it has for each that is
 * added or taken away, and a signal of a statement has some for every call in flight.
 */

import { ChurnMap } from "./churn-map.ts";

type Listeners = ChurnMap<() => void, true>;

/** Signals with the listeners they have now. */
const listenersOf = new WeakMap<AbortSignal, Listeners>();

/** Calls back once, when the signal is aborted, or at once when it is; what it returns takes that back. */
export function whenAborted(signal: AbortSignal, listener: () => void): () => void {
  if (signal.aborted) {
    listener();
    return () => undefined;
  }
  const listeners = listenersOf.get(signal) ?? hear(signal);
  // A listener may be given twice.
  const own = (): void => listener();
  listeners.set(own, true);
  return () => void listeners.delete(own);
}

function hear(signal: AbortSignal): Listeners {
  const listeners: Listeners = new ChurnMap();
  listenersOf.set(signal, listeners);
  const tell = (): void => {
    for (let next = listeners.firstKey; next !== undefined; next = listeners.firstKey) {
      listeners.delete(next);
      next();
    }
  };
  signal.addEventListener("abort", tell, { once: true });
  return listeners;
}
