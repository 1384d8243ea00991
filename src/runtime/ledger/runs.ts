/**
 * Runs: which process asked for which calls, and how it ended. A script has an identity, so that the same command after a
 * crash finds its run again and pays only for calls that had not answered (2-runtime, 2.5).
 */
import { readFileSync } from "node:fs";
import Database from "better-sqlite3";
import { fail } from "../../diagnostics/diagnostic.ts";
import { inLedger } from "./ledger-error.ts";

/** What beginRun begins: calls are recorded under it. */
export interface Run {
  readonly id: number;
  /** The run died earlier and goes on here. */
  readonly isResumed: boolean;
  /** Calls of a resumed run that had been sent and had not answered: they may have been charged, and are sent again. */
  readonly unansweredCalls: number;
  /** Calls of a resumed run whose answers are used again. */
  readonly answeredCalls: number;
}

export interface RunDescription {
  readonly kind: "session" | "script";
  readonly name: string;
  /** Hex SHA-256; absent for a session. */
  readonly identity?: string;
  readonly database?: string;
  /** Start anew, whatever became of an earlier run. */
  readonly isFresh?: boolean;
}

/** How a run ended. */
export type RunStatus = "finished" | "failed" | "interrupted";

/** Of a row of `calls c`: its request has not succeeded later on. */
export const isOpen = `NOT EXISTS (SELECT 1 FROM calls later INDEXED BY calls_key
  WHERE later.key = c.key AND later.run = c.run AND later.status = 'succeeded')`;

interface RunRow {
  readonly id: number;
  readonly kind: RunDescription["kind"];
  readonly name: string;
  readonly status: RunStatus | "running";
  readonly process: number;
  readonly process_start: string | null;
}

const runColumns = "id, kind, name, status, process, process_start";

/** Calls that one transaction of a prune removes: some tens of milliseconds. */
const callsAStep = 5000;

export class Runs {
  readonly #db: Database.Database;
  readonly #file: string;

  constructor(db: Database.Database, file: string) {
    this.#db = db;
    this.#file = file;
  }

