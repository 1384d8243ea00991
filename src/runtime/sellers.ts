/**
 * Who answers the calls of a statement: the session's connection, and those that calls name (`Connection => 'azure'`).
 * Each is looked for when the first call wants it. What is spent and recorded is the session's, whoever answers.
 */
import { fail } from "../diagnostics/diagnostic.ts";
import type { Defaults, Procedure } from "../catalog/procedure.ts";
import { pseudoValue } from "../catalog/pseudo-parameters.ts";
import type { Connection, ConnectionModels } from "../catalog/request.ts";
import type { Dispatcher } from "./dispatch/dispatcher.ts";
import type { Call } from "./memo.ts";
import type { Workspace } from "./workspace.ts";

/** One connection, with what the session knows of it. */
export interface Seller {
  readonly connection: Connection;
  readonly dispatcher: Dispatcher;
  readonly models: ConnectionModels;
  readonly defaultsOf: (procedure: Procedure) => Defaults;
}

/** The name a call gives; undefined: the session's connection. */
export function connectionNameOf({ procedure, values }: Pick<Call, "procedure" | "values">) {
  return pseudoValue(procedure, values, "Connection");
}

/** What a call's values are completed with. */
export type Terms = Pick<Seller, "models" | "defaultsOf">;

/** Of a connection, or of none. */
export function termsOf(
  { options, defaults, shippedModels }: Workspace,
  connection: Connection | undefined,
): Terms {
  return {
    models: options.models(connection?.models ?? shippedModels),
    defaultsOf: (procedure) => defaults.over(connection, procedure),
  };
}

export class Sellers {
  readonly #workspace: Workspace;
  readonly #byDefault: string | undefined;
  readonly #found = new Map<string | undefined, Seller>();
  /** One look for each name, however many calls give it. */
  readonly #looks = new Map<string | undefined, Promise<Seller>>();

  /** `byDefault`: the connection of calls that name none, instead of the session's. */
  constructor(workspace: Workspace, byDefault: string | undefined) {
    this.#workspace = workspace;
    this.#byDefault = byDefault;
  }

  /** Throws connect/…; of a name that a call gives serve/connection-refused, too. */
  find(name: string | undefined): Promise<Seller> {
    const look = this.#looks.get(name) ?? this.#look(name);
    this.#looks.set(name, look);
    return look;
  }

  /** One that was found. */
  known(name: string | undefined): Seller | undefined {
    return this.#found.get(name);
  }

  /** What calls go by that nobody answers. */
  get nobody(): Terms {
    return termsOf(this.#workspace, undefined);
  }

  /** HTTP requests, of all. */
  get inFlight(): number {
    return this.#sum(({ inFlight }) => inFlight);
  }

  /** Attempts beyond the first, of all. */
  get retries(): number {
    return this.#sum(({ retries }) => retries);
  }

  #sum(amount: (dispatcher: Dispatcher) => number): number {
    // A connection that a call names may be the session's own.
    const dispatchers = new Set([...this.#found.values()].map(({ dispatcher }) => dispatcher));
    return [...dispatchers].reduce((sum, dispatcher) => sum + amount(dispatcher), 0);
  }

  async #look(name: string | undefined): Promise<Seller> {
    const connection = await this.#connect(name);
    const dispatcher = this.#workspace.dispatcherFor(connection);
    const seller = { connection, dispatcher, ...termsOf(this.#workspace, connection) };
    this.#found.set(name, seller);
    return seller;
  }

  async #connect(name: string | undefined): Promise<Connection> {
    if (name !== undefined) return this.#workspace.namedConnection(name);
    return (await this.#workspace.findConnection(this.#byDefault)) ?? fail("connect/none", {});
  }
}
