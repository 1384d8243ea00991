/** A statement described without calling: its binds with the parameters they feed, and its columns. */
import type { Source } from "../diagnostics/source.ts";
import type { Parameter, Procedure } from "../catalog/procedure.ts";
import { allParametersOf } from "../catalog/pseudo-parameters.ts";
import type { BindUse, Statement } from "../parser/syntax.ts";
import type { BoundSite } from "./bind.ts";
import { columnOf, type ResultColumn, type ResultSet } from "./result-set.ts";
import type { ResultColumns } from "./row-of.ts";
import type { ExecuteOptions } from "./run-input.ts";
import { bindStatement, rewriteStatement } from "./run-sql.ts";
import { fromSqliteError } from "./sql-error.ts";
import type { Binds } from "./values.ts";
import type { Workspace } from "./workspace.ts";

/** A bind of a statement, and the parameter it feeds. */
export interface BindDescription {
  /** As written: `:Message`, `?`. */
  readonly text: string;
  /** Without prefix; the number of a `?`. */
  readonly name: string;
  /** The parameter it gives its value to, where it is an argument by itself. */
  readonly parameter?: Parameter;
  readonly procedure?: Procedure;
}

/** A statement that is described and can be executed many times. Made by session.prepare. */
export class PreparedStatement<Row = ResultColumns> {
  /** Each bind once, in the order of the text. */
  readonly parameters: readonly BindDescription[];
  /** Empty for a statement that gives no rows, and for those of callsql's own. */
  readonly columns: readonly ResultColumn[];
  readonly #run: (binds: Binds, options: ExecuteOptions) => Promise<ResultSet<Row>>;

  constructor(
    workspace: Workspace,
    source: Source,
    statement: Statement,
    run: (binds: Binds, options: ExecuteOptions) => Promise<ResultSet<Row>>,
  ) {
    this.#run = run;
    if (statement.kind !== "sql") {
      this.parameters = "binds" in statement ? describeBinds(statement.binds, []) : [];
      this.columns = [];
      return;
    }
    const sites = bindStatement(workspace, source, statement);
    this.parameters = describeBinds(statement.binds, sites);
    const { text } = rewriteStatement(workspace, source, statement, sites);
    try {
      const prepared = workspace.db.prepare(text);
      const columns = prepared.reader ? prepared.columns() : [];
      this.columns = columns.map((column) => columnOf(column, workspace.functions.names));
    } catch (error) {
      const { db: names, catalog } = workspace;
      throw fromSqliteError(error, { source, span: statement.span, names, catalog });
    }
  }

  /** As session.execute. */
  execute(binds: Binds = {}, options: ExecuteOptions = {}): Promise<ResultSet<Row>> {
    return this.#run(binds, options);
  }
}

function describeBinds(uses: readonly BindUse[], sites: readonly BoundSite[]): BindDescription[] {
  const fed = new Map<string, { parameter: Parameter; procedure: Procedure }>();
  for (const site of sites) noteFed(site, fed);
  const described = new Map<string, BindDescription>();
  for (const use of uses) {
    const name = use.key;
    if (!described.has(name)) described.set(name, { text: use.text, name, ...fed.get(use.text) });
  }
  return [...described.values()];
}

function noteFed(bound: BoundSite, fed: Map<string, { parameter: Parameter; procedure: Procedure }>): void {
  const { procedure, slots } = bound;
  const parameters = allParametersOf(procedure);
  for (const [position, slot] of slots.entries()) {
    const parameter = parameters[position];
    if (slot?.argument.bind !== undefined && parameter !== undefined && !fed.has(slot.argument.bind)) {
      fed.set(slot.argument.bind, { parameter, procedure });
    }
    for (const inner of slot?.sites ?? []) noteFed(inner, fed);
  }
}