  /** Throws ledger/already-running when another live process works at the same script. */
  begin(description: RunDescription): Run {
    const begin = this.#db.transaction(() => {
      const earlier = this.#earlier(description);
      if (earlier === undefined || description.isFresh === true) return this.#insert(description);
      if (earlier.status === "running" && isAlive(earlier)) {
        fail("ledger/already-running", { name: description.name, process: earlier.process });
      }
      return earlier.status === "finished" ? this.#insert(description) : this.#resume(earlier);
    });
    return inLedger(this.#file, () => begin.immediate());
  }

  end(run: Run, status: RunStatus): void {
    const end = this.#db.prepare("UPDATE runs SET status = ?, ended_at = ? WHERE id = ?");
    inLedger(this.#file, () => end.run(status, Date.now(), run.id));
  }

  find(id: number): { readonly database: string | null } | undefined {
    return readFound(this.#db.prepare("SELECT database FROM runs WHERE id = ?").get(id));
  }

  /** An earlier run that gets more calls. Throws ledger/unknown-run, ledger/already-running. */
  reopen(id: number): { readonly run: Run; statusAfter(isGood: boolean): RunStatus } {
    return this.#db
      .transaction(() => {
        const select = `SELECT ${runColumns} FROM runs WHERE id = ?`;
        const row = readRun(this.#db.prepare(select).get(id));
        if (row === undefined) return fail("ledger/unknown-run", { run: String(id) });
        if (row.status === "running" && isAlive(row)) {
          fail("ledger/already-running", { name: row.name, process: row.process });
        }
        const before = row.status === "running" ? "interrupted" : row.status;
        return {
          run: this.#resume(row),
          // A script that broke off goes on behind the statement where it did.
          statusAfter: (isGood: boolean): RunStatus =>
            row.kind === "session" ? (isGood ? "finished" : "failed") : before,
        };
      })
      .immediate();
  }

  /**
   * Removes runs that ended before a time (milliseconds since 1970), with their calls and the responses no other call needs;
   * one that died ended with its last call. Gives the runs removed. In steps, since other processes write meanwhile: who
   * cannot write for ten seconds takes the ledger for broken. What was spent that day or later stays, for max_cost_per_day.
   */
  prune(before: number): number {
    const old = this.#step(() => {
      this.#endDead();
      const select = "SELECT id FROM runs WHERE status <> 'running' AND ended_at < ?";
      const ids = readIds(this.#db.prepare(select).pluck().all(before));
      // Should this break off, nobody goes on with half a record.
      const forget = this.#db.prepare("UPDATE runs SET identity = NULL WHERE id = ?");
      for (const id of ids) forget.run(id);
      return ids;
    });
    for (const id of old) this.#remove(id);
    this.#step(() => {
      this.#db.prepare("DELETE FROM spending WHERE day < date(? / 1000, 'unixepoch')").run(before);
      const used = "SELECT response_hash FROM calls WHERE response_hash IS NOT NULL";
      this.#db.prepare(`DELETE FROM blobs WHERE hash NOT IN (${used})`).run();
    });
    if (old.length > 0 && !this.#isUsed()) this.#giveBackSpace();
    return old.length;
  }

  #remove(id: number): void {
    const some = `DELETE FROM calls WHERE id IN (SELECT id FROM calls WHERE run = ? LIMIT ${callsAStep})`;
    const calls = this.#db.prepare(some);
    while (this.#step(() => calls.run(id).changes) === callsAStep);
    this.#step(() => {
      this.#db.prepare("DELETE FROM statements WHERE run = ?").run(id);
      this.#db.prepare("DELETE FROM runs WHERE id = ?").run(id);
    });
  }

  #step<T>(work: () => T): T {
    return inLedger(this.#file, () => this.#db.transaction(work).immediate());
  }

  /** Runs whose process is gone. */
  #endDead(): void {
    for (const { id } of this.#running().filter((run) => !isAlive(run))) {
      this.#db
        .prepare(
          `UPDATE runs SET status = 'interrupted', ended_at = coalesce(
             (SELECT max(coalesce(ended_at, started_at)) FROM calls WHERE run = runs.id), started_at) WHERE id = ?`,
        )
        .run(id);
      this.#closeCalls(id);
    }
  }

  /** By a run of another process. */
  #isUsed(): boolean {
    return this.#running().some((run) => run.process !== process.pid && isAlive(run));
  }

  #running(): readonly RunRow[] {
    const select = `SELECT ${runColumns} FROM runs WHERE status = 'running'`;
    return this.#db
      .prepare(select)
      .all()
      .flatMap((row) => readRun(row) ?? []);
  }

  /** It takes the file for itself, for as long as it takes. Somebody may have come meanwhile: later calls fill the space. */
  #giveBackSpace(): void {
    try {
      this.#db.exec("VACUUM; PRAGMA wal_checkpoint(TRUNCATE)");
    } catch (error) {
      if (!(error instanceof Database.SqliteError) || !error.code.startsWith("SQLITE_BUSY")) throw error;
    }
  }

  #earlier({ identity }: RunDescription): RunRow | undefined {
    if (identity === undefined) return undefined;
    const select = `SELECT ${runColumns} FROM runs WHERE identity = ? ORDER BY id DESC LIMIT 1`;
    return readRun(this.#db.prepare(select).get(identity));
  }

  #insert({ kind, name, identity, database }: RunDescription): Run {
    const { lastInsertRowid } = this.#db
      .prepare(
        `INSERT INTO runs(kind, name, identity, database, process, process_start, status, started_at)
         VALUES (?, ?, ?, ?, ?, ?, 'running', ?)`,
      )
      .run(kind, name, identity ?? null, database ?? null, process.pid, startOf(process.pid), Date.now());
    return { id: Number(lastInsertRowid), isResumed: false, unansweredCalls: 0, answeredCalls: 0 };
  }

  /** Requests that were on their way when the process died have an unknown outcome. */
  #closeCalls(id: number): void {
    this.#db
      .prepare("UPDATE calls SET status = 'unknown', ended_at = ? WHERE run = ? AND status = 'started'")
      .run(Date.now(), id);
    this.#db
      .prepare("UPDATE statements SET status = 'failed', ended_at = ? WHERE run = ? AND status = 'running'")
      .run(Date.now(), id);
  }

  #resume({ id }: RunRow): Run {
    this.#closeCalls(id);
    this.#db
      .prepare(
        "UPDATE runs SET status = 'running', process = ?, process_start = ?, ended_at = NULL WHERE id = ?",
      )
      .run(process.pid, startOf(process.pid), id);
    const answered = this.#db
      .prepare("SELECT count(DISTINCT key) FROM calls WHERE run = ? AND status IN ('succeeded', 'unusable')")
      .pluck();
    const unanswered = this.#db
      .prepare(`SELECT count(DISTINCT key) FROM calls c WHERE run = ? AND status = 'unknown' AND ${isOpen}`)
      .pluck();
    return {
      id,
      isResumed: true,
      answeredCalls: Number(answered.get(id)),
      unansweredCalls: Number(unanswered.get(id)),
    };
  }
}

function readRun(row: unknown): RunRow | undefined {
  return row as RunRow | undefined;
}

function readIds(ids: unknown): readonly number[] {
  return ids as readonly number[];
}

function readFound(row: unknown): { readonly database: string | null } | undefined {
  return row as { readonly database: string | null } | undefined;
}

function isAlive(run: RunRow): boolean {
  if (run.process === process.pid) return run.process_start === startOf(process.pid);
  try {
    process.kill(run.process, 0);
  } catch (error) {
    // EPERM: it is there, but not ours.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
  return run.process_start === null || run.process_start === startOf(run.process);
}

/** When a process began, in the kernel's ticks; null where the system does not say, "ended" where it waits to be forgotten. */
function startOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    // A container whose first process reaps no orphans keeps what was killed as a zombie.
    return fields[0] === "Z" ? "ended" : (fields[19] ?? null);
  } catch {
    return null;
  }
}
