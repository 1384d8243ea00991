/**
 * What a session may still spend. Held before a call is sent, by the most it may need; settled by what its answer says
 * it used. A call that does not fit waits while others are on their way, since they mostly need less than was held.
 */
import { whenAborted } from "./dispatch/abort-hub.ts";
import { ChurnMap } from "./dispatch/churn-map.ts";
import type { Need } from "./estimate.ts";
import { exceeds } from "./ledger/spending.ts";
import type { Options } from "./options.ts";

export type BudgetOption = "max_calls" | "max_tokens" | "max_cost" | "max_cost_per_day";

/** USD spent in a day by every session that shares the store. */
export interface BudgetStore {
  /** Undefined when `usd` more would pass `maxUsd`. */
  hold(usd: number, maxUsd: number): HeldUsd | undefined;
  /** Spent and held, USD. */
  total(): number;
}

export interface HeldUsd {
  /** Once, with what was really spent. */
  settle(usd: number): void;
}

/** A cap that stands in the way. */
export interface Reached {
  readonly option: BudgetOption;
  readonly max: number;
  /** Of what the cap counts, so far. */
  readonly spent: number;
}

export interface Spent {
  readonly tokens: number;
  readonly usd: number;
}

export interface Hold {
  /** Once. Undefined: the call was never sent. */
  settle(spent: Spent | undefined): void;
}

export type Granted =
  | { readonly kind: "held"; readonly hold: Hold }
  | { readonly kind: "reached"; readonly reached: Reached }
  | { readonly kind: "stopped" };

interface Waiting {
  readonly need: Need;
  readonly grant: (granted: Granted) => void;
}

export class Budget {
  readonly #options: Pick<Options, "number">;
  readonly #store: BudgetStore;
  readonly #waiting = new ChurnMap<Waiting, true>();
  readonly #spent = { calls: 0, tokens: 0, usd: 0 };
  readonly #held = { calls: 0, tokens: 0, usd: 0 };

  /** In USD; undefined without max_cost. */
  get costCap(): { readonly spentUsd: number; readonly maxUsd: number } | undefined {
    const maxUsd = this.#max("max_cost");
    return maxUsd === Infinity ? undefined : { spentUsd: this.#spent.usd, maxUsd };
  }

  constructor(options: Pick<Options, "number">, store: BudgetStore) {
    this.#options = options;
    this.#store = store;
  }

  /** Resolves when it fits, or when it is clear that it never will. */
  async hold(need: Need, signal: AbortSignal): Promise<Granted> {
    if (signal.aborted) return { kind: "stopped" };
    const atOnce = this.#waiting.size === 0 ? this.#decide(need) : undefined;
    if (atOnce !== undefined) return atOnce;
    const { promise, resolve } = Promise.withResolvers<Granted>();
    const waiting: Waiting = { need, grant: resolve };
    this.#waiting.set(waiting, true);
    const forget = whenAborted(signal, () => {
      this.#waiting.delete(waiting);
      resolve({ kind: "stopped" });
    });
    const granted = await promise;
    forget();
    return granted;
  }

  /** Whether costs are counted against anything. */
  get capsCost(): boolean {
    return this.#max("max_cost") < Infinity || this.#max("max_cost_per_day") < Infinity;
  }

  /** First come, first served: a small call does not overtake a large one for ever. */
  #grant(): void {
    for (let waiting = this.#waiting.firstKey; waiting !== undefined; waiting = this.#waiting.firstKey) {
      const granted = this.#decide(waiting.need);
      if (granted === undefined) return;
      this.#waiting.delete(waiting);
      waiting.grant(granted);
    }
  }

  /** Undefined: it may fit when what others hold is settled. */
  #decide(need: Need): Granted | undefined {
    const held = this.#take(need);
    if (!("option" in held)) return { kind: "held", hold: held };
    return this.#held.calls > 0 ? undefined : { kind: "reached", reached: held };
  }

  #take({ tokens, usd = 0 }: Need): Hold | Reached {
    const spent = this.#spent;
    const held = this.#held;
    const reached = (option: BudgetOption, amount: number): Reached => ({
      option,
      max: this.#max(option),
      spent: amount,
    });
    if (spent.calls + held.calls + 1 > this.#max("max_calls")) return reached("max_calls", spent.calls);
    if (spent.tokens + held.tokens + tokens > this.#max("max_tokens")) {
      return reached("max_tokens", spent.tokens);
    }
    if (exceeds(spent.usd + held.usd + usd, this.#max("max_cost"))) return reached("max_cost", spent.usd);
    const ofDay = this.#store.hold(usd, this.#max("max_cost_per_day"));
    if (ofDay === undefined) return reached("max_cost_per_day", this.#store.total());
    held.calls++;
    held.tokens += tokens;
    held.usd += usd;
    return {
      settle: (used) => {
        held.calls--;
        held.tokens -= tokens;
        // Sums of fractions drift: with nothing held there is nothing.
        held.usd = held.calls === 0 ? 0 : held.usd - usd;
        spent.calls += used === undefined ? 0 : 1;
        spent.tokens += used?.tokens ?? 0;
        spent.usd += used?.usd ?? 0;
        ofDay.settle(used?.usd ?? 0);
        this.#grant();
      },
    };
  }

  #max(option: BudgetOption): number {
    return this.#options.number(option) ?? Infinity;
  }
}
