/**
 * A dry run of a script: what calls is explained, and what writes is done, so that later statements find their tables and
 * rows. All of it happens in one transaction that is taken back at the end; nothing is sent, no file is written.
 */
import Database from "better-sqlite3";
import { fail } from "../diagnostics/diagnostic.ts";
import type { Source } from "../diagnostics/source.ts";
import type { Procedure, Row } from "../catalog/procedure.ts";
import type { SetVariableStatement, SqlStatement, Statement } from "../parser/syntax.ts";
import { asQuery, setDefault, setOption, setVariable } from "./commands.ts";
import { BudgetForecast } from "./budget-forecast.ts";
import { reuseOf } from "./run-calls.ts";
import { explain, type Explanation } from "./explain-calls.ts";
import { CallKeys } from "./memo.ts";
import { bindStatement, mayRunCalls, rewriteStatement, runSql } from "./run-sql.ts";
import type { ExecuteOptions } from "./run-input.ts";
import { resolveBinds } from "./statement-binds.ts";
import type { Binds } from "./values.ts";
import type { Workspace } from "./workspace.ts";
import { expectError } from "../diagnostics/expected.ts";

/** Around everything, and around a transaction of the script's own. */
const outer = "callsql_rehearsal";
const inner = "callsql_rehearsed";
const attempt = "callsql_attempt";

/** The SQL of a statement that may call; undefined where there is none. */
export function explainable(statement: Statement): SqlStatement | undefined {
  switch (statement.kind) {
    case "sql":
      return mayRunCalls(statement) ? statement : undefined;
    case "explain-calls":
      return statement.statement;
    case "set-variable":
      return asQuery(statement);
    default:
      return undefined;
  }
}

export class Rehearsal {
  readonly #workspace: Workspace;
  /** Rows hold made-up answers from here on. */
  #isMadeUp = false;
  #isInTransaction = false;
  /** Keys of requests that statements before this one would have sent. */
  readonly #answered = new Set<string>();
  readonly #forecast: BudgetForecast;
  /** Of the step that is being taken. */
  #options: Pick<ExecuteOptions, "signal"> = {};

  /** `end` must follow. Throws session/in-transaction: the user's own would be lost with it. */
  constructor(workspace: Workspace) {
    this.#workspace = workspace;
    this.#forecast = new BudgetForecast(workspace.options);
    if (workspace.db.inTransaction) fail("session/in-transaction", {});
    workspace.db.exec(`SAVEPOINT ${outer}`);
  }

  /** The statements of a script in turn. Throws what they would throw before anything is sent. */
  async step(
    source: Source,
    statement: Statement,
    { binds, signal }: { readonly binds: Binds; readonly signal: AbortSignal | undefined },
  ): Promise<Explanation> {
    this.#options = signal === undefined ? {} : { signal };
    const workspace = this.#workspace;
    switch (statement.kind) {
      case "sql":
        return this.#sql(source, statement, binds);
      case "set-variable":
        return this.#variable(source, statement, binds);
      case "set-option":
        setOption(workspace, source, statement);
        return nothing;
      case "reset-option":
        workspace.options.reset(statement.option?.text, { source, span: statement.span });
        return nothing;
      case "set-default":
        setDefault(workspace, source, statement, binds);
        return nothing;
      case "show":
      case "describe":
      case "explain-calls":
      case "retry-failed":
        return nothing;
    }
  }

  /** Takes everything back. */
  end(): void {
    const { db } = this.#workspace;
    if (db.inTransaction) db.exec(`ROLLBACK TO ${outer}; RELEASE ${outer}`);
  }

