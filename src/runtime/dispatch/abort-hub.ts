/**
 * Hearing of an abort, for very many listeners that come and go: an EventTarget looks through all it has for each that is
 * added or taken away, and a signal of a statement has some for every call in flight.
 */

import { ChurnMap } from "./churn-map.ts";

type Listeners = ChurnMap<() => void, true>;

/** What somebody who waits looks at: it is aborted once, or never. */
export type Stop = AbortSignal | LightStop;

/** An AbortController and its signal, for a single call: each has one, and hardly any is ever aborted. */
export class LightStop {
  #isAborted = false;
  #reason: unknown;
  #listeners: Listeners | undefined;

  get aborted(): boolean {
    return this.#isAborted;
  }

  get reason(): unknown {
    return this.#reason;
  }

  /** A second time is nothing new. */
  abort(reason?: unknown): void {
    if (this.#isAborted) return;
    this.#isAborted = true;
    this.#reason = reason;
    if (this.#listeners !== undefined) tell(this.#listeners);
  }

  /** Those that `abort` tells. */
  get listeners(): Listeners {
    return (this.#listeners ??= new ChurnMap());
  }
}

/** Signals with the listeners they have now. */
const listenersOf = new WeakMap<AbortSignal, Listeners>();

/** Calls back once, when the signal is aborted, or at once when it is; what it returns takes that back. */
export function whenAborted(stop: Stop, listener: () => void): () => void {
  if (stop.aborted) {
    listener();
    return () => undefined;
  }
  const listeners = stop instanceof LightStop ? stop.listeners : (listenersOf.get(stop) ?? hear(stop));
  // A listener may be given twice.
  const own = (): void => listener();
  listeners.set(own, true);
  return () => void listeners.delete(own);
}

function hear(signal: AbortSignal): Listeners {
  const listeners: Listeners = new ChurnMap();
  listenersOf.set(signal, listeners);
  signal.addEventListener("abort", () => tell(listeners), { once: true });
  return listeners;
}

function tell(listeners: Listeners): void {
  for (let next = listeners.firstKey; next !== undefined; next = listeners.firstKey) {
    listeners.delete(next);
    next();
  }
}
