/**
 * Where the calls of a statement would go that is only looked at: its connections, none of which is asked anything. SQLite
 * does not wait while one is looked for, so what a pass asks for is found behind it, before the next.
 */
import { DiagnosticError } from "../diagnostics/diagnostic.ts";
import type { CallError } from "../catalog/procedure.ts";
import type { Connection } from "../catalog/request.ts";
import { connectionError } from "./buy.ts";
import type { Call } from "./memo.ts";
import { connectionNameOf } from "./sellers.ts";
import type { Workspace } from "./workspace.ts";
import { expectError } from "../diagnostics/expected.ts";

export interface Destination {
  /** Undefined without one, and without its key: models and prices are then the shipped ones. */
  readonly connection: Connection | undefined;
  /** Why the connection that a call names cannot be had. */
  readonly error?: CallError;
}

export class Destinations {
  readonly #workspace: Workspace;
  readonly #found = new Map<string | undefined, Destination>();
  readonly #wanted = new Set<string | undefined>([undefined]);

  readonly #byDefault: string | undefined;

  /** `byDefault`: the connection of calls that name none, instead of the session's. */
  constructor(workspace: Workspace, byDefault: string | undefined) {
    this.#workspace = workspace;
    this.#byDefault = byDefault;
  }

  /** Undefined: it was not looked for yet; the next `find` does. */
  of(call: Call): Destination | undefined {
    const name = connectionNameOf(call);
    const found = this.#found.get(name);
    if (found === undefined) this.#wanted.add(name);
    return found;
  }

  /** Whether there was anything to look for. Throws what is wrong with the session's own connection. */
  async find(): Promise<boolean> {
    const wanted = [...this.#wanted];
    this.#wanted.clear();
    for (const name of wanted) this.#found.set(name, await this.#look(name));
    return wanted.length > 0;
  }

  async #look(name: string | undefined): Promise<Destination> {
    const { findConnection, namedConnection } = this.#workspace;
    const wanted = name ?? this.#byDefault;
    try {
      return { connection: await (wanted === undefined ? findConnection() : namedConnection(wanted)) };
    } catch (error) {
      expectError(error, DiagnosticError);
      if (error.code === "connect/no-key") return { connection: undefined };
      if (name === undefined) throw error;
      return { connection: undefined, error: connectionError(error) };
    }
  }
}
