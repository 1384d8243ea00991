/** How long to wait: before a call's next attempt, and, all together, when the service asks to slow down. */

export interface BackoffRule {
  readonly baseMs: number;
  readonly capMs: number;
  /** 0 ≤ x < 1. */
  readonly random: () => number;
}

/** A Retry-After above this is not slept through: the statement ends and says so (reliability.md, F10). */
export const retryAfterMaxMs = 10 * 60_000;

/** Exponential with full jitter, never less than the service asks. `attempt` counts those already made, from 1. */
export function backoffMs(attempt: number, retryAfterMs: number | undefined, rule: BackoffRule): number {
  const ceiling = Math.min(rule.capMs, rule.baseMs * 2 ** (attempt - 1));
  const jittered = rule.random() * ceiling;
  return retryAfterMs === undefined ? jittered : retryAfterMs + Math.min(jittered, retryAfterMs * 0.1);
}

/** Many that wait can try often, each now and then; few must make their attempts last. */
const coolDownCapMs = { many: 2000, few: 16_000 };

/** Of everybody, before one tries again. `refusals` in a row, from 1; `waiting` calls that want to be sent. */
export function coolDownMs(
  { refusals, waiting }: { readonly refusals: number; readonly waiting: number },
  retryAfterMs: number | undefined,
  rule: BackoffRule,
): number {
  if (retryAfterMs !== undefined) return retryAfterMs * (1 + 0.05 * rule.random());
  const cap = Math.max(coolDownCapMs.many, coolDownCapMs.few / Math.max(1, waiting));
  const ceiling = Math.min(cap, rule.capMs, rule.baseMs * 2 ** (refusals - 1));
  return ceiling * (1 - rule.random() / 2);
}
