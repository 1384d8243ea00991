/**
 * Makes the procedures known to SQLite, each as a table-valued and as a scalar function under one private name:
 * SQLite itself tells a table from a value. They answer from whoever is set as `answering`; they never wait or send.
 */
import type { Database } from "better-sqlite3";
import { assert } from "../diagnostics/diagnostic.ts";
import type { Procedure, Row } from "../catalog/procedure.ts";
import { allParametersOf } from "../catalog/pseudo-parameters.ts";
import type { Answer } from "./memo.ts";
import type { SqlValue } from "../catalog/value.ts";
import { missedName, nullName, siteName, type PrivateName } from "./private-name.ts";

export interface Answering {
  /** The answer to a call, or undefined for no row. May throw to end the statement. */
  lookup(name: PrivateName, values: readonly SqlValue[]): Answer | undefined;
  /** A site outside trigger bodies has missed in this pass. */
  readonly hasTopLevelMiss: boolean;
}

/** Travels instead of NULL through the arguments of a table function; no value of the user's can equal it. */
const nullMark = Buffer.from("callsql:null:5f2c9a71");

export class PrivateFunctions {
  /** Set for the length of a pass. */
  answering: Answering | undefined;
  readonly names: PrivateName[] = [];
  readonly #db: Database;
  readonly #registered = new Set<string>();

  constructor(db: Database) {
    this.#db = db;
  }

  /** What views and triggers call procedures by, and what rewritten texts need beside. Once. */
  register(procedures: readonly Procedure[]): void {
    this.#db.function(nullName, { deterministic: true }, () => nullMark);
    this.#db.function(missedName, () => (this.answering?.hasTopLevelMiss === true ? 1n : 0n));
    this.ensure(procedures.map((procedure) => ({ number: 0, procedure })));
  }

  /** Registers names that are new. The connection must be idle. */
  ensure(names: readonly PrivateName[]): void {
    for (const name of names) {
      if (this.#registered.has(siteName(name))) continue;
      this.#registered.add(siteName(name));
      this.names.push(name);
      this.#register(name);
    }
  }

  #register(name: PrivateName): void {
    const { procedure } = name;
    const lookup = (values: readonly unknown[]): Answer | undefined => this.#lookup(name, values);
    this.#db.function(
      siteName(name),
      { varargs: true, safeIntegers: true, directOnly: false },
      (...values: unknown[]) => valueOf(lookup(values), procedure),
    );
    this.#db.table(siteName(name), {
      columns: procedure.columns.map((column) => column.name),
      parameters: hiddenParameters(procedure),
      safeIntegers: true,
      rows: function* (...values: unknown[]) {
        const answer = lookup(values);
        if (answer !== undefined) yield readRow(answer.row);
      },
    });
  }

  #lookup(name: PrivateName, values: readonly unknown[]): Answer | undefined {
    assert(this.answering !== undefined, `${siteName(name)} was reached outside a pass`);
    return this.answering.lookup(name, values.map(readArgument));
  }
}

/** A failed call has no value, even where it left half an answer in its row. */
function valueOf(answer: Answer | undefined, procedure: Procedure): SqlValue {
  return answer === undefined || answer.error !== undefined ? null : (answer.row[procedure.primary] ?? null);
}

/** Never seen by users, never equal to a column's name. */
function hiddenParameters(procedure: Procedure): string[] {
  return allParametersOf(procedure).map(({ name }) => `callsql_${name}`);
}

/** An argument as SQLite gave it: our mark is NULL again, integers that a double holds are numbers. */
function readArgument(value: unknown): SqlValue {
  const argument = value as SqlValue;
  if (argument instanceof Uint8Array && nullMark.equals(argument)) return null;
  return argument ?? null;
}

/** better-sqlite3's types want an object or an array of its own kind; the array is only read. */
function readRow(row: Row): unknown[] {
  return row as unknown[];
}
