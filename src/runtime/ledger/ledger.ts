/**
 * The durable record of calls: cache, audit log, usage account and crash journal at once (2-runtime, 2.2).
 * `started` is on disk before a request is sent, its end before any SQL sees it. Failures are never found again.
 */
import { createHash } from "node:crypto";
import type Database from "better-sqlite3";
import { fail } from "../../diagnostics/diagnostic.ts";
import type { ApiAnswer, ApiFailure, ApiRequest } from "../../catalog/request.ts";
import type { Outcome, Row } from "../../catalog/procedure.ts";
import { ChurnMap } from "../dispatch/churn-map.ts";
import { Absence } from "./absence.ts";
import { GroupCommit } from "./group-commit.ts";
import { inLedger } from "./ledger-error.ts";
import { Runs, type Run } from "./runs.ts";
import { openLedgerFile } from "./schema.ts";
import { Statements, type StatementRow } from "./statements.ts";
import { answerText, bodyOf, storedAnswer, type StoredAnswer } from "./stored-answer.ts";
import { expectError } from "../../diagnostics/expected.ts";

/** Which earlier successes answer again: none, those of this run, or all that are young enough. */
export type Reuse =
  | { readonly scope: "none" }
  /** `isRetry`: but not those that are errors of their calls. */
  | { readonly scope: "run"; readonly run: () => Run | undefined; readonly isRetry: boolean }
  | { readonly scope: "all"; readonly ttlMs: number };

export interface Started {
  readonly key: string;
  readonly procedure: string;
  readonly connection: string;
  readonly request: ApiRequest;
  /** Canonical JSON of the request. */
  readonly requestText: string;
  readonly statement?: StatementRow;
}

/** A call that was never sent, for what its values are. */
export interface Refused extends Pick<Started, "procedure" | "connection"> {
  readonly statement: StatementRow | undefined;
  readonly endpoint: string;
  readonly errorCode: string;
  readonly errorMessage: string;
}

export interface Ended {
  readonly outcome: Outcome;
  /** What the call's procedure has read from the answer. */
  readonly row?: Row;
  readonly errorCode?: string | undefined;
  readonly errorMessage?: string | undefined;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly costUsd: number | undefined;
}

/** Of calls whose answers are used again. */
const answeredStatuses = new Set(["succeeded", "unusable"]);

/** Responses above this many bytes are kept apart, shared by their hash. */
const inlineBytesMax = 32_768;

export class Ledger {
  readonly db: Database.Database;
  readonly runs: Runs;
  readonly statements: Statements;
  /** Takes keys out of a text. */
  readonly mask: (text: string) => string;
  readonly #file: string;
  readonly #commits: GroupCommit;
  readonly #sql: ReturnType<typeof prepareSql>;
  /** Of calls that were started here and have not ended, by id. */
  readonly #openKeys = new ChurnMap<number, string>();
  /** Of calls whose end waits to be written. */
  readonly #ending = new ChurnMap<string, true>();
  readonly #absences = new Set<Absence>();

  constructor(file: string, mask: (text: string) => string = (text) => text) {
    this.db = openLedgerFile(file);
    this.db.function(answerText.name, { deterministic: true }, answerText.of);
    this.#file = file;
    this.mask = mask;
    this.#commits = new GroupCommit(this.db, file, () => this.#openKeys.size > 0);
    this.runs = new Runs(this.db, file);
    this.statements = new Statements(this.db);
    this.#sql = prepareSql(this.db);
  }

