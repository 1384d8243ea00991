/** What running one statement takes. */
import type { Source } from "../diagnostics/source.ts";
import type { SqlStatement } from "../parser/syntax.ts";
import type { Counts, Progress } from "./counts.ts";
import type { Binds } from "./values.ts";

/** Of session.execute and of a prepared statement. */
export interface ExecuteOptions {
  /** Ends the statement: nothing more is sent, answers on their way are recorded, then call/cancelled. */
  readonly signal?: AbortSignal;
  /** Called whenever a call is done. */
  readonly onProgress?: (progress: Progress) => void;
  /** Called when the statement fails, with what it had called and spent by then: there is no result to say it. */
  readonly onFailed?: (counts: Counts) => void;
  /** Number of the statement in the script that is running, from 1: a resumed script does not write it twice. */
  readonly step?: number;
  /** Where its calls go instead of the session's connection. */
  readonly connection?: string;
  /** Recorded answers are not used: every call is made anew. */
  readonly isFresh?: boolean;
}

export interface RunInput {
  readonly source: Source;
  readonly statement: SqlStatement;
  readonly binds: Binds;
  readonly options: ExecuteOptions;
}

/** Rows of a finished statement that are held in memory; a larger result streams. */
export const rowsKept = 10_000;
