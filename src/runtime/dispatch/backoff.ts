/** How long to wait before the next attempt: exponential with full jitter, never less than the service asks. */

export interface BackoffRule {
  readonly baseMs: number;
  readonly capMs: number;
  /** 0 ≤ x < 1. */
  readonly random: () => number;
}

/** A Retry-After above this is not slept through: the call fails and says so (reliability.md, F10). */
export const retryAfterMaxMs = 10 * 60_000;

/** `attempt` counts the attempts already made, from 1. */
export function backoffMs(attempt: number, retryAfterMs: number | undefined, rule: BackoffRule): number {
  const ceiling = Math.min(rule.capMs, rule.baseMs * 2 ** (attempt - 1));
  const jittered = rule.random() * ceiling;
  return retryAfterMs === undefined ? jittered : retryAfterMs + jittered * 0.1;
}
