/** Time that passes only when it is told to, for tests that would otherwise wait. */
import { setImmediate as turn } from "node:timers/promises";
import type { Clock } from "../../../src/runtime/dispatch/clock.ts";

export class VirtualClock implements Clock {
  #now = 0;
  readonly #timers = new Set<{ readonly at: number; readonly work: () => void }>();

  now(): number {
    return this.#now;
  }

  after(ms: number, work: () => void): () => void {
    const timer = { at: this.#now + Math.max(0, ms), work };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Resolves after `ms` of this clock. */
  pause(ms: number): Promise<void> {
    return new Promise((resolve) => void this.after(ms, resolve));
  }

  /** Lets time pass, timer by timer, until `work` is done. */
  async run<T>(work: Promise<T>): Promise<T> {
    let isDone = false;
    const end = (): void => void (isDone = true);
    work.then(end, end);
    for (;;) {
      // Twice: what is asked for in one turn may be sent in the next.
      await turn();
      await turn();
      if (isDone) return work;
      const next = [...this.#timers].toSorted((a, b) => a.at - b.at)[0];
      if (next === undefined) throw new Error("waits for nothing");
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.work();
    }
  }
}
