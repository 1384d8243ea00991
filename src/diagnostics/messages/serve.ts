/** The server: who may ask, what may be asked, and what statements of strangers may do. */
import { list, quote, type MessageTable } from "./message.ts";

export const serveMessages = {
  "serve/statement-refused": (details: { statement: string; allowed: readonly string[] }) => ({
    message: `${details.statement} is not among the statements that run here`,
    hint: `allowed are ${list(details.allowed)}`,
  }),
  "serve/read-only": (details: { statement: string }) => ({
    message: `${details.statement} would write, and this database is read-only here`,
    hint: "callsql serve --writable lets statements write",
  }),
  "serve/temporary-refused": (_: object) => ({
    message: "temporary tables, views and triggers are not kept here",
    hint: "each request may meet another process: write WITH name AS (…) in the statement itself",
  }),
  "serve/function-refused": (details: { function: string }) => ({
    message: `the function ${quote(details.function)} is not among those that statements may use here`,
  }),
  "serve/pragma-refused": (details: { pragma: string; allowed: readonly string[] }) => ({
    message: `the PRAGMA ${quote(details.pragma)} is not allowed here`,
    hint: `allowed, for reading only, are ${list(details.allowed)}`,
  }),
  "serve/table-refused": (details: { table: string }) => ({
    message: `the table ${quote(details.table)} of SQLite's own is not among those that statements may read here`,
  }),
  "serve/module-refused": (details: { module: string; allowed: readonly string[] }) => ({
    message: `virtual tables of ${quote(details.module)} are not allowed here`,
    hint: `allowed are ${list(details.allowed)}`,
  }),
  "serve/text-too-long": (details: { length: number; max: number }) => ({
    message: `the statement has ${details.length} characters, ${details.max} are allowed`,
    hint: "give values as parameters (:name), not inside the text",
  }),
  "serve/too-deep": (details: { max: number }) => ({
    message: `parentheses and CASE are nested more than ${details.max} deep`,
  }),
  "serve/too-many-queries": (details: { max: number }) => ({
    message: `more than ${details.max} queries are joined by UNION, INTERSECT or EXCEPT`,
  }),
} satisfies MessageTable;
