/**
 * What a statement would do if calls were pure functions that answer at once: plain SQLite over the rewritten text,
 * one run, no replay. Tells the result and the calls SQLite really needed.
 */
import Database from "better-sqlite3";
import { DiagnosticSink } from "../../src/diagnostics/diagnostic.ts";
import { createCatalog } from "../../src/catalog/catalog.ts";
import type { SqlValue } from "../../src/catalog/value.ts";
import { parseScript } from "../../src/parser/parse.ts";
import type { Verb } from "../../src/parser/syntax.ts";
import { bindSites } from "../../src/runtime/bind.ts";
import { planStatement } from "../../src/runtime/plan.ts";
import { PrivateFunctions } from "../../src/runtime/private-functions.ts";
import { rewrite } from "../../src/runtime/rewrite.ts";
import { fromSqlite } from "../../src/runtime/values.ts";
import { described, EchoFailure, echoProcedures, type Answers } from "./echo.ts";

export interface OracleRun {
  readonly rows: (readonly SqlValue[])[];
  /** Different calls, in the order SQLite asked for them first. */
  readonly calls: string[];
  readonly error: string | undefined;
  /** A limit counter can end the statement before all rows are seen. */
  readonly hasLimit: boolean;
  /** Places in SQLite's program that call: those of one may wait for answers of another. */
  readonly places: number;
}

export class Oracle {
  readonly db = new Database(":memory:");
  readonly #catalog = createCatalog(echoProcedures);
  readonly #functions = new PrivateFunctions(this.db);
  readonly #answers: Answers;

  constructor(answers: Answers) {
    this.#answers = answers;
    this.#functions.register(this.#catalog.procedures);
  }

  run(sql: string): OracleRun {
    const source = { name: "oracle", text: sql };
    const { statements } = parseScript(source, {
      isProcedure: (name) => this.#catalog.find(name) !== undefined,
    });
    const calls = new Set<string>();
    this.#functions.answering = {
      hasTopLevelMiss: false,
      lookup: ({ procedure }, [x = null, y = null, , connection = null]) => {
        const plain = fromSqlite(x);
        const at = connection === null ? "" : `@${String(connection)}`;
        calls.add(`${described(procedure.name, plain, fromSqlite(y))}${at}`);
        try {
          return { row: [this.#answers(procedure.name, plain, fromSqlite(y), connection), null, x] };
        } catch (error) {
          if (!(error instanceof EchoFailure)) throw error;
          return { row: [null, error.code, null] };
        }
      },
    };
    const rows: (readonly SqlValue[])[] = [];
    let hasLimit = false;
    let places = 0;
    try {
      for (const statement of statements) {
        if (statement.kind !== "sql") throw new Error(`not SQL: ${sql}`);
        const sites = bindSites(
          statement.sites,
          { catalog: this.#catalog, hasDefault: () => false },
          new DiagnosticSink(),
        );
        const frozen = { last_insert_rowid: 0n, changes: 0n, total_changes: 0n };
        const { text, names } = rewrite({ source, statement, sites, frozen });
        this.#functions.ensure(names);
        if (planned.has(statement.verb)) {
          const plan = planStatement(this.db, text, {
            binds: {},
            names: this.#functions.names,
            hasUpsert: false,
          });
          hasLimit ||= plan.hasLimit;
          places = Math.max(places, plan.reached.size);
        }
        const prepared = this.db.prepare(text).safeIntegers();
        if (prepared.reader) rows.push(...readRows(prepared.raw().all()));
        else prepared.run();
      }
      return { rows, calls: [...calls], error: undefined, hasLimit, places };
    } catch (error) {
      return { rows: [], calls: [...calls], error: String(error), hasLimit, places };
    }
  }
}

/** Verbs that may evaluate calls. */
const planned: ReadonlySet<Verb> = new Set<Verb>(["select", "insert", "update", "delete", "create-table-as"]);

function readRows(rows: readonly unknown[]): (readonly SqlValue[])[] {
  return (rows as SqlValue[][]).map((row) => row.map(fromSqlite));
}
