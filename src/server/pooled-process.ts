/** One process that runs statements, seen from the server: what is said to it and heard from it, and how it is ended. */
import { fork, type ChildProcess } from "node:child_process";
import { diagnostic, DiagnosticError, fail, type CallDesk, type JsonObject } from "../index.ts";
import {
  withoutSource,
  type FromProcess,
  type Part,
  type Setup,
  type Task,
  type ToProcess,
} from "./protocol.ts";
import { graceMs, WorkWatch, type WorkLimits } from "./work-watch.ts";

/** What a statement's answer needs besides its task. */
export interface Conditions {
  readonly desk: Required<CallDesk>;
  readonly signal: AbortSignal;
  /** Input rows of `each`. */
  readonly rows?: AsyncIterator<JsonObject>;
}

const entry = new URL(
  `./statement-process.${import.meta.url.endsWith(".ts") ? "ts" : "js"}`,
  import.meta.url,
);

export class StatementProcess {
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
      // V8 else lets 48 MB of short-lived objects gather before it looks at them, and takes some for long-lived: a third more
      // memory, and no faster (docs/decisions/0106, 0166).
      execArgv: [
        ...process.execArgv.filter((argument) => !argument.startsWith("--inspect")),
        "--max-semi-space-size=4",
        "--no-allocation-site-pretenuring",
      ],
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

  async *run(task: Task, conditions: Conditions, limits: WorkLimits): AsyncGenerator<Part> {
    let watch = new WorkWatch(limits, this.#pid);
    let isOver = false;
    this.#send({ kind: "task", task });
    try {
      for (;;) {
        const message = await this.#within(watch, conditions.signal);
        switch (message.kind) {
          case "orders":
            this.#send(await deliver(conditions, message.orders));
            break;
          case "look-up":
            this.#send(await lookUp(message.orders, conditions));
            break;
          case "connection":
            this.#send(await tellOf(message.name, conditions));
            break;
          case "wanted": {
            // Each row has the time of a statement.
            watch = new WorkWatch(limits, this.#pid);
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
  async #within(watch: WorkWatch, signal: AbortSignal): Promise<FromProcess> {
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

function lookUp(orders: Parameters<CallDesk["buy"]>[0], { desk }: Conditions): Promise<ToProcess> {
  return orRefusal(async () => ({ kind: "recorded", answers: await desk.recorded(orders) }));
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
