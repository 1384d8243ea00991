/** The statements that are callsql's own: SET, RESET, SHOW, DESCRIBE, SET DEFAULT, SET :name. */
import { DiagnosticError, fail, type Place } from "../diagnostics/diagnostic.ts";
import { suggest } from "../diagnostics/suggest.ts";
import type { Source } from "../diagnostics/source.ts";
import {
  describeProcedure,
  describeProcedures,
  describeTable,
  type TableColumn,
} from "../catalog/describe.ts";
import type { Procedure } from "../catalog/procedure.ts";
import type { Connection } from "../catalog/request.ts";
import { systemTables } from "../catalog/system-tables.ts";
import type { SqlValue } from "../catalog/value.ts";
import type {
  DescribeStatement,
  Name,
  SetDefaultStatement,
  SetOptionStatement,
  SetVariableStatement,
  ShowStatement,
  SqlStatement,
} from "../parser/syntax.ts";
import { noCounts } from "./counts.ts";
import { ResultSet } from "./result-set.ts";
import type { ExecuteOptions } from "./run-input.ts";
import { runSql } from "./run-sql.ts";
import { fromSqliteError } from "./sql-error.ts";
import { bindArguments, resolveBinds } from "./statement-binds.ts";
import type { Binds } from "./values.ts";
import type { Workspace } from "./workspace.ts";
import { expectError } from "../diagnostics/expected.ts";
import { known } from "../diagnostics/known.ts";

export function notice(): ResultSet {
  return new ResultSet({
    kind: "notice",
    columns: [],
    rows: [],
    affectedRows: 0,
    warnings: [],
    counts: noCounts(),
  });
}

function table(columns: readonly string[], rows: readonly (readonly (SqlValue | boolean)[])[]): ResultSet {
  return new ResultSet({
    kind: "rows",
    columns: columns.map((name) => ({ name, type: undefined, format: undefined })),
    rows: rows.map((row) => row.map((value) => (typeof value === "boolean" ? Number(value) : value))),
    affectedRows: 0,
    warnings: [],
    counts: noCounts(),
  });
}

export function setOption(
  { options, models }: Workspace,
  source: Source,
  statement: SetOptionStatement,
): ResultSet {
  const { option, value } = statement;
  const span = { start: option.span.start, end: value.span.end };
  options.set(option.text, value.value, { source, span });
  // Another connection has other models.
  if (option.text.toLowerCase() === "connection") models.listed = undefined;
  return notice();
}

export async function show(workspace: Workspace, statement: ShowStatement): Promise<ResultSet> {
  switch (statement.what) {
    case "options": {
      const chosen = await workspace.chosenConnection();
      const rows = workspace.options.rows(chosen, await reachable(workspace));
      return table(
        ["option", "value", "source", "summary", "allowed"],
        rows.map(([name, value, ...others]) => [name, shown(value), ...others]),
      );
    }
    case "procedures": {
      const { columns, rows } = describeProcedures(workspace.catalog);
      return table(columns, rows);
    }
    case "defaults":
      return table(["procedure", "parameter", "value"], workspace.defaults.rows());
    case "variables":
      return table(["variable", "value"], [...workspace.variables]);
  }
}

/** A connection that cannot be had is the next call's to report: options are shown all the same. */
async function reachable(workspace: Workspace): Promise<Connection | undefined> {
  try {
    return await workspace.findConnection();
  } catch (error) {
    expectError(error, DiagnosticError);
    return undefined;
  }
}

export function describe(workspace: Workspace, source: Source, statement: DescribeStatement): ResultSet {
  const { catalog, db } = workspace;
  const { text, span } = statement.name;
  const procedure = catalog.find(text);
  const tableColumns = procedure === undefined ? columnsOfTable(workspace, text) : [];
  if (procedure === undefined && tableColumns.length === 0) {
    const tables = db.prepare("SELECT name FROM pragma_table_list WHERE type <> 'shadow'").pluck().all();
    const procedures = catalog.procedures.map(({ name }) => name);
    const names = [...procedures, ...tables.map(String), ...Object.keys(systemTables)];
    fail("bind/unknown-name", { name: text, suggestion: suggest(text, names) }, { source, span });
  }
  const { columns, rows } =
    procedure === undefined ? describeTable(text, tableColumns) : describeProcedure(procedure);
  return table(columns, rows);
}

