/**
 * Works that may share a request wait together until the limiter has a place, and leave as many as fit. Nothing is held
 * back: what is asked for in one turn of the event loop is together anyway, more comes together only where it must wait.
 */
import { LightStop } from "./abort-hub.ts";
import { ChurnMap } from "./churn-map.ts";
import type { Limiter, Place } from "./limiter.ts";
import { packSize } from "./pack.ts";
import { Company } from "./patience.ts";
import type { Dispatched, Work } from "./work.ts";
import { cancelled } from "./flight.ts";
import type { PackRule } from "../../catalog/procedure.ts";

export interface PoolsOptions {
  readonly limiter: Limiter;
  /** Inputs a request at most, where that is fewer than the rule allows. */
  readonly packMax: number;
  readonly depart: (works: readonly Work[], place: Place) => void;
}

export class Pools {
  readonly #options: PoolsOptions;
  readonly #pools = new ChurnMap<string, Pool>();

  constructor(options: PoolsOptions) {
    this.#options = options;
  }

  /** `group`: works of one group agree in all but their input. */
  add(group: string, work: Work, rule: PackRule): void {
    let pool = this.#pools.get(group);
    if (pool === undefined) {
      pool = new Pool(rule, this.#options, () => this.#pools.delete(group));
      this.#pools.set(group, pool);
    }
    pool.add(work);
  }
}

const neverSent: Dispatched = { failure: cancelled, verdict: "fatal", attempts: 0, durationMs: 0 };

/** Lives while it holds works. */
class Pool {
  readonly #rule: PackRule;
  readonly #options: PoolsOptions;
  readonly #onEmpty: () => void;
  readonly #works = new Set<Work>();
  readonly #company = new Company([], { onStop: (one) => this.#dismiss(one) });
  readonly #closing = new LightStop();

  constructor(rule: PackRule, options: PoolsOptions, onEmpty: () => void) {
    this.#rule = rule;
    this.#options = options;
    this.#onEmpty = onEmpty;
    setImmediate(() => void this.#send());
  }

  add(work: Work): void {
    this.#works.add(work);
    work.company = this.#company;
    for (const patience of work.patiences) this.#company.add(patience);
  }

  async #send(): Promise<void> {
    while (this.#works.size > 0) {
      let place: Place;
      try {
        place = await this.#options.limiter.enter(this.#closing, {
          tokens: () => this.#next().tokens,
        });
      } catch {
        return;
      }
      const { works } = this.#next();
      for (const work of works) this.#works.delete(work);
      this.#closeIfEmpty();
      if (works.length === 0) this.#options.limiter.leave(place, { kind: "failed" });
      else this.#options.depart(works, place);
    }
    this.#closeIfEmpty();
  }

  #next(): { readonly works: readonly Work[]; readonly tokens: number } {
    const inputsMax = Math.min(this.#rule.inputsMax, this.#options.packMax);
    const candidates: Work[] = [];
    for (const work of this.#works) {
      if (candidates.length >= inputsMax) break;
      candidates.push(work);
    }
    const tokens = candidates.map((work) => work.tokens);
    const size = packSize(tokens, this.#rule.tokensMax);
    return { works: candidates.slice(0, size), tokens: sumOf(tokens.slice(0, size)) };
  }

  #dismiss(patience: Parameters<Company["add"]>[0]): void {
    for (const work of this.#works) {
      work.dismiss(patience, neverSent);
      if (work.isAbandoned) this.#works.delete(work);
    }
    this.#closeIfEmpty();
  }

  #closeIfEmpty(): void {
    if (this.#works.size > 0 || this.#closing.aborted) return;
    this.#onEmpty();
    this.#company[Symbol.dispose]();
    this.#closing.abort();
  }
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}
