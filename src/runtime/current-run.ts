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

  constructor(ledger: () => Ledger, own: OwnRun) {
    this.#ledger = ledger;
    this.#own = own;
  }

  /** Throws ledger/already-running. */
  begin(description: Omit<RunDescription, "database">): Run {
    this.end("finished");
    this.#identity = description.identity;
    this.#run = this.#ledger().runs.begin({ ...this.#own, ...description });
    return this.#run;
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

  end(status: RunStatus): void {
    if (this.#run !== undefined) this.#ledger().runs.end(this.#run, status);
    this.#run = undefined;
    this.#identity = undefined;
  }
}
