/** Puts the rooms together: a database, the catalogue, a connection and the runtime become a session. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import Database from "better-sqlite3";
import * as vector from "sqlite-vec";
import { checkList, checkObject, refuse } from "./diagnostics/arguments.ts";
import { fail } from "./diagnostics/diagnostic.ts";
import { createCatalog } from "./catalog/catalog.ts";
import type { ModelData } from "./catalog/models.ts";
import type { Catalog, Procedure } from "./catalog/procedure.ts";
import type { Connection } from "./catalog/request.ts";
import type { Environment } from "./connection/config-folder.ts";
import { connectionFromName, defaultConnection, type ChosenName } from "./connection/connect.ts";
import { ownConnection, type FetchConnection } from "./connection/own-connection.ts";
import { maskPatterns } from "./connection/mask.ts";
import { findModelTable } from "./connection/models-file.ts";
import { openaiModels } from "./connection/openai.ts";
import { procedures as shippedProcedures } from "./procedures/index.ts";
import { Confiner, type Confinement } from "./runtime/confine.ts";
import { CurrentRun } from "./runtime/current-run.ts";
import { Budget } from "./runtime/budget.ts";
import { Dispatcher } from "./runtime/dispatch/dispatcher.ts";
import { Estimator } from "./runtime/estimate.ts";
import { Files } from "./runtime/files.ts";
import { Ledger } from "./runtime/ledger/ledger.ts";
import { Spending } from "./runtime/ledger/spending.ts";
import { LedgerTables } from "./runtime/ledger/tables.ts";
import { Options } from "./runtime/options.ts";
import type { CallDesk } from "./runtime/call-desk.ts";
import { createRunChanges } from "./runtime/run-changes.ts";
import { registerWhenNeeded } from "./runtime/own-names.ts";
import { PrivateFunctions } from "./runtime/private-functions.ts";
import { Session } from "./runtime/session.ts";
import { StableSurroundings } from "./runtime/stable.ts";
import { createSystemTables } from "./runtime/system-tables.ts";
import { SessionDefaults, type Workspace } from "./runtime/workspace.ts";
import { errorText } from "./diagnostics/error-text.ts";

/** Of openSession. Without any: a database in memory, and the connection of the environment. */
export interface SessionOptions {
  /**
   * Path of an SQLite file, made if there is none; default ":memory:". Names that say something else (.csv, .json, .parquet,
   * .sql …) are never made: sql/no-such-file.
   */
  readonly database?: string;
  readonly readonly?: boolean;
  /**
   * The name of a connection (`openai`, `offline`, a profile: docs/guides/connections.md), or one of your own. Default:
   * what CALLSQL_CONNECTION or the profiles' default says, else openai if the environment has OPENAI_API_KEY; otherwise
   * none, and the first call fails with connect/none.
   */
  readonly connection?: string | Connection | FetchConnection;
  /** More of your own, which `SET connection` and `Connection => 'name'` find by their names. */
  readonly connections?: readonly (Connection | FetchConnection)[];
  /** Where OPENAI_* and the place of the configuration are read from; default process.env. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /**
   * File of the durable record of calls. Default: a temporary one of this process alone, which goes with the session;
   * ":memory:" writes nothing to a disk.
   */
  readonly ledger?: string;
  /** Whether SQL may use readfile() and writefile(); default false. */
  readonly files?: boolean;
  /**
   * Models and prices of your own over those callsql ships: a file, or its content. Default:
   * $XDG_CONFIG_HOME/callsql/models.json (else ~/.config/…) of `env`, if there is one. Throws connect/bad-models.
   */
  readonly models?: string | ModelData;
  /** Procedures beside the shipped ones, from defineProcedure. */
  readonly procedures?: readonly Procedure[];
  /** What the session's run is called in sys_runs; default "session". */
  readonly name?: string;
  /**
   * Use the ledger, the connections and the dispatcher of another session, which must be closed last: what limits
   * requests holds for all that share. Budgets, options, variables and runs stay each session's own. `connection`,
   * `connections` and `ledger` are then the other session's.
   */
  readonly sharing?: Session;
  /**
   * SQL comes from strangers: only statements, functions, PRAGMAs and tables known to be safe reach SQLite, within limits;
   * the rest throws serve/…. Nothing outside the database can be read or written, and nothing outlives a statement but
   * what it wrote. Statements take as long as they take: run the session in a process that can be ended.
   */
  readonly confined?: Confinement;
  /** Where calls are bought instead, such as another session's `buyCalls`; this session then sends and records nothing. */
  readonly desk?: CallDesk;
}