  /** The id of the latest earlier answer. */
  find(key: string, reuse: Reuse): number | undefined {
    return inLedger(this.#file, () => this.#find(key, reuse));
  }

  /** Looks for many keys at once. To be disposed of. */
  lookAhead(): Absence {
    const { findPresent, version } = this.#sql;
    const ledgered = {
      present: (keys: readonly string[]) => inLedger(this.#file, () => findPresent.all(JSON.stringify(keys))),
      version: () => inLedger(this.#file, () => version.get()),
    };
    const absence = new Absence(ledgered, () => this.#absences.delete(absence));
    this.#absences.add(absence);
    return absence;
  }

  #find(key: string, reuse: Reuse): number | undefined {
    // Answered a moment ago: an equal call must find that, and not be sent.
    if (reuse.scope !== "none" && this.#ending.has(key)) this.flush();
    const bytes = Buffer.from(key, "hex");
    const { findInRun, findUsableInRun, findSince } = this.#sql;
    switch (reuse.scope) {
      case "none":
        return undefined;
      case "run": {
        const run = reuse.run()?.id;
        return run === undefined
          ? undefined
          : readId((reuse.isRetry ? findUsableInRun : findInRun).get(bytes, run));
      }
      case "all":
        return readId(findSince.get(bytes, Date.now() - reuse.ttlMs));
    }
  }

  /** What was answered. Throws ledger/unreadable-answer. */
  read(id: number): Outcome {
    const row = readRecord(inLedger(this.#file, () => this.#sql.read.get(id)));
    if (row === undefined || !answeredStatuses.has(row.status))
      return fail("ledger/unreadable-answer", { id });
    return { answer: answerOf(row, id), attempts: row.attempts, durationMs: row.duration_ms };
  }

  /** Resolves with the call's id once the record is on disk: only then may the request be sent. */
  async started(call: Started, run: Run): Promise<number> {
    let id = 0;
    const { key, procedure, connection, request, statement } = call;
    const model = request.body["model"];
    const requestText = this.mask(call.requestText);
    await this.#commits.commit(() => {
      const { lastInsertRowid } = this.#sql.start.run(
        run.id,
        statement?.id ?? null,
        Buffer.from(key, "hex"),
        procedure,
        connection,
        request.endpoint,
        typeof model === "string" ? model : null,
        requestText,
        Date.now(),
      );
      id = Number(lastInsertRowid);
    });
    this.#openKeys.set(id, key);
    return id;
  }

  async refused({ statement, ...call }: Refused, run: Run): Promise<void> {
    const { procedure, connection, endpoint, errorCode, errorMessage } = call;
    await this.#commits.commit(() => {
      const now = Date.now();
      const place = [run.id, statement?.id ?? null, procedure, connection, endpoint];
      this.#sql.refuse.run(...place, now, now, errorCode, this.mask(errorMessage));
    });
  }

  /**
   * Resolves once the answer, or the failure, is on disk. The write that waits for that holds the values it binds, not the
   * answer: its text is the largest part of it, and of a pack there may be hundreds.
   */
  ended(id: number, { outcome, row, ...ended }: Ended): Promise<void> {
    const { answer, failure, attempts, durationMs } = outcome;
    const { response, vector } = answer === undefined ? noAnswer : storedAnswer(answer.body, row);
    const isLarge = response !== null && Buffer.byteLength(response) > inlineBytesMax;
    const hash = isLarge ? createHash("sha256").update(response).digest() : null;
    const key = this.#openKeys.get(id);
    this.#openKeys.delete(id);
    if (key !== undefined) {
      this.#ending.set(key, true);
      for (const absence of this.#absences) absence.void(key);
    }
    // By place: names are looked up one by one, at each call.
    const values = [
      endStatusOf(outcome, ended.errorCode !== undefined),
      Date.now(),
      attempts,
      durationMs,
      answer?.status ?? failure?.status ?? null,
      answer?.requestId ?? failure?.requestId ?? null,
      answer?.contentType ?? null,
      answer?.model ?? null,
      isLarge ? null : response,
      hash,
      vector,
      ended.errorCode ?? failure?.code ?? failure?.kind ?? null,
      ended.errorMessage ?? failure?.message ?? null,
      ended.inputTokens,
      ended.outputTokens,
      ended.costUsd ?? null,
      id,
    ];
    return this.#commits.commit(() => {
      if (hash !== null) this.#sql.keepBlob.run(hash, response);
      this.#sql.end.run(values);
      if (key !== undefined) this.#ending.delete(key);
    });
  }

  /** A call that was to be sent, and was not. */
  async withdrawn(id: number): Promise<void> {
    this.#openKeys.delete(id);
    await this.#commits.commit(() => void this.#sql.withdraw.run(id));
  }

  /** Resolves when what `write` does is on disk, with what else is written in that moment. */
  commit(write: () => void): Promise<void> {
    return this.#commits.commit(write);
  }

  /** A transaction of its own, at once. It is not synced: the next commit does that for it. */
  unsynced<T>(work: () => T): T {
    return this.#commits.unsynced(work);
  }

  /** Commits what is waiting. */
  flush(): void {
    this.#commits.flush();
  }

