/** The id of a run, as an argument. */
import { fail } from "../index.ts";

/** Throws ledger/unknown-run for what cannot be one. */
export function runOf(text: string): number {
  return /^[0-9]{1,15}$/.test(text) ? Number(text) : fail("ledger/unknown-run", { run: text });
}
