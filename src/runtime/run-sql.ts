/**
 * One SQL statement on its way to rows: bind → rewrite → plan → replay, or straight through SQLite where it reaches no
 * call. Synchronous but for the buying.
 */
import { DiagnosticSink } from "../diagnostics/diagnostic.ts";
import type { Source } from "../diagnostics/source.ts";
import type { SqlValue } from "../catalog/value.ts";
import type { SqlStatement } from "../parser/syntax.ts";
import { bindSites, type BoundSite } from "./bind.ts";
import { noCounts } from "./counts.ts";
import { checkNamedConnections } from "./named-connections.ts";
import { planStatement, type BoundValues } from "./plan.ts";
import { stepMark } from "./progress-mark.ts";
import { columnOf, readRow, readRows, ResultSet } from "./result-set.ts";
import { withPlace } from "./result-warnings.ts";
import { rewrite, type FrozenValues, type Rewritten } from "./rewrite.ts";
import { runCalling } from "./run-calls.ts";
import { rowsKept, type RunInput } from "./run-input.ts";
import { reachesThroughSchema } from "./schema.ts";
import { fromSqliteError } from "./sql-error.ts";
import { bindArguments, resolveBinds } from "./statement-binds.ts";
import { StatementRecord } from "./statement-record.ts";
import type { Workspace } from "./workspace.ts";

export async function runSql(workspace: Workspace, input: RunInput): Promise<ResultSet> {
  const { source, statement } = input;
  const sites = bindStatement(workspace, source, statement);
  const binds = resolveBinds(statement.binds, { given: input.binds, workspace }, source);
  const startedAt = process.hrtime.bigint();
  const text = (statement.prefix ?? "") + source.text.slice(statement.span.start, statement.span.end);
  const record = new StatementRecord(workspace, { text, binds });
  const errorOf = (error: unknown): unknown =>
    withPlace(
      fromSqliteError(error, {
        source,
        span: statement.span,
        db: plainText(workspace, statement),
        names: workspace.db,
        catalog: workspace.catalog,
      }),
      input,
      sites,
    );
  try {
    if (sites.length > 0 && mayRunCalls(statement))
      await checkNamedConnections(workspace, { source, statement, sites, binds });
    const result = await run(workspace, input, sites, { binds, record });
    record.end();
    result.counts.elapsedMs = Math.round(Number(process.hrtime.bigint() - startedAt) / 1e6);
    result.explainErrors(errorOf);
    return result;
  } catch (error) {
    workspace.files?.drop();
    const explained = errorOf(error);
    record.end(explained);
    throw explained;
  }
}

/** Reports every mistake of the statement's call sites together. */
export function bindStatement(
  workspace: Workspace,
  source: Source,
  statement: SqlStatement,
): readonly BoundSite[] {
  if (statement.sites.length === 0) return [];
  const sink = new DiagnosticSink(source);
  const sites = bindSites(statement.sites, bindContext(workspace), sink);
  for (const site of statement.sites) {
    if (site.isInSchema) sink.report("plan/call-in-schema", site.span, { procedure: site.procedure.text });
  }
  sink.throwIfErrors();
  return sites;
}

function bindContext({ catalog, defaults }: Workspace): Parameters<typeof bindSites>[1] {
  return { catalog, hasDefault: (procedure, parameter) => parameter.name in defaults.of(procedure) };
}

/** The text SQLite is to run, with its private names registered. */
export function rewriteStatement(
  workspace: Workspace,
  source: Source,
  statement: SqlStatement,
  sites: readonly BoundSite[],
): Rewritten {
  const rewritten = rewrite({ source, statement, sites, frozen: frozenValues(workspace, statement) });
  workspace.functions.ensure(rewritten.names);
  return rewritten;
}

async function run(
  workspace: Workspace,
  input: RunInput,
  sites: readonly BoundSite[],
  { binds, record }: { readonly binds: BoundValues; readonly record: StatementRecord },
): Promise<ResultSet> {
  const { source, statement } = input;
  if (sites.length === 0 && !(mayRunCalls(statement) && reachesThroughSchema(workspace.db))) {
    const own = source.text.slice(statement.span.start, statement.span.end);
    return runPlain(workspace, (statement.prefix ?? "") + own, bindArguments(statement, binds), input);
  }
  const { text } = rewriteStatement(workspace, source, statement, sites);
  if (!mayRunCalls(statement)) return runPlain(workspace, text, [binds], input);
  const { names } = workspace.functions;
  const plan = planStatement(workspace.db, text, { binds, names, hasUpsert: statement.hasUpsert });
  workspace.surroundings.begin(plan.functions);
  return plan.reaches
    ? runCalling(workspace, input, { text, binds, plan, record })
    : runPlain(workspace, text, [binds], input);
}

/** The database, where the user's text is what SQLite read. */
function plainText({ db }: Workspace, { sites, prefix }: SqlStatement): Workspace["db"] | undefined {
  return sites.length === 0 && prefix === undefined ? db : undefined;
}

/** EXPLAIN, CREATE VIEW and the like name procedures without running them. */
export function mayRunCalls({ verb }: SqlStatement): boolean {
  return (
    verb === "select" ||
    verb === "insert" ||
    verb === "update" ||
    verb === "delete" ||
    verb === "create-table-as"
  );
}

function runPlain(workspace: Workspace, text: string, binds: readonly unknown[], input: RunInput): ResultSet {
  const mark = stepMark(workspace, input);
  return mark === undefined
    ? runOnce(workspace, text, binds)
    : mark.together(() => runOnce(workspace, text, binds));
}

function runOnce(workspace: Workspace, text: string, binds: readonly unknown[]): ResultSet {
  const statement = workspace.db.prepare(text).safeIntegers();
  const counts = noCounts();
  if (!statement.reader) {
    const { changes } = statement.run(...binds);
    return new ResultSet({
      kind: "changes",
      columns: [],
      rows: [],
      affectedRows: changes,
      warnings: [],
      counts,
    });
  }
  const columns = statement.columns().map((column) => columnOf(column, workspace.functions.names));
  const cursor = statement.raw().iterate(...binds);
  const rows: (readonly SqlValue[])[] = [];
  const kept = statement.readonly ? rowsKept : Infinity;
  let isDone = false;
  while (!isDone && rows.length < kept) {
    const step = cursor.next();
    if (step.done === true) isDone = true;
    else rows.push(readRow(step.value));
  }
  const affectedRows = statement.readonly ? 0 : rows.length;
  const rest = isDone ? {} : { rest: readRows(cursor) };
  return new ResultSet({ kind: "rows", columns, rows, affectedRows, warnings: [], counts, ...rest });
}

function frozenValues({ db }: Workspace, { frozenCalls }: SqlStatement): FrozenValues {
  if (frozenCalls.length === 0) return { last_insert_rowid: 0n, changes: 0n, total_changes: 0n };
  const values = db
    .prepare("SELECT last_insert_rowid(), changes(), total_changes()")
    .raw()
    .safeIntegers()
    .get();
  const [rowid = 0n, changes = 0n, total = 0n] = readIntegers(values);
  return { last_insert_rowid: rowid, changes, total_changes: total };
}

function readIntegers(row: unknown): readonly bigint[] {
  return row as readonly bigint[];
}
