/**
 * SQLite with the user's own text, where P, Q and S are ordinary functions that answer at once: nothing of ours has read or
 * changed the statement. It knows no names of arguments, and better-sqlite3 gives no row for a NULL argument in FROM.
 */
import Database from "better-sqlite3";
import type { SqlValue } from "../../src/catalog/value.ts";
import { fromSqlite } from "../../src/runtime/values.ts";
import { EchoFailure, echoProcedures, type Answers } from "./echo.ts";

export class PlainSqlite {
  readonly db = new Database(":memory:");

  constructor(answers: Answers) {
    for (const { name, columns } of echoProcedures) {
      const answer = (x: unknown = null, y: unknown = null): SqlValue => {
        try {
          return answers(name, fromSqlite(readValue(x)), fromSqlite(readValue(y)));
        } catch (error) {
          if (!(error instanceof EchoFailure)) throw error;
          return null;
        }
      };
      this.db.function(name, { varargs: true, safeIntegers: true, directOnly: false }, answer);
      this.db.table(name, {
        columns: columns.map((column) => column.name),
        parameters: ["argument_x", "argument_y"],
        safeIntegers: true,
        rows: function* (x: unknown, y: unknown) {
          yield [answer(x, y), null, x ?? null];
        },
      });
    }
  }

  /** The rows of a statement, or why SQLite refused it. */
  run(sql: string): { readonly rows: readonly (readonly SqlValue[])[]; readonly error: string | undefined } {
    try {
      const statement = this.db.prepare(sql).safeIntegers();
      if (!statement.reader) {
        statement.run();
        return { rows: [], error: undefined };
      }
      return { rows: readRows(statement.raw().all()), error: undefined };
    } catch (error) {
      return { rows: [], error: String(error) };
    }
  }
}

function readRows(rows: readonly unknown[]): readonly (readonly SqlValue[])[] {
  return (rows as SqlValue[][]).map((row) => row.map(fromSqlite));
}

function readValue(value: unknown): SqlValue {
  return value as SqlValue;
}
