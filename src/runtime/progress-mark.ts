/**
 * How far a script has come, written into the user's database in the same transaction as the step it stands for: no
 * crash can come between the two. The mark is a view without data, `callsql_progress`: creating one changes neither
 * changes() nor last_insert_rowid(). It is removed when the script has ended well (docs/decisions/0006).
 */
import type { Database } from "better-sqlite3";
import type { Source } from "../diagnostics/source.ts";
import { writingVerbs, type SqlStatement } from "../parser/syntax.ts";
import type { RunInput } from "./run-input.ts";
import type { Workspace } from "./workspace.ts";

const markName = "callsql_progress";

/** The last step of the script that is in the database; 0 for none. */
export function stepsDone(db: Database, identity: string): number {
  return readMarks(db).get(identity) ?? 0;
}

export interface StepMark {
  /** Writes the mark into the transaction that is open. */
  write(): void;
  /** Runs a step and writes its mark, both or neither. */
  together<T>(step: () => T): T;
}

/** Absent where nothing is to be marked: no script is running, or the statement changes no table of the main schema. */
export function stepMark(
  { db, runs }: Workspace,
  { source, statement, options }: RunInput,
): StepMark | undefined {
  const { identity } = runs;
  const { step } = options;
  if (
    identity === undefined ||
    step === undefined ||
    db.memory ||
    db.readonly ||
    !isStep(db, source, statement)
  )
    return undefined;
  const write = (): void => markStep(db, identity, step);
  return {
    write,
    together: (work) =>
      statement.verb === "commit" ? beforeCommit(db, write, work) : inSavepoint(db, write, work),
  };
}

/** Whether a resumed script leaves the statement out: what it wrote is in the database. */
export function isDone(
  { db, runs }: Workspace,
  source: Source,
  statement: SqlStatement,
  step: number | undefined,
): boolean {
  if (step === undefined || runs.identity === undefined || !runs.isResumed || db.memory || db.readonly)
    return false;
  return (isStep(db, source, statement) || isTransaction(statement)) && step <= stepsDone(db, runs.identity);
}

/** Writes that outlive the connection. What is temporary, attached or a setting must be done again in a new process. */
function isStep(db: Database, source: Source, { verb, target, into, span }: SqlStatement): boolean {
  const schema = target?.schema?.text.toLowerCase();
  if (schema !== undefined && schema !== "main") return false;
  if (into?.isTemporary === true || temporary.test(source.text.slice(span.start, span.end))) return false;
  const writes = writingVerbs.has(verb) || verb === "commit";
  return writes && !(target !== undefined && isTemporary(db, target.table.text));
}

const temporary = /^create\s+temp(?:orary)?\b/i;

function isTemporary(db: Database, table: string): boolean {
  const found = "SELECT 1 FROM temp.sqlite_temp_schema WHERE name = ? COLLATE NOCASE";
  return db.prepare(found).get(table) !== undefined;
}

function isTransaction({ verb }: SqlStatement): boolean {
  return (
    verb === "begin" || verb === "commit" || verb === "rollback" || verb === "savepoint" || verb === "release"
  );
}

/** The mark must be part of what is committed. Outside a transaction the COMMIT fails by itself. */
function beforeCommit<T>(db: Database, write: () => void, commit: () => T): T {
  if (db.inTransaction) write();
  return commit();
}

function inSavepoint<T>(db: Database, write: () => void, work: () => T): T {
  const savepoint = "callsql_step";
  db.exec(`SAVEPOINT ${savepoint}`);
  try {
    const result = work();
    write();
    db.exec(`RELEASE ${savepoint}`);
    return result;
  } catch (error) {
    // What SQLite keeps of a refused statement (OR FAIL) stays kept; it is no step that is done.
    if (db.inTransaction) db.exec(`RELEASE ${savepoint}`);
    throw error;
  }
}

/** `identity` is hex. Other scripts may be under way on the same database: their marks stay. */
export function markStep(db: Database, identity: string, step: number): void {
  const marks = readMarks(db);
  marks.delete(identity);
  writeMarks(db, [...marks, [identity, step] as const].slice(-marksMax));
}

/** Scripts that were given up for good leave their marks; the oldest go. */
const marksMax = 100;

export function removeMark(db: Database, identity: string): void {
  if (db.readonly || !readMarks(db).has(identity)) return;
  const remove = (): void => {
    const marks = readMarks(db);
    marks.delete(identity);
    writeMarks(db, [...marks]);
  };
  if (db.inTransaction) remove();
  else db.transaction(remove).immediate();
}

function writeMarks(db: Database, marks: readonly (readonly [identity: string, step: number])[]): void {
  const rows = marks.map(([identity, step]) => `SELECT '${identity}', ${step}`);
  db.exec(`DROP VIEW IF EXISTS main.${markName}`);
  if (rows.length > 0) db.exec(`CREATE VIEW main.${markName}(identity, step) AS ${rows.join(" UNION ALL ")}`);
}

/** The oldest first. */
function readMarks(db: Database): Map<string, number> {
  const view = "SELECT 1 FROM main.sqlite_schema WHERE type = 'view' AND name = ?";
  if (db.prepare(view).get(markName) === undefined) return new Map();
  return new Map(readRows(db.prepare(`SELECT identity, step FROM main.${markName}`).raw().all()));
}

function readRows(rows: readonly unknown[]): readonly (readonly [string, number])[] {
  return rows as readonly (readonly [string, number])[];
}
