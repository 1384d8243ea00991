/**
 * Looks through the record of calls for damage: the file's pages and indexes, the links between its tables, and whether every
 * request and answer can be read. Changes nothing. What is kept once and has no hash can change unseen: a letter of a short answer
 * that is JSON all the same.
 */
import { isUtf8 } from "node:buffer";
import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import Database from "better-sqlite3";
import { fail } from "../../diagnostics/diagnostic.ts";
import { expectError } from "../../diagnostics/expected.ts";
import type { LedgerPart, LedgerProblem } from "../../diagnostics/messages/ledger.ts";
import { ledgerVersion } from "./schema.ts";
import { bodyOf } from "./stored-answer.ts";

/** One thing that is wrong with a record of calls; the message `ledger/damaged-row` says it in words. */
export interface LedgerDamage {
  readonly part: LedgerPart;
  /** Of the row, where it has one that can be told. */
  readonly id?: number;
  readonly problem: LedgerProblem;
  /** SQLite's own words, of the file. */
  readonly detail?: string;
}

/** What verifyLedger looked at, and what it found. */
export interface LedgerReport {
  /** Rows looked at; of the file, its pages. */
  readonly checked: Readonly<Record<LedgerPart, number>>;
  readonly damages: readonly LedgerDamage[];
}

/** Throws ledger/none, ledger/newer, ledger/not-a-ledger. What cannot be read at all is in the report. */
export function verifyLedger(file: string): LedgerReport {
  const entry = statSync(file, { throwIfNoEntry: false });
  if (entry === undefined) fail("ledger/none", { file });
  if (!entry.isFile()) fail("ledger/cannot-open", { file, reason: "it is no file" });
  const report: Report = { checked: { file: 0, runs: 0, statements: 0, calls: 0, blobs: 0 }, damages: [] };
  let db: Database.Database | undefined;
  try {
    db = new Database(file, { readonly: true, timeout: 10_000 });
    checkVersion(db, file);
    checkFile(db, report);
    checkStatements(db, report);
    checkBlobs(db, report);
    checkCalls(db, report);
  } catch (error) {
    expectError(error, Database.SqliteError);
    if (unopened.test(error.code)) fail("ledger/cannot-open", { file, reason: error.message });
    // It ends where SQLite cannot read on.
    report.damages.push({ part: "file", problem: "unreadable", detail: error.message });
  } finally {
    db?.close();
  }
  return report;
}

/** What says nothing of the content. */
const unopened = /^SQLITE_(?:CANTOPEN|PERM|AUTH|BUSY|READONLY|INTERRUPT|NOMEM)/;

interface Report {
  readonly checked: Record<LedgerPart, number>;
  readonly damages: LedgerDamage[];
}

function checkVersion(db: Database.Database, file: string): void {
  const version = Number(db.pragma("user_version", { simple: true }));
  if (version > ledgerVersion) fail("ledger/newer", { file });
  if (version === 0) fail("ledger/not-a-ledger", { file });
}

/** Every key stands in its row and in an index: one that differs is found here, and so is any page SQLite cannot read. */
function checkFile(db: Database.Database, { checked, damages }: Report): void {
  checked.file = Number(db.pragma("page_count", { simple: true }));
  const found: unknown[] = db.prepare("SELECT * FROM pragma_integrity_check").pluck().all();
  for (const detail of found.map(String)) {
    if (detail === "ok") continue;
    const [, row, table] = /\brow (\d+) .*\bindex (calls|runs|statements)_/.exec(detail) ?? [];
    const part = parts.find((name) => name === table);
    if (part === undefined) damages.push({ part: "file", problem: "pages", detail });
    else damages.push({ part, id: Number(row), problem: "index" });
  }
}

const parts = ["runs", "statements", "calls"] as const;

function checkStatements(db: Database.Database, { checked, damages }: Report): void {
  checked.runs = Number(db.prepare("SELECT count(*) FROM runs").pluck().get());
  if (!hasColumn(db, "calls", "statement")) return;
  const sql = `SELECT id, CAST(text AS BLOB) AS text, CAST(binds AS BLOB) AS binds,
      CAST(settings AS BLOB) AS settings, run IN (SELECT id FROM runs) AS hasRun
    FROM statements`;
  for (const row of db.prepare(sql).iterate()) {
    const { id, text, binds, settings, hasRun } = readStatement(row);
    checked.statements++;
    const report = (problem: LedgerProblem): unknown => damages.push({ part: "statements", id, problem });
    if (hasRun === 0) report("no-run");
    if (!isUtf8(text) || !isJson(settings) || !(binds === null || isJson(binds))) report("unreadable");
  }
}