  async #sql(source: Source, statement: SqlStatement, binds: Binds): Promise<Explanation> {
    switch (statement.verb) {
      case "begin":
      case "commit":
      case "rollback":
        if (namesSavepoint.test(source.text.slice(statement.span.start, statement.span.end))) {
          await this.#run(source, statement, binds);
        } else this.#transaction(statement.verb);
        return nothing;
      case "select":
        return this.#explained(source, statement, binds);
      case "insert":
      case "update":
      case "delete":
      case "create-table-as": {
        const explanation = await this.#explained(source, statement, binds);
        if (explanation.sites.length > 0) this.#pretend(source, statement, binds);
        else await this.#run(source, statement, binds);
        return explanation;
      }
      case "explain":
      case "pragma":
      case "vacuum":
      case "detach":
        // Not possible in a transaction, or without effect on what is called.
        return nothing;
      default:
        await this.#run(source, statement, binds);
        return nothing;
    }
  }

  async #variable(source: Source, statement: SetVariableStatement, binds: Binds): Promise<Explanation> {
    const explanation = await this.#explained(source, asQuery(statement), binds);
    if (explanation.sites.length === 0) {
      await setVariable(this.#workspace, source, statement, { binds, options: this.#options });
    } else {
      this.#isMadeUp = true;
      this.#workspace.variables.set(statement.variable.text.toLowerCase(), "callsql: an answer");
    }
    return explanation;
  }

  async #explained(source: Source, statement: SqlStatement, binds: Binds): Promise<Explanation> {
    const explanation = await explain(this.#workspace, {
      source,
      statement,
      binds,
      options: this.#options,
      answered: reuseOf(this.#workspace).scope === "none" ? undefined : this.#answered,
    });
    const warnings = [...explanation.warnings, ...this.#forecast.add(explanation.sites)];
    if (!this.#isMadeUp) return { ...explanation, warnings };
    return { warnings, sites: explanation.sites.map((site) => ({ ...site, bound: "about" as const })) };
  }

  async #run(source: Source, statement: SqlStatement, binds: Binds): Promise<void> {
    const { files } = this.#workspace;
    files?.hold();
    const result = await runSql(this.#workspace, { source, statement, binds, options: this.#options });
    await result.close();
    files?.drop();
  }

  /** A write with made-up answers, each unlike the others. Where constraints refuse them nothing is written. */
  #pretend(source: Source, statement: SqlStatement, given: Binds): void {
    const workspace = this.#workspace;
    const { db, files, functions, surroundings, options } = workspace;
    this.#isMadeUp = true;
    const binds = resolveBinds(statement.binds, { given, workspace }, source);
    const { text } = rewriteStatement(
      this.#workspace,
      source,
      statement,
      bindStatement(this.#workspace, source, statement),
    );
    const keys = new CallKeys(options.isOn("dedup"));
    const rows = new Map<string, Row>();
    surroundings.restart();
    files?.hold();
    functions.answering = {
      hasTopLevelMiss: false,
      lookup: ({ procedure }, values) => {
        const key = keys.next(procedure, values);
        const row = rows.get(key) ?? madeUp(procedure, rows.size + 1);
        rows.set(key, row);
        return { row };
      },
    };
    db.exec(`SAVEPOINT ${attempt}`);
    try {
      const prepared = db.prepare(text);
      if (prepared.reader) prepared.all(binds);
      else prepared.run(binds);
    } catch (error) {
      expectError(error, Database.SqliteError);
      if (db.inTransaction) db.exec(`ROLLBACK TO ${attempt}`);
    } finally {
      functions.answering = undefined;
      files?.drop();
      if (db.inTransaction) db.exec(`RELEASE ${attempt}`);
    }
  }

  /** The script's own transactions are savepoints of the rehearsal's. */
  #transaction(verb: "begin" | "commit" | "rollback"): void {
    const { db } = this.#workspace;
    if (verb === "begin" && !this.#isInTransaction) db.exec(`SAVEPOINT ${inner}`);
    if (verb !== "begin" && this.#isInTransaction) {
      db.exec(verb === "rollback" ? `ROLLBACK TO ${inner}; RELEASE ${inner}` : `RELEASE ${inner}`);
    }
    this.#isInTransaction = verb === "begin";
  }
}

/** ROLLBACK TO is about a savepoint of the script's own. */
const namesSavepoint = /^rollback\b.*\bto\b/is;

const nothing: Explanation = { sites: [], warnings: [] };

/** A good answer in outline: text where text stands, nothing where an error would. */
function madeUp({ name, columns, primary }: Procedure, number: number): Row {
  return columns.map(({ type }, index) =>
    index === primary && type === "text" ? `callsql: answer ${number} of ${name}` : null,
  );
}
