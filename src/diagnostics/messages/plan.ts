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
  "plan/trap-left-join": (details: { procedure: string; calls: number; condition: string }) => ({
    message: `LEFT JOIN calls ${details.procedure} for every row before it tests the ON condition: ${details.calls} calls`,
    hint: `an argument that is NULL makes one call or none: ${details.procedure}(iif(${oneLine(details.condition)}, …, NULL))`,
  }),
  "plan/trap-order-limit": (details: TrapDetails & { rows: number }) => ({
    message: `ORDER BY sorts after ${details.procedure} was called: ${details.calls} calls for a LIMIT of ${details.rows}`,
    hint: `sort and limit in a subquery, and call over it: SELECT … FROM (SELECT … ORDER BY … LIMIT ${details.rows}) u, …`,
  }),
  "plan/trap-offset": (details: TrapDetails & { rows: number }) => ({
    message: `OFFSET skips rows after ${details.procedure} was called for them: ${details.calls} calls for a LIMIT of ${details.rows}`,
    hint: `call in the select list instead of FROM: SELECT ${details.procedure}(…) FROM …`,
  }),
  "plan/trap-join-order": (details: BetterDetails & { table: string; column: string }) => ({
    message: `SQLite calls ${details.procedure} before it looks at ${quote(details.table)}: ${details.calls} calls, where ${details.better} would do`,
    hint: `name a column of it in the call: ${details.procedure}(iif(${details.column} IS NULL, …, …))`,
  }),
  "plan/trap-in": (details: BetterDetails) => ({
    message: `IN makes the whole list first, with every call of ${details.procedure}: ${details.calls} calls, where ${details.better} would do`,
    hint: "write EXISTS (SELECT 1 FROM … WHERE … = …) with the comparison inside",
  }),
  "plan/trap-materialized": (details: BetterDetails) => ({
    message: `MATERIALIZED makes every row of the CTE, with its call of ${details.procedure}: ${details.calls} calls, where ${details.better} would do`,
    hint: "leave MATERIALIZED out, or filter inside the CTE",
  }),
  "sql/error": (details: {
    message: string;
    suggestion?: string | undefined;
    /** The usual cause of such a message, and the word in question. */
    cause?: { readonly kind: keyof typeof usualCauses; readonly word: string } | undefined;
  }) => ({
    message: details.message,
    hint: didYouMean(
      details.suggestion,
      details.cause && usualCauses[details.cause.kind](details.cause.word),
    ),
  }),
  "sql/constraint": (details: { message: string }) => ({ message: details.message }),
  "sql/busy": (details: { message: string }) => ({
    message: details.message,
    hint: "another process holds the database; try again when it is done",
  }),
  "sql/readonly": (details: { message: string }) => ({
    message: details.message,
    hint: "it was opened for reading only, or its file or folder cannot be written",
  }),
  "sql/not-a-database": (details: { file: string }) => ({
    message: `${quote(details.file)} is not an SQLite database`,
    hint: /\.(?:csv|tsv|json|ndjson|jsonl|parquet)$/i.test(details.file)
      ? `a file of rows is imported: --import TABLE=${details.file}`
      : undefined,
  }),
  "sql/no-such-file": (details: { file: string }) => ({
    message: `there is no file ${quote(details.file)}`,
    hint: /\.sql$/i.test(details.file)
      ? "callsql run FILE.sql runs a script; a new database is made under another name, such as data.db"
      : `rows are imported from a file: --import TABLE=FILE; a new database is made under another name, such as data.db`,
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

/** What a message of SQLite's mostly comes from. */
const usualCauses = {
  openQuote: () => "the quote that begins here is not closed",
  doubleQuotes: (word: string) =>
    `a text stands in single quotes: '${word}'; double quotes are for names of tables and columns`,
  bareText: (word: string) =>
    `a text stands in single quotes: '${word}'; a value from outside is a bind: :${word}`,
  bareCall: (word: string) => `to call a procedure: CALL ${word}(…), or SELECT ${word}(…)`,
  noSemicolon: (word: string) => `statements end in ";": one is missing before ${word}`,
} as const;

export interface TrapDetails {
  readonly procedure: string;
  readonly calls: number;
}

export interface BetterDetails extends TrapDetails {
  /** Calls of the better form. */
  readonly better: number;
}

function oneLine(text: string): string {
  return String([text]).replaceAll(/\s+/g, " ");
}
