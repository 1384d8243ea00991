/**
 * Looks at what stands behind a connection without paying for it: the list of models, then to each endpoint a request
 * with an empty body. A server that has the endpoint refuses it before a model runs; one that lacks it says so too.
 */
import { checkText } from "../diagnostics/arguments.ts";
import { isEndpointMissing } from "../catalog/missing-endpoint.ts";
import {
  endpoints,
  type ApiFailure,
  type Connection,
  type Endpoint,
  type SendOutcome,
} from "../catalog/request.ts";
import { fail } from "../diagnostics/diagnostic.ts";
import { checkTexts } from "../diagnostics/messages/connect.ts";
import { connectionFromName } from "./connect.ts";
import type { ConnectionPlace } from "./profiles/profile-book.ts";

/** What a server said to an empty request. */
export interface EndpointCheck {
  readonly endpoint: Endpoint;
  readonly state: "answers" | "missing" | "unclear";
  /** What the server said. */
  readonly detail: string;
  readonly latencyMs: number;
}

/** What stands behind a connection: see checkConnection. */
export interface ConnectionCheck {
  readonly name: string;
  /** Base URL, organisation and project. */
  readonly identity: string;
  /** Ids, sorted; undefined where the server does not list them. */
  readonly models: readonly string[] | undefined;
  /** What it said instead. */
  readonly modelsProblem: string | undefined;
  /** Of the list of models, which nothing has to be computed for. */
  readonly latencyMs: number;
  readonly endpoints: readonly EndpointCheck[];
}

/** How checkConnection asks. */
export interface CheckOptions extends ConnectionPlace {
  readonly signal?: AbortSignal;
  /** Of each request. Default 30,000. */
  readonly timeoutMs?: number;
}

/** Throws connect/none, connect/unreachable, connect/refused, connect/redirect and what finding the connection throws. */
export async function checkConnection(
  name: string | undefined,
  options: CheckOptions = {},
): Promise<ConnectionCheck> {
  if (name !== undefined) checkText("checkConnection's name", name);
  const env = options.env ?? process.env;
  const connection =
    (await connectionFromName(name, env, { folder: options.folder })) ?? fail("connect/none", {});
  const signal = options.signal ?? new AbortController().signal;
  const asking = { signal, timeoutMs: options.timeoutMs ?? connection.timeoutMs ?? 30_000 };
  try {
    const started = performance.now();
    const listing = await connection.listModels?.(asking);
    const latencyMs = Math.round(performance.now() - started);
    if (listing?.ok === false) throwIfFatal(listing.failure);
    const checks: EndpointCheck[] = [];
    // One after the other: a small server is not to be overrun by a test.
    for (const endpoint of endpoints) checks.push(await checkEndpoint(connection, endpoint, asking));
    return {
      name: connection.name,
      identity: connection.identity,
      models: listing?.ok === true ? listing.models.map(({ id }) => id).toSorted() : undefined,
      modelsProblem: listing?.ok === false ? listing.failure.message : undefined,
      latencyMs,
      endpoints: checks,
    };
  } finally {
    await connection.close?.();
  }
}

async function checkEndpoint(
  connection: Connection,
  endpoint: Endpoint,
  asking: { signal: AbortSignal; timeoutMs: number },
): Promise<EndpointCheck> {
  const started = performance.now();
  const outcome = await connection.send({ endpoint, body: {} }, asking);
  if (!outcome.ok) throwIfFatal(outcome.failure);
  return { endpoint, ...stateOf(outcome), latencyMs: Math.round(performance.now() - started) };
}

function stateOf(outcome: SendOutcome): Pick<EndpointCheck, "state" | "detail"> {
  if (outcome.ok) return { state: "answers", detail: checkTexts.answered() };
  const { failure } = outcome;
  if (failure.kind === "unavailable" || isEndpointMissing(failure))
    return { state: "missing", detail: failure.message };
  const isRefusal = failure.kind === "http" && (failure.status ?? 500) < 500 && failure.status !== 429;
  return isRefusal
    ? { state: "answers", detail: checkTexts.refusedEmpty() }
    : { state: "unclear", detail: failure.message };
}

/** What no other endpoint would answer otherwise. */
function throwIfFatal(failure: ApiFailure): void {
  const { kind, status, message, hint } = failure;
  if (kind === "cancelled") fail("call/cancelled", {});
  if (kind === "network" || kind === "timeout") fail("connect/unreachable", { message, attempts: 1 });
  if (kind === "redirect") fail("connect/redirect", { message });
  if (kind === "proxy") fail("connect/proxy-refused", { message, hint });
  const isUnasked = kind === "credentials";
  if (isUnasked || status === 401) fail("connect/refused", { message, isUnasked });
}
