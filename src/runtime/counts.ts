/** What a statement has called and spent so far. */

export interface Counts {
  /** Different calls the statement used. */
  calls: number;
  /** Calls that were sent to the API; not such that never got there. */
  made: number;
  /** Calls answered by an earlier equal one. */
  cached: number;
  /** Calls that ended with an error, those refused before sending included. */
  failed: number;
  inputTokens: number;
  outputTokens: number;
  /** USD, of the calls whose model has a known price. */
  costUsd: number;
  /** `YYYY-MM-DD`, when the oldest of those prices was read; undefined while none was used. */
  costAsOf: string | undefined;
  elapsedMs: number;
}

/** What `executeForEach` has done so far; the calls are those of all its rows. */
export interface ForEachCounts extends Counts {
  /** Input rows that have an output: the sum of the three below. */
  rows: number;
  matched: number;
  unmatched: number;
  errors: number;
}

/** What a progress line shows while a statement runs. */
export interface Progress {
  readonly callsDone: number;
  /** Calls known so far; more may be found where answers lead to further calls. */
  readonly callsKnown: number;
  /** The statement has not been read to its end: more calls are likely, and how many nobody knows. */
  readonly mayGrow?: boolean;
  readonly inFlight: number;
  readonly retries: number;
  readonly failed: number;
  readonly tokens: number;
  readonly costUsd: number;
  /** What the session has spent of its max_cost, in USD; absent without such a cap. */
  readonly costCap?: { readonly spentUsd: number; readonly maxUsd: number };
  readonly elapsedMs: number;
}

/** What a progress line shows while executeForEach runs. */
export interface ForEachProgress extends Progress {
  /** Input rows that are done, whether or not their output was read. */
  readonly rowsDone: number;
  /** Input rows pulled so far. */
  readonly rowsKnown: number;
}

export function noCounts(): Counts {
  return {
    calls: 0,
    made: 0,
    cached: 0,
    failed: 0,
    inputTokens: 0,
    outputTokens: 0,
    costUsd: 0,
    costAsOf: undefined,
    elapsedMs: 0,
  };
}

/** Adds what a part of a statement has used to the statement's counts; the time is the statement's own. */
export function addCounts(counts: Counts, part: Counts): void {
  counts.calls += part.calls;
  counts.made += part.made;
  counts.cached += part.cached;
  counts.failed += part.failed;
  counts.inputTokens += part.inputTokens;
  counts.outputTokens += part.outputTokens;
  counts.costUsd += part.costUsd;
  counts.costAsOf = older(counts.costAsOf, part.costAsOf);
}

/** Of two days; one that is undefined is none. */
export function older(day: string | undefined, other: string | undefined): string | undefined {
  return day === undefined || (other !== undefined && other < day) ? other : day;
}
