/** The record of calls: its file, its runs. */
import { quote, type MessageTable } from "./message.ts";

/** What `callsql runs verify` looks at. */
export type LedgerPart = "file" | "runs" | "statements" | "calls" | "blobs";

/** What is wrong with a part of it. */
export type LedgerProblem = keyof typeof problems;

const problems = {
  pages: "SQLite finds a mistake in it",
  unreadable: "it cannot be read",
  index: "the row and the index of it differ",
  "no-run": "its run is not there",
  "no-statement": "its statement is not there",
  "no-blob": "its answer, which is kept apart, is not there",
  "no-answer": "it is recorded as answered, and its answer is not there",
  hash: "its content is not what its hash says",
  status: "its status is none there is",
  key: "its key has another length than keys have",
  request: "its request is not JSON",
  answer: "its answer cannot be read",
} as const;

export interface DamagedRow {
  readonly file: string;
  readonly part: LedgerPart;
  readonly id?: number | undefined;
  readonly problem: LedgerProblem;
  readonly detail?: string | undefined;
}

function nameOf({ part, id, file }: DamagedRow): string {
  const ofRow = id === undefined ? "" : ` ${id}`;
  switch (part) {
    case "file":
      return `the ledger ${quote(file)}`;
    case "blobs":
      return id === undefined ? "an answer kept apart, of no call" : `the answer of call${ofRow}, kept apart`;
    case "runs":
    case "statements":
    case "calls":
      return part.slice(0, -1) + ofRow;
  }
}

/** Paid answers are taken away by nobody but the user. */
function remedyOf({ file, part, id, problem }: DamagedRow): string {
  const sqlite = (sql: string): string => `sqlite3 ${quote(file)} ${quote(sql)}`;
  if (problem === "index") return `make the index again: ${sqlite("REINDEX")}`;
  if (part === "file") return `save what can be read: sqlite3 ${quote(file)} .recover`;
  if (part === "calls" || (part === "blobs" && id !== undefined)) {
    return `the call is sent again, and paid, when it is next needed without its row: ${sqlite(`DELETE FROM calls WHERE id = ${id}`)}`;
  }
  if (part === "statements") return `callsql retry cannot run it again: give the statement itself again`;
  return "callsql runs prune takes it away in time";
}

export const ledgerMessages = {
  "ledger/cannot-open": (details: { file: string; reason: string }) => ({
    message: `cannot open the ledger ${quote(details.file)}: ${details.reason}`,
    hint: "name another file with --ledger FILE, or keep no record with --no-ledger",
  }),
  "ledger/newer": (details: { file: string }) => ({
    message: `the ledger ${quote(details.file)} was written by a newer callsql`,
    hint: "update callsql, or name another file with --ledger FILE",
  }),
  "ledger/not-a-ledger": (details: { file: string }) => ({
    message: `${quote(details.file)} is a database, but no ledger`,
    hint: "name another file with --ledger FILE",
  }),
  "ledger/unwritable": (details: { file: string; reason: string }) => ({
    message: `the ledger ${quote(details.file)} cannot be written: ${details.reason}`,
    hint: "nothing more is bought, since answers could not be kept; free space, then give the same command again",
  }),
  "ledger/damaged": (details: { file: string; reason: string }) => ({
    message: `the ledger ${quote(details.file)} is damaged: ${details.reason}`,
    hint: "nothing more is bought; save what it holds with sqlite3 FILE .recover, or name another file with --ledger FILE",
  }),
  "ledger/none": (details: { file: string }) => ({
    message: `there is no ledger ${quote(details.file)}: nothing has been recorded there`,
    hint: "a run makes it; --ledger FILE names another one",
  }),
  "ledger/damaged-row": (details: DamagedRow) => ({
    message: `${nameOf(details)}: ${problems[details.problem]}${details.detail === undefined ? "" : ` (${details.detail})`}`,
    hint: remedyOf(details),
  }),
  "ledger/unreadable-answer": (details: { id: number }) => ({
    message: `the recorded answer of call ${details.id} cannot be read`,
    hint: "the ledger is damaged; SET cache = off asks the service again",
  }),
  "ledger/not-recorded": (details: { procedure: string }) => ({
    message: `no recorded answer for a call of ${details.procedure}, and cache is 'only'`,
    hint: "run the script once with cache = 'run' and the same ledger, or SET cache = 'on'; an answer belongs to the base URL, organisation and project that were asked",
  }),
  "ledger/already-running": (details: { name: string; process: number }) => ({
    message: `${details.name} is running already, in process ${details.process}`,
    hint: "wait for it, or start a separate run with --fresh",
  }),
  "ledger/nothing-failed": (_: object) => ({
    message: "no recorded run has a call to try again",
    hint: "callsql runs lists them; callsql retry ID runs one's failed statements again",
  }),
  "ledger/unknown-run": (details: { run: string }) => ({
    message: `there is no run ${quote(details.run)}`,
    hint: "callsql runs lists them",
  }),
} satisfies MessageTable;
