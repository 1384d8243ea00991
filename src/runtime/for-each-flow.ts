/**
 * Rows through work under back-pressure: an input row is pulled when there is room for what comes of it, and what comes
 * of it is handed out when the consumer asks. Knows no SQL and no call. It never holds more than `windowRows`.
 */
import { ChurnMap } from "./dispatch/churn-map.ts";
import { known } from "../diagnostics/known.ts";

/** What rows may come from: anything `for await` takes. */
export type Rows<I> = AsyncIterable<I> | Iterable<I>;

export interface FlowOptions<I, O> {
  readonly rows: Rows<I>;
  /** Rejects to end the flow. */
  readonly work: (input: I, index: number) => Promise<O>;
  /** Rows pulled and not yet handed out, at most. */
  readonly windowRows: number;
  /** What a row counts towards `windowBytes`. */
  readonly bytesOf: (input: I) => number;
  /** Rows at work together, at most. */
  readonly runningMax: number;
  /** Rows that begin together, at most: they may share a request. */
  readonly batchRows: number;
  /** Outputs come in the order of the inputs; otherwise as they are done. */
  readonly isOrdered: boolean;
  /** No more outputs are wanted: work that has not begun in earnest need not. */
  readonly onEnding: () => void;
  /** The consumer has gone, and waits for what is still running. */
  readonly onLeft: () => void;
}

/** No further row is pulled while those that are held are larger than this. */
const windowBytes = 64 * 2 ** 20;

/** A batch that is not full waits while more rows come within this time, … */
const lingerMs = 25;
/** … this often at most. */
const lingersMax = 20;

interface Row<I> {
  readonly input: I;
  readonly index: number;
}

export class Flow<I, O> {
  readonly #options: FlowOptions<I, O>;
  readonly #iterator: Iterator<I> | AsyncIterator<I>;
  readonly #done = new ChurnMap<number, O>();
  readonly #bytes = new Map<number, number>();
  #heldBytes = 0;
  #batch: Row<I>[] = [];
  #queue: Row<I>[] = [];
  #timer: NodeJS.Timeout | undefined;
  #pulled = 0;
  #handedOut = 0;
  #running = 0;
  #isPulling = false;
  #hasEnded = false;
  #failure: { readonly error: unknown } | undefined;
  #inputFailure: { readonly error: unknown } | undefined;
  #waiting: (() => void)[] = [];

  constructor(options: FlowOptions<I, O>) {
    this.#options = options;
    const { rows } = options;
    this.#iterator = Symbol.asyncIterator in rows ? rows[Symbol.asyncIterator]() : rows[Symbol.iterator]();
  }

  /** To be read once. What was done before a failure is handed out first; leaving early stops the flow. */
  async *outputs(): AsyncGenerator<O> {
    try {
      for (;;) {
        this.#pull();
        const output = this.#take();
        if (output !== undefined) {
          yield output.value;
          // Room is made when the consumer comes back, so that no row begins while the one before is being looked at.
          this.#handedOut++;
          this.#heldBytes -= known(this.#bytes.get(output.index));
          this.#bytes.delete(output.index);
        } else if (this.#isOver) {
          break;
        } else {
          await this.#change();
        }
      }
      const failure = this.#failure ?? this.#inputFailure;
      if (failure !== undefined) throw failure.error;
    } finally {
      await this.#leave();
    }
  }

  /** Ends the flow with an error, which the consumer meets behind the outputs that are done. */
  fail(error: unknown): void {
    if (this.#hasEnded && this.#running === 0) return;
    this.#failure ??= { error };
    this.#drop();
    this.#options.onEnding();
    this.#notify();
  }

  /** Resolves when all that had begun is done. */
  async settled(): Promise<void> {
    while (this.#running > 0) await this.#change();
  }

  async #leave(): Promise<void> {
    const hadEnded = this.#hasEnded;
    this.#hasEnded = true;
    this.#drop();
    this.#options.onEnding();
    if (this.#running > 0) this.#options.onLeft();
    if (!hadEnded) await this.#closeInput();
    await this.settled();
  }

  /** An input that is being waited for cannot be closed before it gives something. */
  async #closeInput(): Promise<void> {
    const closing = Promise.resolve(this.#iterator.return?.());
    if (this.#isPulling || this.#failure !== undefined) closing.catch(() => undefined);
    else await closing;
  }

  /** The next one in order, or whichever was done first. */
  #take(): { readonly index: number; readonly value: O } | undefined {
    const index = this.#options.isOrdered ? this.#handedOut : this.#done.firstKey;
    if (index === undefined) return undefined;
    const value = this.#done.get(index);
    if (value === undefined) return undefined;
    this.#done.delete(index);
    return { index, value };
  }

  get #isOver(): boolean {
    const hasEnded = this.#hasEnded || this.#failure !== undefined;
    return hasEnded && this.#running === 0;
  }

  #pull(): void {
    if (this.#isPulling || this.#hasEnded || this.#failure !== undefined || !this.#hasRoom) return;
    this.#isPulling = true;
    void this.#next();
  }

  /** For a row of the batch that is being filled, or for a batch. */
  get #hasRoom(): boolean {
    const held = this.#pulled - this.#handedOut;
    if (held === 0) return true;
    if (this.#heldBytes >= windowBytes) return false;
    return this.#batch.length > 0 || held + this.#options.batchRows <= this.#options.windowRows;
  }

  async #next(): Promise<void> {
    let step: IteratorResult<I>;
    try {
      step = await this.#iterator.next();
    } catch (error) {
      // The rows that it gave are good: the run ends behind them.
      this.#inputFailure = { error };
      step = { done: true, value: undefined };
    } finally {
      this.#isPulling = false;
    }
    if (this.#hasEnded || this.#failure !== undefined) return;
    if (step.done === true) {
      this.#hasEnded = true;
      this.#release();
      this.#notify();
      return;
    }
    const row = { input: step.value, index: this.#pulled++ };
    const bytes = this.#options.bytesOf(row.input);
    this.#bytes.set(row.index, bytes);
    this.#heldBytes += bytes;
    this.#batch.push(row);
    const isFull = this.#batch.length >= this.#options.batchRows || this.#heldBytes >= windowBytes;
    if (isFull) this.#release();
    else if (this.#batch.length === 1) this.#linger(lingersMax);
    this.#pull();
  }

  #linger(times: number): void {
    const batch = this.#batch;
    const before = batch.length;
    this.#timer = setTimeout(() => {
      // Where the process was busy meanwhile, what has arrived is read first.
      setImmediate(() => {
        if (this.#batch !== batch) return;
        if (batch.length > before && times > 1) this.#linger(times - 1);
        else this.#release();
      });
    }, lingerMs);
  }

  #release(): void {
    clearTimeout(this.#timer);
    this.#queue.push(...this.#batch);
    this.#batch = [];
    this.#begin();
  }

  #begin(): void {
    while (this.#running < this.#options.runningMax) {
      const row = this.#queue.shift();
      if (row === undefined) return;
      void this.#work(row);
    }
  }

  /** Rows that have not begun never will. */
  #drop(): void {
    clearTimeout(this.#timer);
    this.#batch = [];
    this.#queue = [];
  }

  async #work({ input, index }: Row<I>): Promise<void> {
    this.#running++;
    try {
      this.#done.set(index, await this.#options.work(input, index));
    } catch (error) {
      this.fail(error);
    } finally {
      this.#running--;
      this.#begin();
      this.#notify();
    }
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #notify(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resume of waiting) resume();
  }
}
