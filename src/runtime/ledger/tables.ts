/** The ledger as tables that any query may read: sys_calls, sys_statements and sys_runs. */
import type { Database } from "better-sqlite3";
import type { ColumnsOf, SystemTableName } from "../../catalog/system-tables.ts";
import type { SqlValue } from "../../catalog/value.ts";
import type { Ledger } from "./ledger.ts";
import { isOpen } from "./runs.ts";
import { answerText } from "./stored-answer.ts";

/** Column → expression over the ledger's own table. */
type Expressions<Name extends SystemTableName> = Readonly<Record<ColumnsOf<Name>, string>>;

const time = (column: string): string => `strftime('%Y-%m-%dT%H:%M:%fZ', ${column} / 1000.0, 'unixepoch')`;
const ofRun = (expression: string, condition = "1"): string =>
  `(SELECT ${expression} FROM calls c WHERE run = runs.id AND ${condition})`;

const callColumns: Expressions<"sys_calls"> = {
  id: "id",
  run: "run",
  statement: "statement",
  status: "status",
  procedure: "procedure",
  connection: "connection",
  endpoint: "endpoint",
  model: "model",
  key: "lower(hex(key))",
  request: "request",
  response: `CASE WHEN vector IS NOT NULL THEN ${answerText.name}(response, vector) WHEN typeof(response) = 'text' THEN response END`,
  started_at: time("started_at"),
  ended_at: time("ended_at"),
  attempts: "attempts",
  duration_ms: "duration_ms",
  http_status: "http_status",
  request_id: "request_id",
  error_code: "error_code",
  error_message: "error_message",
  input_tokens: "input_tokens",
  output_tokens: "output_tokens",
  cost_usd: "round(cost_usd, 12)",
};

const statementColumns: Expressions<"sys_statements"> = {
  id: "id",
  run: "run",
  text: "text",
  binds: "binds",
  status: "status",
  started_at: time("started_at"),
  ended_at: time("ended_at"),
  error_code: "error_code",
  error_message: "error_message",
};

const runColumns: Expressions<"sys_runs"> = {
  id: "id",
  kind: "kind",
  name: "name",
  database: "database",
  status: "status",
  process: "process",
  started_at: time("started_at"),
  ended_at: time("ended_at"),
  succeeded: ofRun("count(*)", "status = 'succeeded'"),
  failed: ofRun("count(*)", `status IN ('failed', 'unusable') AND ${isOpen}`),
  unknown: ofRun("count(*)", `status IN ('unknown', 'started') AND ${isOpen}`),
  input_tokens: ofRun("sum(input_tokens)"),
  output_tokens: ofRun("sum(output_tokens)"),
  cost_usd: ofRun("round(sum(cost_usd), 12)"),
};

const pageSize = 500;

export class LedgerTables {
  readonly #db: Database;
  readonly #ledger: () => Ledger;
  #lastCall = Number.MAX_SAFE_INTEGER;

  /** `ledger` is opened when a table is first read. */
  constructor(db: Database, ledger: () => Ledger) {
    this.#db = db;
    this.#ledger = ledger;
  }

  /** Once. */
  register(): void {
    this.#register("sys_calls", callColumns, "calls");
    this.#register("sys_statements", statementColumns, "statements");
    this.#register("sys_runs", runColumns, "runs");
  }

  /** A statement that calls sees the calls recorded before it, in every pass. */
  freeze(): void {
    this.#lastCall = Number(
      this.#ledger().db.prepare("SELECT coalesce(max(id), 0) FROM calls").pluck().get(),
    );
  }

  thaw(): void {
    this.#lastCall = Number.MAX_SAFE_INTEGER;
  }

  #register(
    name: string,
    columns: Readonly<Record<string, string>>,
    table: "calls" | "statements" | "runs",
  ): void {
    const items = Object.entries(columns).map(([column, expression]) => `${expression} AS ${column}`);
    const sql = `SELECT ${items.join(", ")} FROM ${table} WHERE id > ? AND id <= ? ORDER BY id LIMIT ${pageSize}`;
    const ledger = this.#ledger;
    const lastOf = (): number => (table === "calls" ? this.#lastCall : Number.MAX_SAFE_INTEGER);
    this.#db.table(name, {
      columns: Object.keys(columns),
      rows: function* () {
        // How the statement before this one ended may still wait to be written.
        ledger().flush();
        const page = ledger().db.prepare(sql).raw().safeIntegers();
        // In pages: an open cursor would keep the ledger from being written.
        for (let after = 0n; ;) {
          const rows = readRows(page.all(after, BigInt(lastOf())));
          for (const row of rows) yield [...row];
          const last = rows.at(-1)?.[0];
          if (rows.length < pageSize || typeof last !== "bigint") return;
          after = last;
        }
      },
    });
  }
}

function readRows(rows: readonly unknown[]): readonly (readonly SqlValue[])[] {
  return rows as readonly (readonly SqlValue[])[];
}
