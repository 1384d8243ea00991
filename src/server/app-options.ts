/** What the routes work with, and what a request carries on its way through them. */
import type { HttpBindings } from "@hono/node-server";
import type { Context } from "hono";
import type { BodyLimits } from "./body.ts";
import type { Client, Clients } from "./clients.ts";
import type { Deadlines } from "./deadline.ts";
import type { GateOptions } from "./gate.ts";
import type { Metrics } from "./metrics.ts";
import type { StatementPool } from "./pool.ts";

export interface AppOptions {
  readonly gate: GateOptions;
  readonly clients: Clients;
  readonly pool: StatementPool;
  readonly metrics: Metrics;
  readonly limits: Limits;
  readonly deadlines: Deadlines;
  /** The server takes no further requests. */
  readonly isDraining: () => boolean;
  readonly log: (entry: LogEntry) => void;
  readonly version: string;
}

export interface Limits extends BodyLimits {
  /** Rows of a result at most. */
  readonly rowsMax: number;
  /** Characters of a JSON answer; a longer one is cut. Streams have no such limit. */
  readonly answerMax: number;
  /** Milliseconds a request may take. */
  readonly requestMs: number;
  readonly requestsMax: number;
}

/** One request in the log. No command, no value, no address beyond the route. */
export interface LogEntry {
  readonly time: string;
  readonly id: string;
  readonly method: string;
  readonly route: string;
  status: number;
  ms: number;
  token?: string;
  code?: string;
  rows?: number;
  calls?: number;
  costUsd?: number;
  /** Of what the client is not told. */
  bug?: string;
}

export interface Environment {
  readonly Bindings: Partial<HttpBindings>;
  readonly Variables: { entry: LogEntry; client: Client };
}

export type Ctx = Context<Environment>;
