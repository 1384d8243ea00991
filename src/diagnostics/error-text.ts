/** What an error says of itself. Not everything that is thrown is an Error: packages, and procedures of a user's own, may throw anything. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