function checkBlobs(db: Database.Database, { checked, damages }: Report): void {
  const damaged: Uint8Array[] = [];
  for (const row of db.prepare("SELECT hash, content FROM blobs").iterate()) {
    const { hash, content } = readBlob(row);
    checked.blobs++;
    if (!createHash("sha256").update(content).digest().equals(hash)) damaged.push(hash);
  }
  // The hash is all the name they have; who refers to it is looked for only here, since no index helps.
  const owner = db.prepare("SELECT min(id) FROM calls WHERE response_hash = ?").pluck();
  for (const hash of damaged) {
    const id = owner.get(hash);
    damages.push({ part: "blobs", problem: "hash", ...(typeof id === "number" ? { id } : {}) });
  }
}

function checkCalls(db: Database.Database, { checked, damages }: Report): void {
  const vector = hasColumn(db, "calls", "vector") ? "vector" : "NULL AS vector";
  const statement = hasColumn(db, "calls", "statement")
    ? "statement IS NULL OR statement IN (SELECT id FROM statements)"
    : "1";
  const sql = `SELECT id, status, length(key) AS keyBytes, CAST(request AS BLOB) AS request,
      typeof(response) = 'text' AS isText, CAST(response AS BLOB) AS response, ${vector},
      run IN (SELECT id FROM runs) AS hasRun, ${statement} AS hasStatement, response_hash IS NOT NULL AS isApart,
      response_hash IS NULL OR response_hash IN (SELECT hash FROM blobs) AS hasBlob
    FROM calls`;
  for (const row of db.prepare(sql).iterate()) {
    const call = readCall(row);
    checked.calls++;
    for (const problem of problemsOf(call)) damages.push({ part: "calls", id: call.id, problem });
  }
}

function* problemsOf(call: CallRow): Generator<LedgerProblem> {
  const { status, request, response } = call;
  if (call.hasRun === 0) yield "no-run";
  if (call.hasStatement === 0) yield "no-statement";
  if (call.hasBlob === 0) yield "no-blob";
  if (!statuses.has(status)) yield "status";
  // A call that was refused before it was sent has no request, and no key.
  if (call.keyBytes !== (request === null ? 0 : 32)) yield "key";
  if (request !== null && !isJson(request)) yield "request";
  if (response !== null && call.isText === 1 && !isAnswer(response, call.vector)) yield "answer";
  const isAnswered = status === "succeeded" || status === "unusable";
  if (isAnswered && response === null && call.isApart === 0) yield "no-answer";
}

const statuses: ReadonlySet<string> = new Set(["started", "succeeded", "unusable", "failed", "unknown"]);

function isAnswer(response: Uint8Array, vector: Uint8Array | null): boolean {
  if (!isUtf8(response)) return false;
  try {
    bodyOf({ response: textOf(response), vector });
    return true;
  } catch (error) {
    // JSON without the place that its vector belongs to is a TypeError.
    if (!(error instanceof TypeError)) expectError(error, SyntaxError);
    return false;
  }
}

function isJson(bytes: Uint8Array): boolean {
  if (!isUtf8(bytes)) return false;
  const text = textOf(bytes);
  try {
    JSON.parse(text);
    return true;
  } catch (error) {
    expectError(error, SyntaxError);
    // What looked like a key was taken out, a backslash behind it too.
    return text.includes("[masked]");
  }
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString();
}

function hasColumn(db: Database.Database, table: string, column: string): boolean {
  return db.prepare("SELECT 1 FROM pragma_table_info(?) WHERE name = ?").get(table, column) !== undefined;
}

interface StatementRow {
  readonly id: number;
  readonly text: Uint8Array;
  readonly binds: Uint8Array | null;
  readonly settings: Uint8Array;
  readonly hasRun: number;
}

function readStatement(row: unknown): StatementRow {
  return row as StatementRow;
}

interface BlobRow {
  readonly hash: Uint8Array;
  readonly content: Uint8Array | string;
}

function readBlob(row: unknown): BlobRow {
  return row as BlobRow;
}

interface CallRow {
  readonly id: number;
  readonly status: string;
  readonly keyBytes: number;
  readonly request: Uint8Array | null;
  readonly isText: number;
  readonly response: Uint8Array | null;
  readonly vector: Uint8Array | null;
  readonly hasRun: number;
  readonly hasStatement: number;
  readonly isApart: number;
  readonly hasBlob: number;
}

function readCall(row: unknown): CallRow {
  return row as CallRow;
}
