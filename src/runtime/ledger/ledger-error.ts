/** What SQLite says of the ledger's file, told apart from what it says of the user's database. */
import Database from "better-sqlite3";
import { diagnostic, DiagnosticError } from "../../diagnostics/diagnostic.ts";

/** Does something with the ledger `file`. Throws ledger/unwritable, ledger/damaged. */
export function inLedger<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw ledgerError(file, error);
  }
}

/** Anything that SQLite has not thrown stays as it is. */
export function ledgerError(file: string, error: unknown): unknown {
  if (!(error instanceof Database.SqliteError)) return error;
  const isDamaged = error.code.startsWith("SQLITE_CORRUPT") || error.code.startsWith("SQLITE_NOTADB");
  const code = isDamaged ? "ledger/damaged" : "ledger/unwritable";
  return new DiagnosticError([diagnostic(code, { file, reason: error.message })], { cause: error });
}
