/** The run a session records its calls under: a script's, begun by name, or the session's own, begun with its first call. */
import type { Ledger } from "./ledger/ledger.ts";
import type { Run, RunDescription, RunStatus } from "./ledger/runs.ts";

/** What the session's own run is called. */
interface OwnRun {
  readonly name: string;
  /** Path of the session's database; absent in memory. */
  readonly database?: string;
}

export class CurrentRun {
  readonly #ledger: () => Ledger;
  readonly #own: OwnRun;
  #run: Run | undefined;
  #identity: string | undefined;
  #isRetrying = false;
  #hasFailed = false;

  constructor(ledger: () => Ledger, own: OwnRun) {
    this.#ledger = ledger;
    this.#own = own;
  }

  /** Throws ledger/already-running. */
  begin(description: Omit<RunDescription, "database">): Run {
    this.end();
    this.#identity = description.identity;
    this.#run = this.#ledger().runs.begin({ ...this.#own, ...description });
    return this.#run;
  }

  /** Undefined before the first call of a session's own run. */
  get current(): Run | undefined {
    return this.#run;
  }

  /** Path of the session's database; undefined in memory. */
  get database(): string | undefined {
    return this.#own.database;
  }

  /** Answers that are errors of their calls are not used again. */
  get isRetrying(): boolean {
    return this.#isRetrying;
  }

  get(): Run {
    return this.#run ?? this.begin({ kind: "session", name: this.#own.name });
  }

  /** Of the script that is running; undefined in a session's own run. */
  get identity(): string | undefined {
    return this.#identity;
  }

  get isResumed(): boolean {
    return this.#run?.isResumed === true;
  }

  /** How a statement that calls has ended. */
  note(isGood: boolean): void {
    this.#hasFailed = !isGood;
  }

  /** Without a status, by how its last statement ended. */
  end(status: RunStatus = this.#hasFailed ? "failed" : "finished"): void {
    if (this.#run !== undefined) this.#ledger().runs.end(this.#run, status);
    this.#run = undefined;
    this.#identity = undefined;
  }

  /**
   * Does `work` as part of an earlier run, or of this session's own. How that run ended stays as it was, but a session's
   * may have ended well after all. Throws ledger/already-running.
   */
  async again<T>(id: number, work: () => Promise<T>): Promise<T> {
    const own = { run: this.#run, identity: this.#identity };
    const earlier = id === own.run?.id ? undefined : this.#ledger().runs.reopen(id);
    if (earlier !== undefined) this.#run = earlier.run;
    this.#identity = undefined;
    this.#isRetrying = true;
    let isGood = false;
    try {
      const result = await work();
      isGood = true;
      return result;
    } finally {
      this.#isRetrying = false;
      if (earlier !== undefined) this.#ledger().runs.end(earlier.run, earlier.statusAfter(isGood));
      this.#run = own.run;
      this.#identity = own.identity;
    }
  }
}
