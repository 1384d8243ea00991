/** Bulk insertion of foreign rows: one transaction, all or nothing. */
import { checkList } from "../diagnostics/arguments.ts";
import { fail } from "../diagnostics/diagnostic.ts";
import type { SqlValue } from "../catalog/value.ts";
import { markStep, stepsDone } from "./progress-mark.ts";
import type { Workspace } from "./workspace.ts";
import { toSqlite } from "./values.ts";
import { known } from "../diagnostics/known.ts";

/** Rows of values, in the order of the columns. */
export type ImportedRows = AsyncIterable<readonly SqlValue[]> | Iterable<readonly SqlValue[]>;

/** Of session.importRows, for a table that exists. */
export interface ImportOptions {
  /** Its rows stay, and the new ones come behind them. */
  readonly isAppended?: boolean;
  /** Told how many rows made room, if any did. */
  readonly onReplaced?: (rows: number) => void;
  /** Called instead, where a run goes on that had imported them before it stopped. */
  readonly onSkipped?: () => void;
}

/**
 * Creates the table where there is none, with columns that keep each value's own type. A table that has exactly these
 * columns gets the rows in place of its own, so that the same import can be run again, or behind them; any other is refused.
 * Gives the number of rows.
 */
export async function importRows(
  { db, runs }: Workspace,
  target: {
    readonly table: string;
    readonly columns: readonly string[];
    readonly step: number | undefined;
    readonly isAppended: boolean;
    readonly onReplaced: ((rows: number) => void) | undefined;
    readonly onSkipped: (() => void) | undefined;
    readonly signal: AbortSignal | undefined;
  },
  rows: ImportedRows,
): Promise<number> {
  const { identity } = runs;
  const isMarked = identity !== undefined && target.step !== undefined && !db.memory;
  if (isMarked && runs.isResumed && target.step <= stepsDone(db, identity)) {
    target.onSkipped?.();
    return 0;
  }
  const table = quoted(target.table);
  const savepoint = "callsql_import";
  db.exec(`SAVEPOINT ${savepoint}`);
  try {
    makeRoom(db, target, table);
    const insert = db.prepare(`INSERT INTO ${table} VALUES (${target.columns.map(() => "?").join(", ")})`);
    let count = 0;
    for await (const row of rows) {
      if (target.signal?.aborted === true) fail("call/cancelled", {});
      count++;
      checkList(`row ${count} of the import`, row);
      const expected = target.columns.length;
      if (row.length !== expected)
        fail("session/import-mismatch", { row: count, expected, found: row.length });
      insert.run(...row.map((value, index) => toSqlite(value, known(target.columns[index]))));
    }
    if (isMarked) markStep(db, identity, target.step);
    db.exec(`RELEASE ${savepoint}`);
    return count;
  } catch (error) {
    if (db.inTransaction) db.exec(`ROLLBACK TO ${savepoint}; RELEASE ${savepoint}`);
    throw error;
  }
}

function makeRoom(
  db: Workspace["db"],
  target: Pick<Parameters<typeof importRows>[1], "table" | "columns" | "isAppended" | "onReplaced">,
  table: string,
): void {
  const found = readNames(
    db.prepare("SELECT name FROM pragma_table_info(?) ORDER BY cid").pluck().all(target.table),
  );
  if (found.length === 0) {
    db.exec(`CREATE TABLE ${table} (${target.columns.map(quoted).join(", ")})`);
    return;
  }
  const isSame =
    found.length === target.columns.length && found.every((name, index) => name === target.columns[index]);
  if (!isSame) fail("session/import-other-columns", { table: target.table, found, wanted: target.columns });
  if (target.isAppended) return;
  const { changes } = db.prepare(`DELETE FROM ${table}`).run();
  if (changes > 0) target.onReplaced?.(changes);
}

function readNames(names: readonly unknown[]): readonly string[] {
  return names as readonly string[];
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