/** Throws DiagnosticError when the database cannot be opened or the connection does not exist, or Node is too old. */
export async function openSession(options: SessionOptions = {}): Promise<Session> {
  checkNode();
  checkSessionOptions(options);
  const db = openDatabase(options.database ?? ":memory:", options.readonly === true);
  try {
    return await assemble(db, options);
  } catch (error) {
    db.close();
    throw error;
  }
}

/** better-sqlite3 is made for this version of Node-API, and ends the process without a word where there is less. */
const nodeApiMin = 10;

function checkNode(): void {
  const { napi, node } = process.versions;
  if (Number(napi) < nodeApiMin) fail("session/old-node", { version: `v${node}` });
}

/** JavaScript gets here, too. Throws session/bad-argument. */
function checkSessionOptions(options: SessionOptions): void {
  checkObject("openSession's options", options);
  const { connections = [], procedures = [], connection, env = {}, database, ledger, models } = options;
  checkList("openSession's connections", connections);
  checkList("openSession's procedures", procedures);
  checkObject("openSession's env", env);
  for (const [name, value] of Object.entries({ database, ledger, models, connection })) {
    const mayBeObject = name === "connection" || name === "models";
    if (value === undefined || typeof value === "string") continue;
    if (mayBeObject && typeof value === "object" && value !== null) continue;
    refuse(`openSession's ${name}`, value, mayBeObject ? "a text or an object" : "a text");
  }
  for (const one of connections) checkObject("one of openSession's connections", one);
}

/** What sessions may have in common. */
interface Shared {
  readonly connections: Connections;
  readonly ledger: () => Ledger;
  close(): Promise<void>;
}

const sharedBy = new WeakMap<Session, Shared>();

function openShared(options: SessionOptions, sessionOptions: Options): Shared {
  const connections = new Connections(options, sessionOptions);
  let opened: Ledger | undefined;
  return {
    connections,
    ledger: () => (opened ??= new Ledger(options.ledger ?? "", maskPatterns)),
    close: async () => {
      await connections.close();
      opened?.close();
    },
  };
}

async function assemble(db: Database.Database, options: SessionOptions): Promise<Session> {
  // What is wrong with the caller's own is said at once.
  const catalog =
    options.procedures === undefined
      ? once(() => createCatalog(shippedProcedures))
      : catalogWith(options.procedures, db);
  const sessionOptions = new Options();
  const owned = options.sharing === undefined ? undefined : sharedBy.get(options.sharing);
  const shared = owned ?? openShared(options, sessionOptions);
  const { connections, ledger } = shared;
  // A name that is wrong is said at once, not at the first call.
  if (options.connection !== undefined) await connections.find();
  const modelTable = await findModelTable(options.models, options.env ?? process.env);
  const confiner = options.confined === undefined ? undefined : new Confiner(db, options.confined);
  const runs = new CurrentRun(ledger, {
    name: options.name ?? "session",
    ...(db.memory ? {} : { database: resolve(db.name) }),
  });
  const registerNames = registerWhenNeeded(db, () => {
    vector.load(db);
    workspace.files?.register(db);
    workspace.functions.register(workspace.catalog.procedures);
    workspace.ledgerTables.register();
    createSystemTables(workspace);
    createRunChanges(db, ledger);
  });
  const ledgerTables = once(() => new LedgerTables(db, ledger));
  const estimator = once(() => new Estimator());
  const workspace: Workspace = {
    db,
    get catalog() {
      return catalog();
    },
    functions: new PrivateFunctions(db),
    surroundings: new StableSurroundings(db),
    files: options.files === true ? new Files() : undefined,
    options: sessionOptions,
    models: { table: modelTable, listed: undefined },
    variables: new Map(),
    defaults: new SessionDefaults(),
    ledger,
    runs,
    get ledgerTables() {
      return ledgerTables();
    },
    budget: new Budget(sessionOptions, new Spending({ ledger, run: () => runs.get() })),
    get estimator() {
      return estimator();
    },
    get shippedModels() {
      return openaiModels;
    },
    findConnection: (name) => connections.find(name ?? sessionOptions.text("connection")),
    namedConnection: (name) => namedConnection(name, options, { connections, confiner }),
    chosenConnection: () => connections.chosen(sessionOptions.text("connection")),
    dispatcherFor: (connection) => connections.dispatcherFor(connection),
    confiner,
    desk: options.desk,
  };
  // What strangers may name is looked up among what there is.
  if (options.confined !== undefined) registerNames();
  const session = new Session(workspace, async () => {
    runs.end();
    if (owned === undefined) await shared.close();
    workspace.surroundings.close();
    db.close();
  });
  sharedBy.set(session, shared);
  return session;
}

