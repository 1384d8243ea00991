/**
 * Writes of one moment share one transaction, and so one fsync. A write that fails is fatal for the ledger: paid answers
 * could no longer be kept, so nothing more may be bought (reliability.md, finding 3).
 */
import Database from "better-sqlite3";
import { diagnostic, DiagnosticError } from "../../diagnostics/diagnostic.ts";

/** Under load commits are at least this far apart. */
const commitIntervalMs = 4;

interface Waiting {
  readonly write: () => void;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

export class GroupCommit {
  readonly #db: Database.Database;
  readonly #file: string;
  #waiting: Waiting[] = [];
  #lastCommit = 0;
  #broken: DiagnosticError | undefined;

  constructor(db: Database.Database, file: string) {
    this.#db = db;
    this.#file = file;
  }

  /** Resolves when `write` is on disk; rejects with ledger/unwritable. */
  commit(write: () => void): Promise<void> {
    if (this.#broken !== undefined) return Promise.reject(this.#broken);
    if (this.#db.memory) {
      write();
      return Promise.resolve();
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.push({ write, resolve, reject });
    if (this.#waiting.length === 1) {
      const sinceMs = performance.now() - this.#lastCommit;
      if (sinceMs >= commitIntervalMs) setImmediate(() => this.flush());
      else setTimeout(() => this.flush(), commitIntervalMs - sinceMs);
    }
    return promise;
  }

  /** One transaction, at once, without a sync. Throws ledger/unwritable. */
  unsynced<T>(work: () => T): T {
    if (this.#broken !== undefined) throw this.#broken;
    this.#db.pragma("synchronous = NORMAL");
    try {
      return this.#db.transaction(work).immediate();
    } catch (error) {
      throw unwritable(this.#file, error);
    } finally {
      this.#db.pragma("synchronous = FULL");
    }
  }

  /** Commits what is waiting, now. */
  flush(): void {
    const batch = this.#waiting;
    this.#waiting = [];
    if (batch.length === 0) return;
    try {
      this.#db.transaction(() => batch.forEach(({ write }) => write())).immediate();
    } catch (error) {
      this.#broken = unwritable(this.#file, error);
      for (const { reject } of batch) reject(this.#broken);
      return;
    }
    this.#lastCommit = performance.now();
    for (const { resolve } of batch) resolve();
  }
}

function unwritable(file: string, error: unknown): DiagnosticError {
  if (!(error instanceof Database.SqliteError)) throw error;
  return new DiagnosticError([diagnostic("ledger/unwritable", { file, reason: error.message })], {
    cause: error,
  });
}
