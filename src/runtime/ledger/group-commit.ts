/**
 * Writes of one moment share one transaction, and so one fsync. A write that fails is fatal for the ledger: paid answers
 * could no longer be kept, so nothing more may be bought.
 */
import type Database from "better-sqlite3";
import { inLedger, ledgerError } from "./ledger-error.ts";

/**
 * Under load commits are at least this far apart: twenty times what the last one took, so that a twentieth of the time
 * goes there, within limits. Unless so many writes wait that a sync is small beside them, or calls go one by
 * one: then no other can come.
 */
const commitShare = 20;
const commitIntervalMs = { min: 5, max: 10 };
const manyWrites = 64;
/** The end of one call, what it has cost, and the record of the next. */
const writesAlone = 3;

/** Writes of one commit, and the promise of it, which all of them share. */
interface Batch extends PromiseWithResolvers<void> {
  readonly writes: (() => void)[];
}

interface Planned {
  readonly isNow: boolean;
  readonly cancel: () => void;
}

export class GroupCommit {
  readonly #db: Database.Database;
  readonly #file: string;
  readonly #expectsMore: () => boolean;
  readonly #write: Database.Transaction<(writes: Batch["writes"]) => void>;
  #waiting: Batch | undefined;
  #nextCommit = 0;
  #planned: Planned | undefined;
  #broken: unknown;

  /** `expectsMore`: whether somebody is under way who will write too; a write that waits for nobody is not held back. */
  constructor(db: Database.Database, file: string, expectsMore: () => boolean) {
    this.#db = db;
    this.#file = file;
    this.#expectsMore = expectsMore;
    this.#write = db.transaction((writes) => {
      for (const write of writes) write();
    });
  }

  /** Resolves when `write` is on disk; rejects with ledger/unwritable or ledger/damaged. */
  commit(write: () => void): Promise<void> {
    if (this.#broken !== undefined) return Promise.reject(this.#broken);
    const { writes, promise } = (this.#waiting ??= { ...Promise.withResolvers<void>(), writes: [] });
    writes.push(write);
    this.#plan(writes.length);
    return promise;
  }

  /** One transaction, at once, without a sync. Throws ledger/unwritable. */
  unsynced<T>(work: () => T): T {
    if (this.#broken !== undefined) throw this.#broken;
    this.#db.pragma("synchronous = NORMAL");
    try {
      return inLedger(this.#file, () => this.#db.transaction(work).immediate());
    } finally {
      this.#db.pragma("synchronous = FULL");
    }
  }

  /** Commits what is waiting, now. */
  flush(): void {
    this.#planned?.cancel();
    this.#planned = undefined;
    const batch = this.#waiting;
    this.#waiting = undefined;
    if (batch === undefined) return;
    const startedAt = performance.now();
    try {
      this.#write.immediate(batch.writes);
    } catch (error) {
      this.#broken = ledgerError(this.#file, error);
      batch.reject(this.#broken);
      return;
    }
    const now = performance.now();
    const { min, max } = commitIntervalMs;
    this.#nextCommit = now + Math.min(max, Math.max(min, commitShare * (now - startedAt)));
    batch.resolve();
  }

  #plan(writes: number): void {
    if (this.#planned?.isNow === true) return;
    const isWorthIt =
      this.#db.memory || writes >= manyWrites || (writes <= writesAlone && !this.#expectsMore());
    const waitMs = isWorthIt ? 0 : this.#nextCommit - performance.now();
    if (waitMs > 0 && this.#planned !== undefined) return;
    this.#planned?.cancel();
    const flush = (): void => this.flush();
    if (waitMs > 0) {
      const timer = setTimeout(flush, waitMs);
      this.#planned = { isNow: false, cancel: () => clearTimeout(timer) };
    } else {
      const immediate = setImmediate(flush);
      this.#planned = { isNow: true, cancel: () => clearImmediate(immediate) };
    }
  }
}
