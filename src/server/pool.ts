/**
 * Processes that run statements. A statement that takes too long, or too much memory, or that nobody waits for any more,
 * is ended with its process; another one takes its place. Spares stand ready, since a process takes 150 ms to start.
 */
import { diagnostic, DiagnosticError, fail } from "../index.ts";
import { StatementProcess, type Conditions } from "./pooled-process.ts";
import type { Part, Setup, Task } from "./protocol.ts";
import type { WorkLimits } from "./work-watch.ts";

export interface PoolOptions extends WorkLimits {
  readonly setup: Setup;
  /** Processes at most, 1 or more. */
  readonly processesMax: number;
  /** Statements that wait for a process at most; more are refused. */
  readonly waitingMax: number;
}

export interface PoolCounts {
  /** Processes that run a statement. */
  readonly busy: number;
  /** Processes that wait for one. */
  readonly idle: number;
  /** Statements that wait for a process. */
  readonly waiting: number;
  /** Processes that were ended, or died, since the start. */
  readonly ended: number;
}

export class StatementPool {
  readonly #options: PoolOptions;
  readonly #idle: StatementProcess[] = [];
  readonly #all = new Set<StatementProcess>();
  readonly #waiting = new Set<PromiseWithResolvers<StatementProcess>>();
  #isClosed = false;
  #busy = 0;
  #ended = 0;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** Starts the first process. Throws what opening the database throws. */
  async start(): Promise<void> {
    await this.#spawn();
  }

  get counts(): PoolCounts {
    return {
      busy: this.#busy,
      idle: this.#idle.length,
      waiting: this.#waiting.size,
      ended: this.#ended,
    };
  }

  /** The parts of a statement's answer. Throws serve/busy, serve/statement-timeout, serve/statement-memory, and what the statement throws. */
  async *run(task: Task, conditions: Conditions): AsyncGenerator<Part> {
    const worker = await this.#acquire(conditions.signal);
    this.#busy++;
    try {
      yield* worker.run(task, conditions, this.#options);
    } finally {
      this.#busy--;
      this.#release(worker);
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#all].map((worker) => worker.end()));
  }

  async #acquire(signal: AbortSignal): Promise<StatementProcess> {
    const idle = this.#idle.pop();
    if (idle !== undefined) {
      this.#keepSpare();
      return idle;
    }
    if (this.#waiting.size >= this.#options.waitingMax) fail("serve/busy", {});
    const waiting = Promise.withResolvers<StatementProcess>();
    this.#waiting.add(waiting);
    const leave = (): void => {
      this.#waiting.delete(waiting);
      waiting.reject(new DiagnosticError([diagnostic("call/cancelled", {})]));
    };
    signal.addEventListener("abort", leave, { once: true });
    this.#keepSpare();
    try {
      return await waiting.promise;
    } finally {
      signal.removeEventListener("abort", leave);
      this.#waiting.delete(waiting);
    }
  }

  #release(worker: StatementProcess): void {
    if (worker.isAlive) {
      this.#offer(worker);
      return;
    }
    this.#all.delete(worker);
    this.#ended++;
    this.#keepSpare();
  }

  #offer(worker: StatementProcess): void {
    const [waiting] = this.#waiting;
    if (waiting === undefined) {
      this.#idle.push(worker);
      return;
    }
    this.#waiting.delete(waiting);
    waiting.resolve(worker);
  }

  /** One more than are at work, as long as there may be more. */
  #keepSpare(): void {
    const isSpare = this.#idle.length > 0 && this.#waiting.size === 0;
    if (isSpare || this.#isClosed || this.#all.size >= this.#options.processesMax) return;
    this.#spawn().catch((error: unknown) => {
      for (const waiting of this.#waiting) waiting.reject(error);
      this.#waiting.clear();
    });
  }

  async #spawn(): Promise<void> {
    const worker = new StatementProcess(this.#options.setup, () => this.#onExit(worker));
    this.#all.add(worker);
    try {
      await worker.ready;
      this.#offer(worker);
    } catch (error) {
      this.#all.delete(worker);
      await worker.end();
      throw error;
    }
  }

  /** One that dies while it has nothing to do is replaced when it is needed. */
  #onExit(worker: StatementProcess): void {
    const at = this.#idle.indexOf(worker);
    if (at < 0) return;
    this.#idle.splice(at, 1);
    this.#all.delete(worker);
    this.#keepSpare();
  }
}