/** One that a call names. A desk knows what it sells. */
async function namedConnection(
  name: string,
  { desk }: SessionOptions,
  { connections, confiner }: { connections: Connections; confiner: Confiner | undefined },
): Promise<Connection> {
  if (desk?.connectionFacts !== undefined) {
    const send = (): never => fail("internal/bug", { what: "calls are bought at the desk" });
    return { ...(await desk.connectionFacts(name)), send };
  }
  confiner?.checkConnection(name);
  return (await connections.find(name)) ?? fail("connect/none", {});
}

/** Names of files that hold something else: nobody wants a new database of such a name. */
const otherwiseNamed = /\.(?:csv|tsv|json|ndjson|jsonl|parquet|sql)$/i;

function openDatabase(file: string, readonly: boolean): Database.Database {
  if (otherwiseNamed.test(file) && !existsSync(file)) fail("sql/no-such-file", { file });
  try {
    const db = new Database(file, { readonly: readonly && file !== ":memory:" });
    // Opening is lazy: reading the header tells a database from any other file.
    db.pragma("schema_version");
    return db;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "SQLITE_NOTADB") {
      return fail("sql/not-a-database", { file });
    }
    return fail("sql/cannot-open", { file, reason: errorText(error) });
  }
}

function catalogWith(own: readonly Procedure[], db: Database.Database): () => Catalog {
  const catalog = createCatalog([...shippedProcedures, ...own], sqlFunctions(db));
  return () => catalog;
}

/** A procedure of such a name would take the function's place in every statement. */
function sqlFunctions(db: Database.Database): ReadonlySet<string> {
  const names: unknown[] = db.prepare("SELECT lower(name) FROM pragma_function_list").pluck().all();
  return new Set(names.map(String));
}

/** Made when it is first asked for: what SQL without calls does not need does not slow its start. */
function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

/** The session's connection, made when it is first needed; `SET connection` changes it. */
class Connections {
  readonly #session: SessionOptions;
  readonly #options: Options;
  readonly #env: Environment;
  readonly #made = new Map<string, Promise<Connection | undefined>>();
  /** The session's, where it is one of the program's own. */
  readonly #own: Connection | undefined;
  /** All of the program's own. */
  readonly #brought: ReadonlyMap<string, Connection>;
  readonly #dispatchers = new Map<string, Dispatcher>();

  constructor(session: SessionOptions, options: Options) {
    this.#session = session;
    this.#options = options;
    const { connection } = session;
    this.#own = typeof connection === "object" ? ownConnection(connection) : undefined;
    const brought = [
      ...(session.connections ?? []).map((one) => ownConnection(one)),
      ...(this.#own ? [this.#own] : []),
    ];
    this.#brought = new Map(brought.map((one) => [one.name, one]));
    this.#env = session.env ?? process.env;
  }

  /** `wanted` instead of what the session was opened with. */
  async find(wanted?: string): Promise<Connection | undefined> {
    const { connection } = this.#session;
    const byDefault = typeof connection === "string" ? connection : this.#own?.name;
    const name = wanted ?? byDefault;
    const brought = this.#brought.get(name ?? "");
    if (brought !== undefined) return brought;
    let made = this.#made.get(name ?? "");
    if (made === undefined) {
      made = connectionFromName(name, this.#env, { others: [...this.#brought.keys()] });
      this.#made.set(name ?? "", made);
      // What is mistaken now can be set right while the session lives.
      made.catch(() => this.#made.delete(name ?? ""));
    }
    return made;
  }

  /** What calls go to that name nothing, and who says so. */
  async chosen(set: string | undefined): Promise<ChosenName | undefined> {
    if (set !== undefined) return { name: set, source: "set" };
    const { connection } = this.#session;
    const name = typeof connection === "string" ? connection : this.#own?.name;
    if (name !== undefined) return { name, source: "session" };
    return defaultConnection(this.#env);
  }

  /** One per connection and setting, so that its limits hold across statements. */
  dispatcherFor(connection: Connection): Dispatcher {
    const concurrency = this.#options.amount("concurrency");
    const attemptsMax = this.#options.amount("max_attempts");
    const timeoutMs = this.#options.timeoutMs(connection);
    const key = [connection.name, connection.identity, concurrency, attemptsMax, timeoutMs].join("|");
    let dispatcher = this.#dispatchers.get(key);
    if (dispatcher === undefined) {
      const backoff = { baseMs: 500, capMs: 20_000, random: Math.random };
      dispatcher = new Dispatcher(connection, { concurrency, attemptsMax, timeoutMs, backoff });
      this.#dispatchers.set(key, dispatcher);
    }
    return dispatcher;
  }

  async close(): Promise<void> {
    for (const made of this.#made.values()) await (await made.catch(() => undefined))?.close?.();
  }
}
