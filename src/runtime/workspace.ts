/** What the statements of one session share. Plain fields: whoever runs a statement gets this and nothing else. */
import type { Database } from "better-sqlite3";
import type { Catalog, Defaults, Procedure } from "../catalog/procedure.ts";
import type { ModelTable } from "../catalog/models.ts";
import type { Connection, ConnectionModels, ListedModel } from "../catalog/request.ts";
import type { SqlValue } from "../catalog/value.ts";
import type { CallDesk } from "./call-desk.ts";
import type { Confiner } from "./confine.ts";
import type { CurrentRun } from "./current-run.ts";
import type { Dispatcher } from "./dispatch/dispatcher.ts";
import type { Budget } from "./budget.ts";
import type { Estimator } from "./estimate.ts";
import type { Files } from "./files.ts";
import type { Ledger } from "./ledger/ledger.ts";
import type { LedgerTables } from "./ledger/tables.ts";
import type { Options } from "./options.ts";
import type { PrivateFunctions } from "./private-functions.ts";
import type { StableSurroundings } from "./stable.ts";

export interface Workspace {
  readonly db: Database;
  readonly catalog: Catalog;
  readonly functions: PrivateFunctions;
  readonly surroundings: StableSurroundings;
  /** Absent where the host allows no files. */
  readonly files: Files | undefined;
  readonly options: Options;
  readonly models: Models;
  /** `SET :name = …`, by lower-case name. */
  readonly variables: Map<string, SqlValue>;
  readonly defaults: SessionDefaults;
  /** Opened when it is first needed: SQL without calls writes no record. */
  readonly ledger: () => Ledger;
  readonly runs: CurrentRun;
  readonly ledgerTables: LedgerTables;
  readonly budget: Budget;
  readonly estimator: Estimator;
  /** What calls without a model would use where there is no connection. */
  readonly shippedModels: ConnectionModels;
  /** Where calls go, the session's own place by default; undefined if there is no such place. Throws connect/… when one is named that cannot be had. */
  readonly findConnection: (name?: string) => Promise<Connection | undefined>;
  /** The connection that a call names. Throws connect/…, and serve/connection-refused where it may not be used. */
  readonly namedConnection: (name: string) => Promise<Connection>;
  /** What calls go to that name nothing, and who says so; undefined: nobody does. */
  readonly chosenConnection: () => Promise<{ readonly name: string; readonly source: string } | undefined>;
  readonly dispatcherFor: (connection: Connection) => Dispatcher;
  /** Refuses what statements of strangers must not do; undefined: the session is its user's own. */
  readonly confiner: Confiner | undefined;
  /** Where calls are bought instead; undefined: here. */
  readonly desk: CallDesk | undefined;
}

/** What is known about models. */
export interface Models {
  /** The user's own table over the shipped one; the shipped one alone when absent. */
  readonly table: ModelTable | undefined;
  /** What the connection's service lists; undefined while it was not asked. */
  listed: readonly ListedModel[] | undefined;
}

/** `SET DEFAULT P.Param = value`. */
export class SessionDefaults {
  readonly #values = new Map<Procedure, Record<string, SqlValue>>();

  /** NULL takes the default away. */
  set(procedure: Procedure, parameter: string, value: SqlValue): void {
    const { [parameter]: _, ...others } = this.#values.get(procedure) ?? {};
    this.#values.set(procedure, value === null ? others : { ...others, [parameter]: value });
  }

  of(procedure: Procedure): Defaults {
    return this.#values.get(procedure) ?? {};
  }

  /** With what the connection says where the session says nothing. */
  over(connection: Pick<Connection, "defaults"> | undefined, procedure: Procedure): Defaults {
    return { ...connection?.defaults?.[procedure.name], ...this.of(procedure) };
  }

  /** procedure, parameter, value. */
  rows(): (readonly [string, string, SqlValue])[] {
    return [...this.#values].flatMap(([procedure, values]) =>
      Object.entries(values).map(([parameter, value]) => [procedure.name, parameter, value] as const),
    );
  }
}
