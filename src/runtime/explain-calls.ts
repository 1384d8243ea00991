/**
 * EXPLAIN CALLS: what a statement would call, without calling. One discovery pass with an endless window finds every
 * call of the site that comes first; what depends on its answers can only be counted once they are there.
 */
import { fail } from "../diagnostics/diagnostic.ts";
import type { Source } from "../diagnostics/source.ts";
import type { ExplainCallsStatement, SqlStatement } from "../parser/syntax.ts";
import { table } from "./commands.ts";
import { requestKey } from "./dispatch/request-key.ts";
import { Memo, type Call } from "./memo.ts";
import { discard, runPass } from "./pass.ts";
import { nullPlaceholder } from "./placeholder.ts";
import { planStatement, type Plan } from "./plan.ts";
import type { PrivateName } from "./private-name.ts";
import { siteName } from "./private-name.ts";
import type { ResultSet } from "./result-set.ts";
import { guardedTable, reuseOf } from "./run-calls.ts";
import { bindStatement, rewriteStatement } from "./run-sql.ts";
import { resolveBinds } from "./statement-binds.ts";
import type { Binds } from "./values.ts";
import type { Workspace } from "./workspace.ts";

const columns = ["procedure", "calls", "bound", "recorded"];

/** One row a call site, in the order SQLite reaches them: procedure, calls, `exact` or `at least`, calls recorded. */
export async function explainCalls(
  workspace: Workspace,
  source: Source,
  explained: ExplainCallsStatement,
  binds: Binds,
): Promise<ResultSet> {
  const { statement } = explained;
  const sites = bindStatement(workspace, source, statement);
  const values = resolveBinds(statement.binds, { given: binds, variables: workspace.variables }, source);
  const { text } = rewriteStatement(workspace, source, statement, sites);
  const { db, functions, surroundings, options, files } = workspace;
  const plan = planStatement(db, text, {
    binds: values,
    names: functions.names,
    hasUpsert: statement.hasUpsert,
  });
  if (!plan.reaches) return table(columns, []);
  surroundings.begin(plan.functions);
  const wasInTransaction = db.inTransaction;
  const outcome = runPass(
    {
      db,
      functions,
      text,
      binds: values,
      plan,
      memo: new Memo(nothingRecorded),
      guarded: guardedTable(source, statement),
      dedup: options.isOn("dedup"),
      endsOn: "nothing",
      onStart: () => {
        surroundings.restart();
        files?.hold();
      },
      rowsKept: 0,
    },
    { placeholder: nullPlaceholder, windowMax: plan.isCertain ? Infinity : 1, expected: undefined },
  );
  files?.drop();
  if (outcome.kind === "clean") {
    discard(db, wasInTransaction);
    return table(columns, []);
  }
  const recorded = await recordedOf(workspace, outcome.pending);
  return table(
    columns,
    rowsOf(reachedNames(plan, functions.names), outcome.pending, { plan, recorded, statement }),
  );
}

function reachedNames(plan: Plan, names: readonly PrivateName[]): PrivateName[] {
  const addressOf = (name: PrivateName): number =>
    plan.addresses.get(siteName(name).toLowerCase()) ?? Infinity;
  return names
    .filter((name) => plan.reached.has(siteName(name).toLowerCase()))
    .toSorted((a, b) => addressOf(a) - addressOf(b));
}

function rowsOf(
  names: readonly PrivateName[],
  pending: readonly Call[],
  { plan, recorded }: { plan: Plan; recorded: ReadonlySet<Call>; statement: SqlStatement },
): (readonly [string, number, string, number])[] {
  const [first, ...others] = names;
  if (first === undefined) return [];
  const own = pending.filter((call) => call.procedure === first.procedure);
  const isExact = plan.isCertain && !plan.hasLimit;
  return [
    [
      first.procedure.name,
      own.length,
      isExact ? "exact" : "at least",
      own.filter((call) => recorded.has(call)).length,
    ],
    ...others.map(({ procedure }) => [procedure.name, 0, "at least", 0] as const),
  ];
}

function nothingRecorded(): never {
  return fail("internal/bug", { what: "a pass that buys nothing asked for a recorded answer" });
}

/** Calls that an earlier statement of the session has answered. None where there is no connection to ask by. */
async function recordedOf(workspace: Workspace, calls: readonly Call[]): Promise<ReadonlySet<Call>> {
  const { ledger, options, defaults } = workspace;
  const connection = options.text("cache") === "off" ? undefined : await workspace.findConnection();
  if (connection === undefined) return new Set();
  const models = options.models(connection.models);
  const reuse = reuseOf(options);
  const run = workspace.runs.get();
  const isRecorded = ({ procedure, values }: Call): boolean => {
    const prepared = procedure.prepare(values.slice(0, procedure.parameters.length), {
      models,
      defaults: defaults.of(procedure),
      ...(workspace.models.table === undefined ? {} : { modelTable: workspace.models.table }),
    });
    return (
      prepared.ok &&
      ledger().find(requestKey(connection.identity, prepared.request), reuse, run) !== undefined
    );
  };
  return new Set(calls.filter(isRecorded));
}
