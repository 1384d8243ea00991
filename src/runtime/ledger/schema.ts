/**
 * The ledger's file: opening it safely, and its schema with a version. WAL with `synchronous = FULL`, asked for
 * explicitly: better-sqlite3 falls to NORMAL after the first write, and NORMAL may lose a paid answer in a power cut.
 */
import { chmodSync, closeSync, lstatSync, openSync } from "node:fs";
import { dirname, resolve } from "node:path";
import Database from "better-sqlite3";
import { fail } from "../../diagnostics/diagnostic.ts";
import { expectError } from "../../diagnostics/expected.ts";
import { makeFolder } from "../make-folder.ts";
import { systemCodeOf, systemReasonOf } from "../../diagnostics/system-error.ts";

const applicationId = 0x63716c31;

/** Each brings a file from the version before to its own, which is its place from 1. A newer file is refused. */
const migrations: readonly string[] = [
  `
CREATE TABLE runs(
  id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,              -- session, script
  name TEXT NOT NULL,
  identity TEXT,                   -- SHA-256 of a script's files, binds and database
  database TEXT,
  process INTEGER NOT NULL,        -- process id
  process_start TEXT,              -- tells a process from a later one with its id
  status TEXT NOT NULL,            -- running, finished, failed, interrupted
  started_at INTEGER NOT NULL,     -- milliseconds since 1970
  ended_at INTEGER
);
CREATE INDEX runs_identity ON runs(identity, id);
CREATE TABLE calls(
  id INTEGER PRIMARY KEY,
  run INTEGER NOT NULL REFERENCES runs(id),
  key BLOB NOT NULL,               -- SHA-256 of connection, endpoint and request
  status TEXT NOT NULL,            -- started, succeeded, unusable, failed, unknown
  procedure TEXT NOT NULL,
  connection TEXT NOT NULL,
  endpoint TEXT NOT NULL,
  model TEXT,
  request TEXT,                    -- canonical JSON; bytes by their hash
  started_at INTEGER NOT NULL,
  ended_at INTEGER,
  attempts INTEGER,
  duration_ms INTEGER,
  http_status INTEGER,
  request_id TEXT,
  content_type TEXT,
  answer_model TEXT,
  response BLOB,                   -- JSON as text, or bytes
  response_hash BLOB,              -- a large response stands in blobs
  error_code TEXT,
  error_message TEXT,
  input_tokens INTEGER,
  output_tokens INTEGER,
  cost_usd REAL
);
CREATE INDEX calls_key ON calls(key, status);
CREATE INDEX calls_run ON calls(run, status);
CREATE TABLE blobs(hash BLOB PRIMARY KEY, content BLOB NOT NULL) WITHOUT ROWID;
`,
  `
ALTER TABLE calls ADD COLUMN statement INTEGER; -- REFERENCES statements(id)
UPDATE calls SET status = 'unusable' WHERE status = 'succeeded' AND error_code IS NOT NULL;
CREATE TABLE statements(
  id INTEGER PRIMARY KEY,
  run INTEGER NOT NULL REFERENCES runs(id),
  text TEXT NOT NULL,
  binds TEXT,                      -- JSON object; what cannot be kept is {"hash": …} in it
  settings TEXT NOT NULL,          -- JSON: options and defaults that shape its requests
  status TEXT NOT NULL,            -- running, finished, failed
  error_code TEXT,
  error_message TEXT,
  started_at INTEGER NOT NULL,
  ended_at INTEGER
);
CREATE INDEX statements_run ON statements(run);
CREATE TABLE spending(
  day TEXT NOT NULL,               -- YYYY-MM-DD, UTC
  run INTEGER NOT NULL REFERENCES runs(id),
  spent_usd REAL NOT NULL,
  held_usd REAL NOT NULL,          -- for calls on their way; of a run that died, what they may have cost
  PRIMARY KEY (day, run)
) WITHOUT ROWID;
`,
  // Keys are spread over all of their index: without the status, the end of a call does not touch it.
  `
DROP INDEX calls_key;
CREATE INDEX calls_key ON calls(key);
`,
  `
ALTER TABLE calls ADD COLUMN vector BLOB; -- what stands at data[0].embedding, which is null in the response
`,
];

/** Of a file that this callsql writes. */
export const ledgerVersion = migrations.length;

/** Pages of 4 KB that may gather in the log before they are moved into the file: 16 MB. */
const logPagesMax = 4000;

/**
 * `:memory:` keeps it for the length of the process; so does "", SQLite's temporary file, which no other process can open
 * and which takes no memory for what it holds. Throws ledger/…
 */
export function openLedgerFile(file: string): Database.Database {
  if (file !== ":memory:" && file !== "") prepareFile(file);
  let db: Database.Database | undefined;
  try {
    db = new Database(file, { timeout: 10_000 });
    db.pragma("journal_mode = WAL");
    db.pragma(`wal_autocheckpoint = ${logPagesMax}`);
    db.pragma("synchronous = FULL");
    // What a day has cost outlives the run that spent it.
    db.pragma("foreign_keys = OFF");
    migrate(db, file);
    return db;
  } catch (error) {
    db?.close();
    expectError(error, Database.SqliteError);
    return fail("ledger/cannot-open", { file, reason: error.message });
  }
}

/** Answers may be private: the file is its owner's alone, and a link is not followed. */
function prepareFile(file: string): void {
  try {
    makeFolder(resolve(dirname(file)), 0o700);
    if (lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink() === true) {
      fail("ledger/cannot-open", { file, reason: "it is a symbolic link" });
    }
    closeSync(openSync(file, "a", 0o600));
    chmodSync(file, 0o600);
  } catch (error) {
    if (systemCodeOf(error) === undefined) throw error;
    fail("ledger/cannot-open", { file, reason: systemReasonOf(error) });
  }
}

function migrate(db: Database.Database, file: string): void {
  db.transaction(() => {
    const version = Number(db.pragma("user_version", { simple: true }));
    if (version > migrations.length) fail("ledger/newer", { file });
    if (version === 0 && Number(db.pragma("schema_version", { simple: true })) > 0)
      fail("ledger/not-a-ledger", { file });
    if (version === migrations.length) return;
    for (const migration of migrations.slice(version)) db.exec(migration);
    db.pragma(`application_id = ${applicationId}`);
    db.pragma(`user_version = ${migrations.length}`);
  }).immediate();
}
