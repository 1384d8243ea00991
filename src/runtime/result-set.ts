/**
 * The outcome of one statement. Rows are raw arrays inside; objects are made at the edge, for the caller who wants them.
 * A large result streams from SQLite; when the session needs the database before it is read, the rest is spooled.
 */
import { fail, type Diagnostic } from "../diagnostics/diagnostic.ts";
import type { SqlValue } from "../catalog/value.ts";
import { addCounts, type Counts } from "./counts.ts";
import { siteName, type PrivateName } from "./private-name.ts";
import type { ResultColumns } from "./row-of.ts";
import { fromSqlite } from "./values.ts";

/** A column of a result. */
export interface ResultColumn {
  /** As the user typed or named it; not necessarily unique. */
  readonly name: string;
  /** Declared type of the table column it comes from; of a procedure's own, `text`, `integer`, `real` or `blob`. */
  readonly type: string | undefined;
  /** How its BLOBs are best shown: a vector of float32, or bytes. */
  readonly format: "embedding" | undefined;
}

/**
 * From better-sqlite3's description of a result column; `names` are the procedures SQLite knows. A vector is told by its
 * name, or that of the procedure whose value it is: SQLite keeps no other sign.
 */
export function columnOf(described: DescribedColumn, names: readonly PrivateName[]): ResultColumn {
  const { name, column, table } = described;
  const isVector = /embedding$|vector$/i.test(column ?? primaryColumn(name, names) ?? name);
  const procedure = names.find((known) => siteName(known) === table)?.procedure;
  const own = procedure?.columns.find((item) => item.name === column);
  return { name, type: described.type ?? own?.type, format: isVector ? "embedding" : undefined };
}

/** An item without an alias is named by its text: of a call it is its procedure's value. */
function primaryColumn(name: string, names: readonly PrivateName[]): string | undefined {
  const called = /^(\w+)\s*\(.*\)$/s.exec(name)?.[1]?.toLowerCase();
  const procedure = names.find((known) => known.procedure.name.toLowerCase() === called)?.procedure;
  return procedure?.columns[procedure.primary]?.name;
}

interface DescribedColumn {
  readonly name: string;
  readonly type: string | null;
  /** Where it comes from, if it is no expression. */
  readonly column: string | null;
  readonly table: string | null;
}

type RawRow = readonly SqlValue[];

/** A better-sqlite3 row in raw mode. */
export function readRow(row: unknown): RawRow {
  return row as RawRow;
}

/** A better-sqlite3 cursor in raw mode. */
export function readRows(cursor: Iterator<unknown>): Iterator<RawRow> {
  return cursor as Iterator<RawRow>;
}

export interface ResultInput {
  readonly kind: "rows" | "changes" | "notice";
  readonly columns: readonly ResultColumn[];
  readonly rows: readonly RawRow[];
  /** Rows after `rows`, from an open cursor. */
  readonly rest?: Iterator<RawRow>;
  /** Called once, when the cursor is done with. */
  readonly onClosed?: () => void;
  readonly affectedRows: number;
  readonly warnings: readonly Diagnostic[];
  readonly counts: Counts;
}

/** `Row`: the columns of its rows, as far as TypeScript knows them. */
export class ResultSet<Row = ResultColumns> implements AsyncIterable<Row> {
  /** `rows`: has columns. `changes`: a write without RETURNING. `notice`: SET, BEGIN and the like. */
  readonly kind: "rows" | "changes" | "notice";
  /** Empty for a statement that gives no rows. */
  readonly columns: readonly ResultColumn[];
  /** Rows inserted, updated or deleted. */
  readonly affectedRows: number;
  /** Calls, tokens, cost and time. */
  readonly counts: Counts;
  #warnings: readonly Diagnostic[];
  #rows: RawRow[];
  #rest: Iterator<RawRow> | undefined;
  readonly #onClosed: (() => void) | undefined;
  #errorOf: (error: unknown) => unknown = (error) => error;
  #position = 0;
  #isRead = false;

