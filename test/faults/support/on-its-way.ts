/**
 * Calls that a crash may find without a recorded answer: those in flight, and an eighth more. These are recorded ahead of
 * their place, or have it from one that has answered and waits for its sync (docs/decisions/0092, 0093).
 */
export function onItsWayMax(concurrency: number): number {
  return Math.floor(concurrency * (1 + 1 / 8));
}
