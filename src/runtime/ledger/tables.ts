/** The ledger as tables that any query may read: sys_calls and sys_runs. */
import type { Database } from "better-sqlite3";
import type { SqlValue } from "../../catalog/value.ts";
import type { Ledger } from "./ledger.ts";

const time = (column: string): string =>
  `strftime('%Y-%m-%dT%H:%M:%fZ', ${column} / 1000.0, 'unixepoch') AS ${column}`;

const callColumns = `id, run, status, procedure, connection, endpoint, model, lower(hex(key)) AS key, request,
  CASE typeof(response) WHEN 'text' THEN response END AS response, ${time("started_at")}, ${time("ended_at")},
  attempts, duration_ms, http_status, request_id, error_code, error_message, input_tokens, output_tokens, cost_usd`;

const runColumns = `id, kind, name, database, status, process, ${time("started_at")}, ${time("ended_at")},
  (SELECT count(*) FROM calls WHERE run = runs.id AND status = 'succeeded') AS succeeded,
  (SELECT count(*) FROM calls WHERE run = runs.id AND status = 'failed') AS failed,
  (SELECT count(*) FROM calls WHERE run = runs.id AND status IN ('unknown', 'started')) AS unknown,
  (SELECT sum(input_tokens) FROM calls WHERE run = runs.id) AS input_tokens,
  (SELECT sum(output_tokens) FROM calls WHERE run = runs.id) AS output_tokens,
  (SELECT sum(cost_usd) FROM calls WHERE run = runs.id) AS cost_usd`;

const pageSize = 500;

export class LedgerTables {
  readonly #ledger: Ledger;
  #lastCall = Number.MAX_SAFE_INTEGER;

  constructor(db: Database, ledger: Ledger) {
    this.#ledger = ledger;
    this.#register(db, "sys_calls", callColumns, "calls");
    this.#register(db, "sys_runs", runColumns, "runs");
  }

  /** A statement that calls sees the calls recorded before it, in every pass. */
  freeze(): void {
    this.#lastCall = Number(this.#ledger.db.prepare("SELECT coalesce(max(id), 0) FROM calls").pluck().get());
  }

  thaw(): void {
    this.#lastCall = Number.MAX_SAFE_INTEGER;
  }

  #register(db: Database, name: string, columns: string, table: "calls" | "runs"): void {
    const page = this.#ledger.db
      .prepare(`SELECT ${columns} FROM ${table} WHERE id > ? AND id <= ? ORDER BY id LIMIT ${pageSize}`)
      .raw()
      .safeIntegers();
    const names = page.columns().map((column) => column.name);
    const lastOf = (): number => (table === "calls" ? this.#lastCall : Number.MAX_SAFE_INTEGER);
    db.table(name, {
      columns: names,
      rows: function* () {
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
