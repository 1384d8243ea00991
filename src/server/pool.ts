/**
 * Processes that run statements. A statement that takes too long, or too much memory, or that nobody waits for any more,
 * is ended with its process; another one takes its place. Spares stand ready, since a process takes 150 ms to start.
 */
import { fork, type ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import {
  diagnostic,
  DiagnosticError,
  fail,
  type CallDesk,
  type Diagnostic,
  type JsonObject,
} from "../index.ts";
import {
  withoutSource,
  type FromProcess,
  type Part,
  type Setup,
  type Task,
  type ToProcess,
} from "./protocol.ts";

export interface PoolOptions {
  readonly setup: Setup;
  /** Processes at most, 1 or more. */
  readonly processesMax: number;
  /** Statements that wait for a process at most; more are refused. */
  readonly waitingMax: number;
  /** Milliseconds SQLite may work on one statement; time that its calls take does not count. */
  readonly sqlMs: number;
  /** Resident memory of a process, bytes. Watched on Linux. */
  readonly memoryMax: number;
}

/** What a statement's answer needs besides its task. */
export interface Conditions {
  readonly desk: Required<CallDesk>;
  readonly signal: AbortSignal;
  /** Input rows of `each`. */
  readonly rows?: AsyncIterator<JsonObject>;
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

const entry = new URL(
  `./statement-process.${import.meta.url.endsWith(".ts") ? "ts" : "js"}`,
  import.meta.url,
);

/** How long a process that was asked to end something may take to say so. */
const graceMs = 200;
const lookEveryMs = 100;

class StatementProcess {
  /** Rejects with what opening the database throws. */
  readonly ready: Promise<void>;
  readonly #child: ChildProcess;
  readonly #heard: FromProcess[] = [];
  #listener: PromiseWithResolvers<FromProcess> | undefined;
  readonly #exited: Promise<void>;
  #isAlive = true;

  constructor(setup: Setup, onExit: () => void) {
    this.#child = fork(entry, {
      serialization: "advanced",
      // No key and no debugger: what a process does not know it cannot tell.
      env: { PATH: process.env["PATH"] },
      execArgv: process.execArgv.filter((argument) => !argument.startsWith("--inspect")),
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    this.#exited = new Promise((resolve) => {
      const onEnd = (): void => {
        this.#isAlive = false;
        this.#listener?.reject(new DiagnosticError([diagnostic("serve/process-died", {})]));
        resolve();
        onExit();
      };
      this.#child.once("exit", onEnd);
      this.#child.once("error", onEnd);
    });
    this.#child.on("message", (message) => this.#hear(readMessage(message)));
    this.#send({ kind: "setup", setup });
    this.ready = this.#begin();
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  get #pid(): number {
    return this.#child.pid ?? 0;
  }

  async *run(task: Task, conditions: Conditions, limits: PoolOptions): AsyncGenerator<Part> {
    let watch = new Watch(limits, this.#pid);
    let isOver = false;
    this.#send({ kind: "task", task });
    try {
      for (;;) {
        const message = await this.#within(watch, conditions.signal);
        switch (message.kind) {
          case "orders":
            this.#send(await deliver(conditions, message.orders));
            break;
          case "connection":
            this.#send(await tellOf(message.name, conditions));
            break;
          case "wanted": {
            // Each row has the time of a statement.
            watch = new Watch(limits, this.#pid);
            const step = await conditions.rows?.next();
            this.#send({ kind: "row", row: step?.done === false ? step.value : undefined });
            break;
          }
          case "head":
          case "rows":
          case "output":
          case "explanation":
            yield message;
            this.#send({ kind: "more" });
            break;
          case "end":
            isOver = true;
            yield message;
            return;
          case "failure":
            isOver = true;
            throw new DiagnosticError(message.diagnostics);
          case "ready":
            break;
        }
      }
    } finally {
      if (!isOver) await this.#stop();
    }
  }

  /** SIGKILL: it takes 3 ms, whatever SQLite is doing. */
  async end(): Promise<void> {
    this.#isAlive = false;
    this.#child.kill("SIGKILL");
    await this.#exited;
  }

  async #begin(): Promise<void> {
    const message = await this.#next();
    if (message.kind === "failure") throw new DiagnosticError(message.diagnostics);
  }

  /** The next message, in time; otherwise the process is ended. */
  async #within(watch: Watch, signal: AbortSignal): Promise<FromProcess> {
    const ending = Promise.withResolvers<never>();
    const release = watch.begin(signal, (found) => {
      ending.reject(new DiagnosticError([found]));
      void this.end();
    });
    try {
      return await Promise.race([this.#next(), ending.promise]);
    } finally {
      release();
    }
  }

  /** The consumer has left. */
  async #stop(): Promise<void> {
    if (!this.#isAlive) return;
    this.#send({ kind: "stop" });
    const timer = setTimeout(() => void this.end(), graceMs);
    try {
      for (let message = await this.#next(); message.kind !== "end" && message.kind !== "failure";) {
        message = await this.#next();
      }
    } catch {
      // It was ended.
    } finally {
      clearTimeout(timer);
    }
  }

  #next(): Promise<FromProcess> {
    const heard = this.#heard.shift();
    if (heard !== undefined) return Promise.resolve(heard);
    if (!this.#isAlive) fail("serve/process-died", {});
    this.#listener = Promise.withResolvers();
    return this.#listener.promise;
  }

  #hear(message: FromProcess): void {
    const listener = this.#listener;
    this.#listener = undefined;
    if (listener === undefined) this.#heard.push(message);
    else listener.resolve(message);
  }

  #send(message: ToProcess): void {
    // One that has just died is noticed by its exit.
    if (this.#child.connected) this.#child.send(message, () => {});
  }
}

function readMessage(message: unknown): FromProcess {
  return message as FromProcess;
}

function deliver({ desk, signal }: Conditions, orders: Parameters<CallDesk["buy"]>[0]): Promise<ToProcess> {
  return orRefusal(async () => ({ kind: "delivery", delivery: await desk.buy(orders, { signal }) }));
}

function tellOf(name: string, { desk }: Conditions): Promise<ToProcess> {
  return orRefusal(async () => ({ kind: "facts", facts: await desk.connectionFacts(name) }));
}

async function orRefusal(give: () => Promise<ToProcess>): Promise<ToProcess> {
  try {
    return await give();
  } catch (error) {
    if (!(error instanceof DiagnosticError)) throw error;
    return { kind: "refusal", diagnostics: error.diagnostics.map(withoutSource) };
  }
}

/** How much longer than its time a statement may take where its process was kept from working. */
const patience = 4;

/**
 * The time SQLite takes for one statement, and the memory of its process, while the process is at work. Where the system
 * says so it is the process's own time that counts, so that a busy machine ends nothing that an idle one would not.
 */
class Watch {
  readonly #limits: PoolOptions;
  readonly #pid: number;
  readonly #workedBefore: number | undefined;
  #waitedMs = 0;

  constructor(limits: PoolOptions, pid: number) {
    this.#limits = limits;
    this.#pid = pid;
    this.#workedBefore = workedMs(pid);
  }

  /** `onOver` is called at most once, with the reason. */
  begin(signal: AbortSignal, onOver: (reason: Diagnostic) => void): () => void {
    const { sqlMs, memoryMax } = this.#limits;
    let lookedAt = performance.now();
    let timer: NodeJS.Timeout | undefined;
    let isReleased = false;
    // The answer may be there already, not yet heard: it is given a turn.
    const over = (reason: Diagnostic): void =>
      void setImmediate(() => {
        if (!isReleased) onOver(reason);
      });
    /** What this process was late itself is not the statement's. */
    const wait = (): void => {
      const now = performance.now();
      this.#waitedMs += Math.min(now - lookedAt, 2 * lookEveryMs);
      lookedAt = now;
    };
    const look = (): void => {
      wait();
      const waited = this.#waitedMs;
      const worked = this.#worked() ?? waited;
      if (residentBytes(this.#pid) > memoryMax) {
        over(diagnostic("serve/statement-memory", { megabytes: Math.round(memoryMax / 2 ** 20) }));
      } else if (worked >= sqlMs || waited >= sqlMs * patience) {
        over(diagnostic("serve/statement-timeout", { seconds: sqlMs / 1000 }));
      } else {
        timer = setTimeout(look, Math.min(lookEveryMs, sqlMs - worked));
      }
    };
    const abort = (): void => void setTimeout(() => over(diagnostic("call/cancelled", {})), graceMs);
    timer = setTimeout(look, Math.min(lookEveryMs, sqlMs));
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
    return () => {
      isReleased = true;
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
      wait();
    };
  }

  #worked(): number | undefined {
    const now = workedMs(this.#pid);
    return now === undefined || this.#workedBefore === undefined ? undefined : now - this.#workedBefore;
  }
}

const tickMs = 10;

/** Processor time of a process so far; undefined where the system does not say. */
function workedMs(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) * tickMs;
  } catch {
    return undefined;
  }
}

const pageBytes = 4096;

/** 0 where the system does not say. */
function residentBytes(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1]) * pageBytes;
  } catch {
    return 0;
  }
}
