/** Whether a script would be stopped by a cap of its session, by what its statements are estimated to need. */
import { warning, type Diagnostic } from "../diagnostics/diagnostic.ts";
import type { CallEstimate } from "./explain-calls.ts";
import type { Options } from "./options.ts";

type Cap = "max_calls" | "max_tokens" | "max_cost";

const caps: readonly Cap[] = ["max_calls", "max_tokens", "max_cost"];

export class BudgetForecast {
  readonly #options: Pick<Options, "number">;
  /** What is needed at the least. */
  readonly #least = { max_calls: 0, max_tokens: 0, max_cost: 0 };
  /** USD, with all the output there may be. */
  #mostUsd = 0;
  readonly #passed = new Set<Cap>();
  #mayPassCost = false;

  constructor(options: Pick<Options, "number">) {
    this.#options = options;
  }

  /** Adds a statement's calls. Gives what was not said before. */
  add(sites: readonly CallEstimate[]): readonly Diagnostic[] {
    for (const { calls, recorded, invalid, inputTokens, cost } of sites) {
      this.#least.max_calls += calls - recorded - invalid;
      this.#least.max_tokens += inputTokens;
      this.#least.max_cost += cost?.minUsd ?? 0;
      this.#mostUsd += cost?.maxUsd ?? 0;
    }
    return caps.flatMap((option) => this.#check(option) ?? []);
  }

  #check(option: Cap): Diagnostic | undefined {
    const max = this.#options.number(option) ?? Infinity;
    const least = this.#least[option];
    if (this.#passed.has(option)) return undefined;
    if (least > max) {
      this.#passed.add(option);
      return warning("call/budget-too-small", { option, max, least });
    }
    if (option !== "max_cost" || this.#mostUsd <= max || this.#mayPassCost) return undefined;
    this.#mayPassCost = true;
    return warning("call/budget-may-be-small", { max, most: this.#mostUsd });
  }
}
