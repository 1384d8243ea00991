/** For a `catch` that waits for one kind of error: every other one is thrown on, as nobody there knows what to do. */
export function expectError<E extends Error>(
  error: unknown,
  kind: abstract new (...values: never[]) => E,
): asserts error is E {
  if (!(error instanceof kind)) throw error;
}
