/**
 * The time SQLite takes for one statement, and the memory of its process, while the process is at work. Where the system
 * says so it is the process's own time that counts, so that a busy machine ends nothing that an idle one would not.
 */
import { readFileSync } from "node:fs";
import { diagnostic, type Diagnostic } from "../index.ts";

export interface WorkLimits {
  /** Milliseconds SQLite may work on one statement; time that its calls take does not count. */
  readonly sqlMs: number;
  /** Resident memory of a process, bytes. Watched on Linux. */
  readonly memoryMax: number;
}

/** How long a process that was asked to end something may take to say so, milliseconds. */
export const graceMs = 200;
const lookEveryMs = 100;

/** How much longer than its time a statement may take where its process was kept from working. */
const patience = 4;

export class WorkWatch {
  readonly #limits: WorkLimits;
  readonly #pid: number;
  readonly #workedBefore: number | undefined;
  #waitedMs = 0;

  constructor(limits: WorkLimits, pid: number) {
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
