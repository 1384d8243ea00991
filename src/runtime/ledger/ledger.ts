/**
 * The record of answered requests. This one lives in memory for as long as its session; the durable one takes its place
 * behind the same interface. Only successes are found again: failures are never reused (2-runtime, 2.2).
 */
import type { Outcome } from "../../catalog/procedure.ts";

export interface Ledger {
  /** An earlier success, by request key. */
  find(key: string): Outcome | undefined;
  succeeded(key: string, outcome: Outcome): void;
}

export class MemoryLedger implements Ledger {
  readonly #outcomes = new Map<string, Outcome>();

  find(key: string): Outcome | undefined {
    return this.#outcomes.get(key);
  }

  succeeded(key: string, outcome: Outcome): void {
    this.#outcomes.set(key, outcome);
  }
}
