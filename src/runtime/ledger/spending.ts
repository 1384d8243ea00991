/**
 * What all runs on one ledger spend in a day (UTC), whichever process they are in: the store behind max_cost_per_day.
 * A hold is in the file before its call is sent. One that a crash has left there stays for its day: what was on its way
 * may have been charged (docs/decisions/0031).
 */
import type { BudgetStore, HeldUsd } from "../budget.ts";
import type { Ledger } from "./ledger.ts";
import type { Run } from "./runs.ts";

export interface SpendingOptions {
  readonly ledger: () => Ledger;
  /** Whose calls are counted. */
  readonly run: () => Run;
  /** `YYYY-MM-DD`, UTC. */
  readonly today?: () => string;
}

export class Spending implements BudgetStore {
  readonly #ledger: () => Ledger;
  readonly #run: () => Run;
  readonly #today: () => string;
  #prepared: ReturnType<typeof prepareStatements> | undefined;
  /** What was settled and is not written yet, by day and run. */
  #unwritten = new Map<string, Change>();

  constructor({ ledger, run, today = todayOf() }: SpendingOptions) {
    this.#ledger = ledger;
    this.#run = run;
    this.#today = today;
  }

  /** With what was settled a moment ago. */
  total(): number {
    this.#ledger().flush();
    return this.#totalOf(this.#today());
  }

  hold(usd: number, maxUsd: number): HeldUsd | undefined {
    const day = this.#today();
    // Without a cap nothing needs to be known beforehand, but others' caps count what was spent.
    if (maxUsd === Infinity) return { settle: (spent) => this.#settle(day, 0, spent) };
    if (!this.#take(day, usd, maxUsd)) {
      // What was settled a moment ago may still be waiting to be written.
      this.#ledger().flush();
      if (!this.#take(day, usd, maxUsd)) return undefined;
    }
    return { settle: (spent) => this.#settle(day, usd, spent) };
  }

  get #statements(): ReturnType<typeof prepareStatements> {
    return (this.#prepared ??= prepareStatements(this.#ledger()));
  }

  #totalOf(day: string): number {
    return Number(this.#statements.total.get(day));
  }

  /** Not synced by itself: the call's record is, before it is sent, and with it all that was written before. */
  #take(day: string, usd: number, maxUsd: number): boolean {
    const run = this.#run().id;
    return this.#ledger().unsynced(() => {
      if (exceeds(this.#totalOf(day) + usd, maxUsd)) return false;
      this.#statements.add.run({ day, run, spent: 0, held: usd });
      return true;
    });
  }

  #settle(day: string, held: number, spent: number): void {
    if (held === 0 && spent === 0) return;
    const run = this.#run().id;
    const key = `${day} ${run}`;
    const sum = this.#unwritten.get(key);
    this.#unwritten.set(key, { day, run, spent: spent + (sum?.spent ?? 0), held: (sum?.held ?? 0) - held });
    if (this.#unwritten.size > 1 || sum !== undefined) return;
    // A ledger that cannot be written ends whoever records a call; a hold that stays errs on the safe side.
    this.#ledger()
      .commit(() => this.#write())
      .catch(() => undefined);
  }

  /** To be called in a transaction. Of all that was settled since the last commit: one row, mostly. */
  #write(): void {
    for (const change of this.#unwritten.values()) this.#statements.add.run(change);
    this.#unwritten = new Map();
  }
}

/** USD, added to a row of the table. */
interface Change {
  readonly day: string;
  readonly run: number;
  readonly spent: number;
  readonly held: number;
}

const dayMs = 86_400_000;

/** UTC, as YYYY-MM-DD. Asked for with every call, so written once a day. */
function todayOf(): () => string {
  let day = NaN;
  let text = "";
  return () => {
    const now = Date.now();
    if (Math.floor(now / dayMs) !== day) {
      day = Math.floor(now / dayMs);
      text = new Date(now).toISOString().slice(0, 10);
    }
    return text;
  };
}

function prepareStatements({ db }: Ledger) {
  return {
    total: db.prepare("SELECT total(spent_usd + held_usd) FROM spending WHERE day = ?").pluck(),
    // Sums of fractions drift: less than nothing is nothing.
    add: db.prepare(
      `INSERT INTO spending(day, run, spent_usd, held_usd) VALUES (:day, :run, :spent, :held)
       ON CONFLICT DO UPDATE SET spent_usd = spent_usd + :spent, held_usd = max(0, held_usd + :held)`,
    ),
  };
}

/** Two sums of the same fractions in another order are equal. */
export function exceeds(usd: number, maxUsd: number): boolean {
  return usd > maxUsd + 1e-12;
}
