/** The run a session records its calls under: a script's, begun by name, or the session's own, begun with its first call. */
import type { Ledger } from "./ledger/ledger.ts";
import type { Run, RunDescription, RunStatus } from "./ledger/runs.ts";

export class CurrentRun {
  readonly #ledger: () => Ledger;
  readonly #database: { database?: string };
  #run: Run | undefined;
  #identity: string | undefined;

  /** `database`: path of the session's database; undefined in memory. */
  constructor(ledger: () => Ledger, database: string | undefined) {
    this.#ledger = ledger;
    this.#database = database === undefined ? {} : { database };
  }

  /** Throws ledger/already-running. */
  begin(description: Omit<RunDescription, "database">): Run {
    this.end("finished");
    this.#identity = description.identity;
    this.#run = this.#ledger().runs.begin({ ...description, ...this.#database });
    return this.#run;
  }

  get(): Run {
    return this.#run ?? this.begin({ kind: "session", name: "session" });
  }

  /** Of the script that is running; undefined in a session's own run. */
  get identity(): string | undefined {
    return this.#identity;
  }

  get isResumed(): boolean {
    return this.#run?.isResumed === true;
  }

  end(status: RunStatus): void {
    if (this.#run !== undefined) this.#ledger().runs.end(this.#run, status);
    this.#run = undefined;
    this.#identity = undefined;
  }
}
