/** A command with SQL of its own, for one row after the other: each row's statement sees what the one before has done. */
import type { Diagnostic } from "../diagnostics/diagnostic.ts";
import type { SqlValue } from "../catalog/value.ts";
import { addCounts, type Counts, type Progress } from "./counts.ts";
import type { RowRunner } from "./for-each-output.ts";
import type { PreparedStatement } from "./prepared-statement.ts";
import { addWarnings } from "./result-warnings.ts";
import type { ExecuteOptions } from "./run-input.ts";

export interface StatementRowsOptions {
  readonly prepared: PreparedStatement;
  readonly counts: Counts;
  readonly warnings: Diagnostic[];
  /** Rows of a result that are read. */
  readonly rowsNeeded: number;
  readonly options: ExecuteOptions;
  readonly onProgress: () => void;
}

export class StatementRows implements RowRunner {
  readonly windowRows = 1;
  readonly runningMax = 1;
  readonly batchRows = 1;
  readonly #options: StatementRowsOptions;
  readonly #startedAt = performance.now();
  /** Of the statement that is running. */
  #current: Progress | undefined;
  #retries = 0;

  constructor(options: StatementRowsOptions) {
    this.#options = options;
  }

  /** Throws what executing the statement throws. */
  async run(binds: Parameters<RowRunner["run"]>[0]): ReturnType<RowRunner["run"]> {
    const { prepared, counts, warnings, rowsNeeded, options, onProgress } = this.#options;
    try {
      const result = await prepared.execute(binds, {
        ...options,
        onProgress: (progress) => {
          this.#current = progress;
          onProgress();
        },
      });
      addCounts(counts, result.counts);
      addWarnings(warnings, result.warnings);
      const rows: (readonly SqlValue[])[] = [];
      for await (const row of result.arrays()) if (rows.push(row) >= rowsNeeded) break;
      return { hasColumns: result.kind === "rows", rows };
    } finally {
      this.#retries = Math.max(this.#retries, this.#current?.retries ?? 0);
      this.#current = undefined;
    }
  }

  progress(): Progress {
    const { counts } = this.#options;
    const now = this.#current;
    counts.elapsedMs = Math.round(performance.now() - this.#startedAt);
    return {
      callsDone: counts.calls + (now?.callsDone ?? 0),
      callsKnown: counts.calls + (now?.callsKnown ?? 0),
      inFlight: now?.inFlight ?? 0,
      retries: now?.retries ?? this.#retries,
      failed: counts.failed + (now?.failed ?? 0),
      tokens: counts.inputTokens + counts.outputTokens + (now?.tokens ?? 0),
      costUsd: counts.costUsd + (now?.costUsd ?? 0),
      elapsedMs: counts.elapsedMs,
      ...(now?.costCap === undefined ? {} : { costCap: now.costCap }),
    };
  }
}
