/** The statements of a run that called: what they were, how they ended, and which of them have something to try again. */
import type Database from "better-sqlite3";
import type { Run } from "./runs.ts";
import { isOpen } from "./runs.ts";

/** A statement's row; its id is known when the row is written. */
export interface StatementRow {
  id: number | undefined;
}

/** What of a statement is kept (docs/decisions/0032). */
export interface KeptStatement {
  readonly text: string;
  /** JSON. */
  readonly binds: string;
  /** JSON. */
  readonly settings: string;
}

export interface StatementEnd {
  readonly status: "finished" | "failed";
  readonly errorCode: string | undefined;
  readonly errorMessage: string | undefined;
}

export interface UnansweredStatement extends KeptStatement {
  readonly id: number;
  readonly status: string;
}

/** Of a row of `calls c`: it has no usable answer, nor has its request had one later on. */
const lacksAnswer = `c.status IN ('failed', 'unusable', 'unknown', 'started') AND ${isOpen}`;

/** Of a row of `statements s`: it did not end well, or a call of it has no usable answer. */
const isUnanswered = `(s.status <> 'finished' OR EXISTS (SELECT 1 FROM calls c
  WHERE c.run = s.run AND c.statement = s.id AND ${lacksAnswer}))`;

/** Of a row of `calls c`: nothing can be run again for it. */
const isOrphan = `c.statement IS NULL AND ${lacksAnswer}`;

/** A statement that was run again stands for its earlier rows. */
const isLatest = `NOT EXISTS (SELECT 1 FROM statements again
  WHERE again.run = s.run AND again.id > s.id AND again.text = s.text AND again.binds = s.binds)`;

export class Statements {
  readonly #db: Database.Database;
  readonly #insert: Database.Statement;
  readonly #end: Database.Statement;

  constructor(db: Database.Database) {
    this.#db = db;
    this.#insert = db.prepare(
      `INSERT INTO statements(run, text, binds, settings, status, started_at) VALUES (?, ?, ?, ?, 'running', ?)`,
    );
    this.#end = db.prepare(
      "UPDATE statements SET status = ?, error_code = ?, error_message = ?, ended_at = ? WHERE id = ?",
    );
  }

  /** To be called in a transaction. */
  begin(row: StatementRow, { text, binds, settings }: KeptStatement, run: Run): void {
    row.id = Number(this.#insert.run(run.id, text, binds, settings, Date.now()).lastInsertRowid);
  }

  /** To be called in a transaction, behind `begin`. */
  end({ id }: StatementRow, { status, errorCode, errorMessage }: StatementEnd): void {
    this.#end.run(status, errorCode ?? null, errorMessage ?? null, Date.now(), id);
  }

  /** Those of a run that RETRY FAILED runs again, in their order. */
  unanswered(run: number): readonly UnansweredStatement[] {
    const select = `SELECT id, text, binds, settings, status FROM statements s
      WHERE run = ? AND ${isLatest} AND ${isUnanswered} ORDER BY id`;
    return readStatements(this.#db.prepare(select).all(run));
  }

  /** Calls of a run without a usable answer that belong to no statement that is kept. */
  orphans(run: number): number {
    const select = `SELECT count(*) FROM calls c WHERE run = ? AND ${isOrphan}`;
    return Number(this.#db.prepare(select).pluck().get(run));
  }

  /**
   * The latest run on a database (null: in memory) that has some, and is not at work elsewhere; else the latest with calls
   * of which no statement is kept.
   */
  latestUnanswered(database: string | undefined, own: number | undefined): number | undefined {
    const found = [
      `EXISTS (SELECT 1 FROM statements s WHERE s.run = r.id AND ${isUnanswered})`,
      `EXISTS (SELECT 1 FROM calls c WHERE c.run = r.id AND ${isOrphan})`,
    ].map((condition): unknown =>
      this.#db
        .prepare(
          `SELECT id FROM runs r WHERE database IS ? AND (id = ? OR status <> 'running') AND ${condition} ORDER BY id DESC LIMIT 1`,
        )
        .pluck()
        .get(database ?? null, own ?? null),
    );
    const id = found.find((one) => one !== undefined);
    return id === undefined ? undefined : Number(id);
  }
}

function readStatements(rows: unknown): readonly UnansweredStatement[] {
  return rows as readonly UnansweredStatement[];
}
