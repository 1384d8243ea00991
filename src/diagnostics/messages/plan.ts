/** Statements that the replay runtime cannot run honestly, and what SQLite itself refuses. */
import { didYouMean, quote, type MessageTable } from "./message.ts";

export const planMessages = {
  "plan/transaction-lost": (_: object) => ({
    message: "SQLite rolled the open transaction back while the statement was being tried",
    hint: "a ROLLBACK conflict clause or RAISE(ROLLBACK) met a value of a call; start the transaction again",
  }),
  "plan/unstable-arguments": (details: { procedure: string }) => ({
    message: `the arguments of ${details.procedure} change every time the statement is run`,
    hint: "store the changing expression first: CREATE TEMP TABLE … AS SELECT …, then call over that table",
  }),
  "plan/call-in-schema": (details: { procedure: string }) => ({
    message: `${details.procedure} cannot stand in a CHECK, DEFAULT, index or generated-column expression`,
    hint: "put the call into a view or a trigger, or store its result in a column",
  }),
  "sql/error": (details: { message: string; suggestion?: string | undefined }) => ({
    message: details.message,
    hint: didYouMean(details.suggestion),
  }),
  "sql/constraint": (details: { message: string }) => ({ message: details.message }),
  "sql/busy": (details: { message: string }) => ({
    message: details.message,
    hint: "another process holds the database; try again when it is done",
  }),
  "sql/readonly": (details: { message: string }) => ({ message: details.message }),
  "sql/not-a-database": (details: { file: string }) => ({
    message: `${quote(details.file)} is not an SQLite database`,
  }),
  "sql/cannot-open": (details: { file: string; reason: string }) => ({
    message: `cannot open ${quote(details.file)}: ${details.reason}`,
    hint: "check the path and its permissions",
  }),
  "sql/storage": (details: { message: string }) => ({
    message: details.message,
    hint: "the disk may be full or failing; nothing of this statement was kept",
  }),
} satisfies MessageTable;
