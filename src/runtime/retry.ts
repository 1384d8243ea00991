/**
 * RETRY FAILED: runs the statements of a run again that did not end well or have calls without a usable answer. What
 * succeeded in that run is taken from the ledger, what failed is called again (2-runtime, 2.6; docs/decisions/0032).
 */
import { fail, warning, type Place } from "../diagnostics/diagnostic.ts";
import type { Source } from "../diagnostics/source.ts";
import type { RetryFailedStatement, SqlStatement, Statement } from "../parser/syntax.ts";
import type { UnansweredStatement } from "./ledger/statements.ts";
import { notice } from "./commands.ts";
import { noCounts } from "./counts.ts";
import type { ResultSet } from "./result-set.ts";
import type { ExecuteOptions } from "./run-input.ts";
import { runSql } from "./run-sql.ts";
import { revive, type Revived } from "./statement-record.ts";
import { toSqlite, type Binds } from "./values.ts";
import type { Workspace } from "./workspace.ts";
import { known } from "../diagnostics/known.ts";

export interface RetryInput {
  readonly source: Source;
  readonly statement: RetryFailedStatement;
  /** Values that the record does not hold. */
  readonly binds: Binds;
  readonly options: ExecuteOptions;
  readonly parse: (text: string) => Statement & { readonly source: Source };
}

/** The rows of the last statement; counts and warnings of all. Throws session/…, ledger/…, and what running them throws. */
export async function retryFailed(workspace: Workspace, input: RetryInput): Promise<ResultSet> {
  const { runs, ledger } = workspace;
  // How the statement before this one ended may still wait to be written.
  ledger().flush();
  const place = { source: input.source, span: input.statement.span };
  const run = chosenRun(workspace, input.statement, place);
  // Looked at before anything runs: what cannot be run again stops all of it.
  const statements = ledger()
    .statements.unanswered(run)
    .map((kept) => prepare(kept, input, run, place));
  const orphans = (): number => ledger().statements.orphans(run);
  if (statements.length === 0) {
    const calls = orphans();
    return calls === 0 ? notice() : fail("session/retry-not-kept", { run, calls }, place);
  }
  return runs.again(run, async () => {
    const results: ResultSet[] = [];
    for (const { sql, revived } of statements) {
      const result = await withSettings(workspace, revived, () =>
        runSql(workspace, { ...sql, binds: revived.binds, options: input.options }),
      );
      await results.at(-1)?.close();
      results.push(result);
    }
    const last = results.pop() ?? notice();
    // Some may have been answered by what was just run.
    const calls = orphans();
    const left = calls === 0 ? [] : [warning("session/retry-not-kept", { run, calls }, place)];
    last.follow([...results, { counts: noCounts(), warnings: left }]);
    return last;
  });
}

function chosenRun({ db, runs, ledger }: Workspace, { run }: RetryFailedStatement, place: Place): number {
  const own = runs.current?.id;
  const database = runs.database;
  if (run === undefined) {
    const latest = ledger().statements.latestUnanswered(database, own);
    return latest ?? fail("session/nothing-to-retry", { database: database ?? ":memory:" }, place);
  }
  const id = Number(run.value);
  const found = ledger().runs.find(id) ?? fail("ledger/unknown-run", { run: String(run.value) }, place);
  if (found.database !== (database ?? null) && id !== own) {
    const details = { run: id, database: found.database ?? ":memory:", open: db.name };
    fail("session/retry-other-database", details, place);
  }
  return id;
}

interface Retried {
  readonly sql: { readonly source: Source; readonly statement: SqlStatement };
  readonly revived: Revived;
}

function prepare(
  kept: UnansweredStatement,
  { binds, parse }: RetryInput,
  run: number,
  place: Place,
): Retried {
  const revived = revive(kept, binds);
  const text = firstLine(kept.text);
  if (revived.settings.isMasked) fail("session/retry-masked", { run, text }, place);
  if (revived.missing.length > 0) {
    fail("session/retry-lacks-values", { run, text, names: revived.missing }, place);
  }
  const statement = parse(kept.text);
  if (statement.kind !== "sql")
    return fail("internal/bug", { what: "the record holds a statement without calls" });
  if (kept.status === "finished" && wouldRepeat(statement, kept.text)) {
    fail("session/retry-would-repeat", { run, text }, place);
  }
  return { sql: { source: statement.source, statement }, revived };
}

/** Its rows are in the database: run again, it would write them a second time, or find its table there. */
function wouldRepeat({ verb, hasUpsert }: SqlStatement, text: string): boolean {
  if (verb === "create-table-as") return true;
  return verb === "insert" && !hasUpsert && !/\b(?:or\s+(?:replace|ignore)|replace)\s+into\b/i.test(text);
}

function firstLine(text: string): string {
  const line = known(text.trim().split("\n", 1)[0]);
  return line.length > 60 ? `${line.slice(0, 59)}…` : line;
}

/** With the options and defaults the statement ran with, as far as they shape its requests. */
async function withSettings<T>(
  { options, defaults, catalog }: Workspace,
  revived: Revived,
  work: () => Promise<T>,
): Promise<T> {
  const before = { options: options.shaping(), defaults: defaults.rows() };
  const apply = (shaping: typeof before.options, values: Revived["defaults"]): void => {
    options.reshape(shaping);
    for (const [procedure, parameter] of defaults.rows()) {
      const found = catalog.find(procedure);
      if (found !== undefined) defaults.set(found, parameter, null);
    }
    for (const [procedure, parameter, value] of values) {
      const found = catalog.find(procedure);
      if (found !== undefined && value !== undefined) {
        defaults.set(found, parameter, toSqlite(value, parameter));
      }
    }
  };
  apply(revived.settings.options, revived.defaults);
  try {
    return await work();
  } finally {
    apply(before.options, before.defaults);
  }
}
