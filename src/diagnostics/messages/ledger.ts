/** The record of calls: its file, its runs. */
import { quote, type MessageTable } from "./message.ts";

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
