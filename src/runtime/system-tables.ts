/** The catalogue and the session as tables that any query may read: sys_procedures and its kin. */
import type { Database } from "better-sqlite3";
import {
  describeColumns,
  describeModels,
  describeParameters,
  describeProcedures,
} from "../catalog/describe.ts";
import type { ColumnsOf, SystemTableName } from "../catalog/system-tables.ts";
import type { SqlValue } from "../catalog/value.ts";
import type { Workspace } from "./workspace.ts";

interface SystemTable<Column = string> {
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly SqlValue[])[];
}

export function createSystemTables({ db, catalog, options, models }: Workspace): void {
  register(db, "sys_procedures", () => describeProcedures(catalog));
  register(db, "sys_procedure_parameters", () => describeParameters(catalog));
  register(db, "sys_procedure_columns", () => describeColumns(catalog));
  register(db, "sys_models", () => describeModels(catalog, models.table, models.listed));
  register(db, "sys_options", (): SystemTable<ColumnsOf<"sys_options">> => ({
    columns: ["option", "value", "source", "summary", "allowed"],
    rows: options.rows().map(([option, value, ...others]) => [option, text(value), ...others]),
  }));
}

/** `read` is asked for each query, so that a table shows what is true at that time. */
function register(db: Database, name: SystemTableName, read: () => SystemTable): void {
  db.table(name, {
    columns: [...read().columns],
    rows: function* () {
      for (const row of read().rows) yield row.map(stored);
    },
  });
}

/** better-sqlite3 makes REAL of every number. */
function stored(value: SqlValue): SqlValue {
  return typeof value === "number" && Number.isInteger(value) ? BigInt(value) : value;
}

function text(value: string | number | boolean | null): SqlValue {
  return typeof value === "boolean" ? (value ? "on" : "off") : value;
}
