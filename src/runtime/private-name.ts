/**
 * The names under which SQLite knows a procedure. Each call site of a statement's text has its own, so that EXPLAIN and
 * the call itself tell which site it is; views and triggers hold the plain one, which any session understands.
 */
import type { Procedure } from "../catalog/procedure.ts";

export interface PrivateName {
  /** From 1, within one statement; 0 for the name stored in views and triggers. */
  readonly number: number;
  readonly procedure: Procedure;
}

/** Stands for a NULL argument of a table function. */
export const nullName = "callsql_null";

/** 1 once a top-level site has missed in this pass. */
export const missedName = "callsql_missed";

export function siteName(name: PrivateName): string {
  return name.number === 0 ? storedName(name.procedure) : `callsql_${name.number}_${name.procedure.name}`;
}

export function storedName(procedure: Procedure): string {
  return `callsql_${procedure.name}`;
}

/** Whether a function that SQLite's program names is one of ours. */
export function isPrivate(name: string): boolean {
  return name.toLowerCase().startsWith("callsql_");
}
