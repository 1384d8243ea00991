/**
 * Who asks: a token and what it may do, with the session its calls are bought in. What one client has asked and was
 * answered is no other client's to see.
 */
import {
  fail,
  openSession,
  procedures,
  type CallDesk,
  type CallOrder,
  type ExecuteOptions,
  type ForEach,
  type ForEachOptions,
  type JsonObject,
  type Procedure,
  type ResultSet,
  type ScriptStatement,
  type Session,
  type Source,
  type Span,
  type SqlValue,
} from "../index.ts";
import { RateLimit } from "./rate-limit.ts";
import type { Token, TokenLimits } from "./tokens.ts";

export interface Setting {
  readonly option: string;
  readonly value: string;
}

export interface ClientsOptions {
  readonly settings: readonly Setting[];
  /** Has the ledger, the connections and the dispatcher. */
  readonly main: Session;
  readonly models?: string;
  /** Whether statements may write; the database itself is the processes'. */
  readonly isWritable: boolean;
  /** The server's own connection. */
  readonly connection?: string;
}

export class Clients {
  readonly #options: ClientsOptions;
  readonly #clients = new Map<string, Promise<Client>>();

  constructor(options: ClientsOptions) {
    this.#options = options;
  }

  /** Undefined: the one user of a server without tokens. */
  of(token: Token | undefined): Promise<Client> {
    // A token of the same name that was made anew is another client.
    const key = token === undefined ? "" : `${token.name} ${token.hash}`;
    let client = this.#clients.get(key);
    if (client === undefined) {
      client = openClient(token, this.#options);
      this.#clients.set(key, client);
      client.catch(() => this.#clients.delete(key));
    }
    return client;
  }

  async close(): Promise<void> {
    for (const client of this.#clients.values()) await (await client.catch(() => undefined))?.close();
  }
}

async function openClient(token: Token | undefined, options: ClientsOptions): Promise<Client> {
  const { main, models, settings, isWritable } = options;
  const run = runNameOf(token);
  const limits = token?.limits ?? {};
  const own = options.connection;
  /** A server without tokens has one user, who may choose as the command line does. */
  const allowsConnection = (name: string): boolean =>
    name === own || (limits.connections?.includes(name) ?? token === undefined);
  const session = await openSession({
    sharing: main,
    name: run,
    confined: { allowsConnection, isWritable },
    env: {},
    ...(models === undefined ? {} : { models }),
  });
  for (const { option, value } of settings) session.setOption(option, value);
  if (limits.maxCost !== undefined) {
    session.setOption("max_cost", Math.max(0, limits.maxCost - (await spentBefore(main, run))));
  }
  return new Client(token?.name ?? "", { session, main, run, limits, allowsConnection });
}

/** What the runs of a client are called in the ledger. */
function runNameOf(token: Token | undefined): string {
  return token === undefined ? "serve" : `serve ${token.name} ${token.hash.slice(0, 8)}`;
}

async function spentBefore(main: Session, run: string): Promise<number> {
  const result = await main.execute(
    "SELECT coalesce(sum(cost_usd), 0) AS usd FROM sys_runs WHERE kind = 'session' AND name = :run",
    { run },
  );
  return Number((await result.first())?.["usd"] ?? 0);
}

interface ClientParts {
  readonly session: Session;
  readonly main: Session;
  readonly run: string;
  readonly limits: TokenLimits;
  /** Of requests and of calls that name one. */
  readonly allowsConnection: (name: string) => boolean;
}

export interface CallOptions {
  readonly connection: string | undefined;
  /** Recorded answers are not used. */
  readonly isFresh: boolean;
  readonly signal: AbortSignal;
}

type EachOptions = Pick<ForEachOptions<JsonObject>, "behavior" | "property" | "ordered" | "bind">;

/** Values that calls may refer to later; the oldest are forgotten. */
const rememberedMax = 100_000;
/** A data flow asks the same few commands again and again: those that were read, the oldest forgotten, none that is long. */
const readMax = { commands: 100, characters: 10_000 };

export class Client {
  /** Of the token; empty on a server without. */
  readonly name: string;
  readonly limits: TokenLimits;
  readonly rate: RateLimit | undefined;
  readonly #parts: ClientParts;
  /** What this client was given and may refer to, such as ids of responses. */
  readonly #given = new Set<string>();
  readonly #read = new Map<string, ScriptStatement>();

  constructor(name: string, parts: ClientParts) {
    this.name = name;
    this.limits = parts.limits;
    this.rate = parts.limits.rate === undefined ? undefined : new RateLimit(parts.limits.rate);
    this.#parts = parts;
  }

  /** The statement of a command. Throws parse/…, serve/… with the place of what is not allowed. */
  read(command: string): ScriptStatement {
    const known = this.#read.get(command);
    if (known !== undefined) return known;
    const statement = this.#parts.session.readStatement(command);
    const { source } = statement;
    for (const { text, span } of proceduresIn(statement)) this.#checkProcedure(text, { source, span });
    if (command.length <= readMax.characters) {
      this.#read.set(command, statement);
      forgetOldest(this.#read, readMax.commands);
    }
    return statement;
  }

  /** Throws serve/connection-refused. */
  checkConnection(name: string | undefined): void {
    if (name !== undefined && !this.#parts.allowsConnection(name))
      fail("serve/connection-refused", { connection: name, token: this.name });
  }

  /** A command that is nothing but a call of values; undefined for any other. */
  callAlone(
    statement: ScriptStatement,
    binds: Readonly<Record<string, SqlValue>>,
    options: CallOptions,
  ): Promise<ResultSet> | undefined {
    const onOrder = (order: CallOrder): void => this.#checkOrders([order]);
    return this.#parts.session.callAlone(statement, binds, { ...executeOptions(options), onOrder });
  }

  /** The same for each of many rows; undefined for a command with SQL of its own. */
  callEach(
    statement: ScriptStatement,
    rows: AsyncIterable<JsonObject>,
    { connection, isFresh, signal, ...options }: CallOptions & EachOptions,
  ): ForEach<JsonObject> | undefined {
    const { session } = this.#parts;
    if (!session.isCallAlone(statement)) return undefined;
    return session.executeForEach(statement.source.text, rows, {
      ...options,
      ...executeOptions({ connection, isFresh, signal }),
      onOrder: (order) => this.#checkOrders([order]),
    });
  }

  /** Where statements that run in another process have their calls bought. */
  desk(options: CallOptions): Required<CallDesk> {
    return {
      buy: async (orders, { signal = options.signal }) => {
        this.#checkOrders(orders);
        const delivery = await this.#parts.session.buyCalls(orders, executeOptions({ ...options, signal }));
        for (const [index, { procedure }] of orders.entries()) {
          const columns = procedureByName.get(procedure)?.columns ?? [];
          this.noteRow(columns, delivery.answers[index]?.row ?? []);
        }
        return delivery;
      },
      recorded: async (orders) => {
        this.#checkOrders(orders);
        const { connection } = options;
        return this.#parts.session.recordedAnswers(orders, connection === undefined ? {} : { connection });
      },
      connectionFacts: async (name) => {
        this.checkConnection(name);
        return (await this.#parts.session.connectionFacts(name)) ?? fail("connect/none", {});
      },
    };
  }

  /** Remembers what a row gives the client to refer to. */
  noteRow(columns: readonly { readonly name: string }[], row: readonly SqlValue[]): void {
    for (const [index, { name }] of columns.entries()) this.#note(name, row[index] ?? null);
  }

  /** The same of a row with its columns' names. */
  noteObject(row: Readonly<Record<string, unknown>>): void {
    for (const name of referredColumns) this.#note(name, row[name]);
  }

  /** The client's runs, the latest first. */
  async runs(limit: number): Promise<Record<string, SqlValue>[]> {
    const { main, run } = this.#parts;
    const result = await main.execute(
      `SELECT id, status, started_at, ended_at, succeeded, failed, unknown, input_tokens, output_tokens, cost_usd
       FROM sys_runs WHERE kind = 'session' AND name = :run ORDER BY id DESC LIMIT :limit`,
      { run, limit },
    );
    return result.all();
  }

  close(): Promise<void> {
    return this.#parts.session.close();
  }

  #note(column: string, value: unknown): void {
    if (typeof value !== "string" || !referredColumns.has(column)) return;
    this.#given.add(value);
    forgetOldest(this.#given, rememberedMax);
  }

  #checkOrders(orders: readonly CallOrder[]): void {
    for (const { procedure, values } of orders) {
      this.#checkProcedure(procedure, {});
      for (const { name, position, refersTo } of procedureByName.get(procedure)?.parameters ?? []) {
        const value = values[position] ?? null;
        // A server without tokens has one client.
        if (refersTo === undefined || value === null || this.name === "") continue;
        if (this.#given.has(String(value))) continue;
        fail("serve/foreign-response", { parameter: name });
      }
    }
  }

  #checkProcedure(procedure: string, place: { source?: Source; span?: Span }): void {
    const allowed = this.limits.procedures;
    if (allowed === undefined || allowed.some((name) => name.toLowerCase() === procedure.toLowerCase()))
      return;
    fail("serve/procedure-refused", { procedure, token: this.name, allowed }, place);
  }
}

function forgetOldest(known: Map<string, unknown> | Set<string>, max: number): void {
  const [oldest] = known.keys();
  if (known.size > max && oldest !== undefined) known.delete(oldest);
}

const procedureByName: ReadonlyMap<string, Procedure> = new Map(procedures.map((one) => [one.name, one]));

const referredColumns: ReadonlySet<string> = new Set(
  procedures.flatMap(({ parameters }) => parameters.flatMap(({ refersTo }) => refersTo ?? [])),
);

function executeOptions({ connection, isFresh, signal }: CallOptions): ExecuteOptions {
  return { isFresh, signal, ...(connection === undefined ? {} : { connection }) };
}

interface Site {
  readonly procedure: { readonly text: string; readonly span: Span };
  readonly arguments: readonly { readonly sites: readonly Site[] }[];
}

/** Names of the procedures a statement's text calls, with their places. */
function proceduresIn(statement: ScriptStatement): readonly Site["procedure"][] {
  if (statement.kind === "explain-calls") return namesIn(statement.statement.sites);
  return "sites" in statement ? namesIn(statement.sites) : [];
}

function namesIn(sites: readonly Site[]): readonly Site["procedure"][] {
  return sites.flatMap((site) => [
    site.procedure,
    ...site.arguments.flatMap((argument) => namesIn(argument.sites)),
  ]);
}