/** None where there is no such table or view. */
function columnsOfTable({ db }: Workspace, name: string): readonly TableColumn[] {
  const sql = `SELECT name, type, "notnull", dflt_value, pk, hidden FROM pragma_table_xinfo(?) ORDER BY cid`;
  return readTableColumns(db.prepare(sql).all(name));
}

export function setDefault(
  workspace: Workspace,
  source: Source,
  statement: SetDefaultStatement,
  binds: Binds,
): ResultSet {
  const procedure = findProcedure(workspace, source, statement.procedure);
  const parameter = procedure.findParameter(statement.parameter.text);
  if (parameter === undefined) {
    const suggestion = suggest(
      statement.parameter.text,
      procedure.parameters.map((item) => item.name),
    );
    const details = { procedure: procedure.name, parameter: statement.parameter.text, suggestion };
    fail("bind/unknown-parameter", details, { source, span: statement.parameter.span });
  }
  const { start, end } = statement.expression;
  const values = resolveBinds(statement.binds, { given: binds, workspace }, source);
  try {
    const prepared = workspace.db
      .prepare(`SELECT ${source.text.slice(start, end)}`)
      .pluck()
      .safeIntegers();
    workspace.defaults.set(
      procedure,
      parameter.name,
      readValue(prepared.get(...bindArguments(statement, values))),
    );
  } catch (error) {
    throw fromSqliteError(error, { source, span: statement.expression, catalog: workspace.catalog });
  }
  return notice();
}

/** The expression may call procedures: it is run as a query of its own. */
export async function setVariable(
  workspace: Workspace,
  source: Source,
  statement: SetVariableStatement,
  { binds, options }: { binds: Binds; options: ExecuteOptions },
): Promise<ResultSet> {
  const result = await runSql(workspace, { source, statement: asQuery(statement), binds, options });
  const [row = []] = await Array.fromAsync(result.arrays());
  const place: Place = { source, span: statement.expression };
  const name = statement.variable.text;
  if (row.length !== 1) fail("session/variable-needs-one-value", { name, columns: row.length }, place);
  workspace.variables.set(name.toLowerCase(), known(row[0]));
  const { warnings, counts } = result;
  return new ResultSet({ kind: "notice", columns: [], rows: [], affectedRows: 0, warnings, counts });
}

/** `SET :x = expr` is `SELECT expr`, whose text is the expression's own. */
export function asQuery(statement: SetVariableStatement): SqlStatement {
  const { expression, sites, binds } = statement;
  return {
    kind: "sql",
    span: expression,
    verb: "select",
    prefix: "SELECT ",
    isBareCall: true,
    sites,
    binds,
    unnamedItems: [],
    frozenCalls: [],
    hasUpsert: false,
  };
}

function findProcedure({ catalog }: Workspace, source: Source, name: Name): Procedure {
  const procedure = catalog.find(name.text);
  if (procedure !== undefined) return procedure;
  const suggestion = suggest(
    name.text,
    catalog.procedures.map((item) => item.name),
  );
  return fail("bind/unknown-procedure", { procedure: name.text, suggestion }, { source, span: name.span });
}

function shown(value: string | number | boolean | null): SqlValue {
  if (typeof value !== "boolean") return value;
  return value ? "on" : "off";
}

function readValue(value: unknown): SqlValue {
  return value as SqlValue;
}

function readTableColumns(rows: readonly unknown[]): readonly TableColumn[] {
  const found = rows as readonly {
    name: string;
    type: string;
    notnull: number;
    dflt_value: string | null;
    pk: number;
    hidden: number;
  }[];
  return found.map(({ name, type, notnull, dflt_value: defaultValue, pk, hidden }) => ({
    name,
    type,
    isRequired: notnull === 1,
    defaultValue,
    kind: pk > 0 ? "key column" : hidden === 1 ? "argument" : "column",
  }));
}
