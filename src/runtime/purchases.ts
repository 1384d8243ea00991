/**
 * The calls of one statement that are on their way. The next pass need not wait for the last of them: what is still
 * open when a window runs low would only keep the others from being found.
 */
import type { Call, Memo } from "./memo.ts";

/** The calls of a pass. */
export interface Order {
  readonly calls: readonly Call[];
  /** The pass ended before it had seen all rows. */
  readonly mayGrow: boolean;
}

/**
 * Buys calls; their answers are in the memo when it resolves. Once `stop` is aborted nothing more is sent. Rejects when
 * the statement is to end.
 */
export type Buy = (order: Order, stop: AbortSignal) => Promise<void>;

export class Purchases {
  readonly #memo: Memo;
  readonly #buy: Buy;
  readonly #stopping = new AbortController();
  readonly #running = new Set<Promise<void>>();
  /** All that are open, and some that are not any more. */
  #calls: readonly Call[] = [];
  #openCount = 0;
  #error: { readonly reason: unknown } | undefined;
  #wakeAt = 0;
  #wake: (() => void) | undefined;

  constructor(memo: Memo, buy: Buy) {
    this.#memo = memo;
    this.#buy = buy;
    memo.onStored = () => {
      this.#openCount--;
      if (this.#openCount <= this.#wakeAt) this.#wake?.();
    };
  }

  get openCount(): number {
    return this.#openCount;
  }

  /** Not all that was ordered has ended. */
  get isBuying(): boolean {
    return this.#running.size > 0;
  }

  /** Keys of calls without an answer. */
  open(): ReadonlySet<string> {
    this.#calls = this.#calls.filter((call) => this.#memo.numberOf(call) === undefined);
    this.#openCount = this.#calls.length;
    return new Set(this.#calls.map(({ key }) => key));
  }

  add(order: Order): void {
    this.#calls = [...this.#calls, ...order.calls];
    this.#openCount += order.calls.length;
    const running = this.#buy(order, this.#stopping.signal)
      .catch((reason: unknown) => {
        this.#error ??= { reason };
        this.#stopping.abort();
      })
      .finally(() => {
        this.#running.delete(running);
        this.#wake?.();
      });
    this.#running.add(running);
  }

  /** Waits until at most `count` calls are open. Throws what buying threw, once everything that was sent has ended. */
  async untilBelow(count: number): Promise<void> {
    const isEnough = (): boolean => count > 0 && this.#openCount <= count;
    while (this.#error === undefined && this.#running.size > 0 && !isEnough()) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wakeAt = count;
      this.#wake = resolve;
      await promise;
    }
    this.#wake = undefined;
    if (this.#error === undefined) return;
    await this.end();
    throw this.#error.reason;
  }

  /** Sends nothing more, and waits for what is on its way, which is recorded. */
  async end(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#running);
  }
}