  close(): void {
    this.flush();
    this.db.close();
  }
}

const noAnswer = { response: null, vector: null };

/**
 * unusable: an answer came, and is an error of its call all the same. unknown: the service may have done the work, and
 * charged for it, without our having its answer.
 */
function endStatusOf(
  { answer, failure, attempts }: Outcome,
  hasError: boolean,
): "succeeded" | "unusable" | "failed" | "unknown" {
  if (answer !== undefined) return hasError ? "unusable" : "succeeded";
  if (attempts === 0 || failure === undefined || !unansweredKinds.has(failure.kind)) return "failed";
  const isRefused = failure.status !== undefined && failure.status >= 400;
  return isRefused || failure.isUnreached === true ? "failed" : "unknown";
}

const unansweredKinds = new Set<ApiFailure["kind"]>(["timeout", "bad-answer", "cancelled", "network"]);

function prepareSql(db: Database.Database) {
  // Without the hint SQLite may walk through all calls of the run.
  const found = (condition: string): Database.Statement =>
    db
      .prepare(
        `SELECT id FROM calls INDEXED BY calls_key WHERE key = ? AND ${condition} ORDER BY id DESC LIMIT 1`,
      )
      .pluck();
  // Of a list (IN) SQLite makes a table, each time.
  const isAnswered = "CASE status WHEN 'succeeded' THEN 1 WHEN 'unusable' THEN 1 END";
  return {
    findInRun: found(`${isAnswered} AND run = ?`),
    findUsableInRun: found("status = 'succeeded' AND run = ?"),
    findSince: found(`${isAnswered} AND ended_at >= ?`),
    findPresent: db
      .prepare(
        `SELECT value FROM json_each(?)
         WHERE EXISTS (SELECT 1 FROM calls INDEXED BY calls_key WHERE key = unhex(value))`,
      )
      .pluck(),
    version: db.prepare("PRAGMA data_version").pluck(),
    read: db.prepare(
      `SELECT status, attempts, duration_ms, http_status, request_id, content_type, answer_model,
              coalesce(response, (SELECT content FROM blobs WHERE hash = response_hash)) AS response, vector
       FROM calls WHERE id = ?`,
    ),
    start: db.prepare(
      `INSERT INTO calls(run, statement, key, status, procedure, connection, endpoint, model, request, started_at)
       VALUES (?, ?, ?, 'started', ?, ?, ?, ?, ?, ?)`,
    ),
    // Without a request there is no key.
    refuse: db.prepare(
      `INSERT INTO calls(run, statement, key, status, procedure, connection, endpoint, started_at, ended_at,
         attempts, error_code, error_message)
       VALUES (?, ?, x'', 'failed', ?, ?, ?, ?, ?, 0, ?, ?)`,
    ),
    end: db.prepare(
      `UPDATE calls SET status = ?, ended_at = ?, attempts = ?, duration_ms = ?, http_status = ?, request_id = ?,
         content_type = ?, answer_model = ?, response = ?, response_hash = ?, vector = ?, error_code = ?,
         error_message = ?, input_tokens = ?, output_tokens = ?, cost_usd = ?
       WHERE id = ?`,
    ),
    withdraw: db.prepare("DELETE FROM calls WHERE id = ?"),
    keepBlob: db.prepare("INSERT OR IGNORE INTO blobs(hash, content) VALUES (?, ?)"),
  };
}

interface CallRecord extends StoredAnswer {
  readonly status: string;
  readonly attempts: number;
  readonly duration_ms: number;
  readonly http_status: number;
  readonly request_id: string | null;
  readonly content_type: string;
  readonly answer_model: string | null;
}

function readRecord(row: unknown): CallRecord | undefined {
  return row as CallRecord | undefined;
}

function readId(id: unknown): number | undefined {
  return id as number | undefined;
}

function answerOf(record: CallRecord, id: number): ApiAnswer {
  return {
    body: readBody(record, id),
    status: record.http_status,
    contentType: record.content_type,
    ...(record.request_id === null ? {} : { requestId: record.request_id }),
    ...(record.answer_model === null ? {} : { model: record.answer_model }),
  };
}

function readBody(stored: StoredAnswer, id: number): unknown {
  try {
    return bodyOf(stored);
  } catch (error) {
    expectError(error, SyntaxError);
    return fail("ledger/unreadable-answer", { id });
  }
}
