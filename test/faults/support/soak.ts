/** How often something is repeated: enough to notice in CI, and many times more in `npm run soak` (CALLSQL_SOAK=1). */
export function times(usual: number, inSoak: number): number {
  return process.env["CALLSQL_SOAK"] === "1" ? inSoak : usual;
}
