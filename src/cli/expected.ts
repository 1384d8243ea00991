/** For a `catch` that waits for one kind of error, as src/diagnostics/expected.ts has it for the library. */
export function expectError<E extends Error>(
  error: unknown,
  kind: abstract new (...values: never[]) => E,
): asserts error is E {
  if (!(error instanceof kind)) throw error;
}