  constructor(input: ResultInput) {
    this.kind = input.kind;
    this.columns = input.columns;
    this.affectedRows = input.affectedRows;
    this.#warnings = input.warnings;
    this.counts = input.counts;
    this.#rows = [...input.rows];
    this.#rest = input.rest;
    this.#onClosed = input.onClosed;
  }

  /** Of its calls: rows that failed, parameters that are not sent, models that retire. */
  get warnings(): readonly Diagnostic[] {
    return this.#warnings;
  }

  /** Takes over the counts and warnings of statements that ran before as parts of the same one. */
  follow(earlier: readonly Pick<ResultSet, "counts" | "warnings">[]): void {
    for (const { counts } of earlier) addCounts(this.counts, counts);
    this.#warnings = [...earlier.flatMap(({ warnings }) => warnings), ...this.#warnings];
  }

  /** Raw rows in column order, read once. Integers past 2^53 are bigint, bytes are Buffer. */
  async *arrays(): AsyncGenerator<readonly SqlValue[]> {
    for (const row of this.#read()) yield row;
  }

  /** Without a promise for each row. */
  *#read(): Generator<readonly SqlValue[]> {
    if (this.#isRead) fail("session/result-consumed", {});
    this.#isRead = true;
    try {
      // Spooling may move rows from the cursor to the buffer meanwhile: the buffer is always read first.
      for (
        let row = this.#buffered() ?? this.#next();
        row !== undefined;
        row = this.#buffered() ?? this.#next()
      ) {
        yield row.map(fromSqlite);
      }
    } finally {
      this.#rows = [];
      this.#close();
    }
  }

  /** Rows as objects; of columns with one name, the later ones get `_2`, `_3`… behind it. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Row, undefined> {
    const names = uniqueNames(this.columns.map((column) => column.name));
    for (const row of this.#read()) yield this.#object(names, row);
  }

  /** All rows as objects. */
  async all(): Promise<Row[]> {
    const names = uniqueNames(this.columns.map((column) => column.name));
    return Array.from(this.#read(), (row) => this.#object(names, row));
  }

  /** The first row; the others are dropped. */
  async first(): Promise<Row | undefined> {
    for await (const row of this) return row;
    return undefined;
  }

  /** Drops rows that have not been read. */
  async close(): Promise<void> {
    this.#isRead = true;
    this.#rows = [];
    this.#close();
  }

  /** What the cursor throws goes through `errorOf` first: SQLite knows neither codes nor places. */
  explainErrors(errorOf: (error: unknown) => unknown): void {
    this.#errorOf = errorOf;
  }

  /** Reads what the cursor still holds into memory, so that the database is free. Errors wait for the reader. */
  spool(): void {
    for (let row = this.#next(); row !== undefined; row = this.#next()) this.#rows.push(row);
  }

  /** The border between a statement's columns and what the type of its text says of them. */
  #object(names: readonly string[], row: RawRow): Row {
    return Object.fromEntries(names.map((name, index) => [name, row[index] ?? null])) as Row;
  }

  #buffered(): RawRow | undefined {
    const row = this.#rows[this.#position];
    if (row !== undefined) this.#position++;
    return row;
  }

  #next(): RawRow | undefined {
    const step = this.#step();
    if (step === undefined) return undefined;
    if (step.done !== true) return step.value;
    this.#close();
    return undefined;
  }

  #step(): IteratorResult<RawRow> | undefined {
    try {
      return this.#rest?.next();
    } catch (error) {
      throw this.#errorOf(error);
    }
  }

  #close(): void {
    if (this.#rest === undefined) return;
    const rest = this.#rest;
    this.#rest = undefined;
    rest.return?.();
    this.#onClosed?.();
  }
}

/** Of names that are taken, the later one gets `_2`, `_3`… behind it. */
export function uniqueNames(
  names: readonly string[],
  taken = new Set<string>(),
  keyOf = (name: string): string => name,
): string[] {
  return names.map((name) => {
    let unique = name;
    for (let number = 2; taken.has(keyOf(unique)); number++) unique = `${name}_${number}`;
    taken.add(keyOf(unique));
    return unique;
  });
}
