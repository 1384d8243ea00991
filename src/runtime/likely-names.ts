/** The table or column that was perhaps meant, where SQLite knows none of the name: those of the database itself. */
import Database from "better-sqlite3";
import { suggest } from "../diagnostics/suggest.ts";

/** `text`: the statement; only tables that it names lend their columns. */
export function likelyName(message: string, text: string, db: Database.Database): string | undefined {
  const [, kind, name] = /^no such (table|column): (?:.*\.)?([^.]+)$/s.exec(message) ?? [];
  if (name === undefined) return undefined;
  try {
    return suggest(name, kind === "table" ? tablesOf(db) : columnsOf(db, text));
  } catch (error) {
    // A view that does not compile any more has no columns, and is not what was asked about.
    if (error instanceof Database.SqliteError) return undefined;
    throw error;
  }
}

/** Not what callsql and SQLite keep for themselves. */
const own = "t.name NOT LIKE 'callsql!_%' ESCAPE '!' AND t.name NOT LIKE 'sqlite!_%' ESCAPE '!'";

function tablesOf(db: Database.Database): string[] {
  return readNames(db.prepare(`SELECT t.name FROM pragma_table_list t WHERE ${own}`).pluck().all());
}

function columnsOf(db: Database.Database, text: string): string[] {
  const columns = db.prepare(
    `SELECT DISTINCT c.name FROM pragma_table_list t, pragma_table_info(t.name, t.schema) c
     WHERE ${own} AND instr(lower(:text), lower(t.name))`,
  );
  return readNames(columns.pluck().all({ text }));
}

function readNames(names: readonly unknown[]): string[] {
  return names as string[];
}
