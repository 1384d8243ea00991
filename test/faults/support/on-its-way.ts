/**
 * Calls that a crash may find without a recorded answer: those in flight, a sixteenth that is recorded ahead of its place
 * (docs/decisions/0092), and as many that have answered in the last milliseconds and wait for their sync.
 */
export function onItsWayMax(concurrency: number): number {
  return 2 * Math.floor(concurrency * (1 + 1 / 16));
}
