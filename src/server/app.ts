/**
 * The routes: from a request to an answer. Knows HTTP, leaves SQL to statements.ts; what goes wrong becomes
 * problem+json in one place.
 */
import { randomUUID } from "node:crypto";
import { setImmediate as turn } from "node:timers/promises";
import type { HttpBindings } from "@hono/node-server";
import { OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { DiagnosticError, fail, procedures, signatureOf, type JsonObject } from "../index.ts";
import { writeAnswer, writeExplanation, writeLines, type Note } from "./answers.ts";
import { inTime, readJsonBody, readLines, type Body, type BodyLimits } from "./body.ts";
import type { Client, Clients } from "./clients.ts";
import type { Deadline, Deadlines } from "./deadline.ts";
import { authenticate, checkHost, checkOrigin, type GateOptions } from "./gate.ts";
import type { Metrics } from "./metrics.ts";
import type { StatementPool } from "./pool.ts";
import type { Task } from "./protocol.ts";
import { isPrivate, problemOf } from "./problem.ts";
import { openapiOf, registerRoutes, routeOf } from "./routes.ts";
import { eachHead, executeRequest, explainRequest } from "./schemas.ts";
import { answer, answerEach, type Command } from "./statements.ts";
import { bindsOf, usdOf } from "./values.ts";

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

type Ctx = Context<Environment>;

/** Routes that need no token. */
const openRoutes: ReadonlySet<string> = new Set(["/healthz", "/openapi.json"]);

export function createApp(options: AppOptions): OpenAPIHono<Environment> {
  const { gate, clients, metrics, limits, log } = options;
  const app = new OpenAPIHono<Environment>();
  registerRoutes(app);
  let inFlight = 0;

  app.use("*", async (c, next) => {
    const startedAt = performance.now();
    const route = routeOf(c.req.path);
    const entry: LogEntry = {
      time: new Date().toISOString(),
      id: randomUUID(),
      method: c.req.method,
      route,
      status: 0,
      ms: 0,
    };
    c.set("entry", entry);
    inFlight++;
    const done = (): void => {
      inFlight--;
      entry.ms = Math.round(performance.now() - startedAt);
      metrics.request(route, entry.status, entry.ms / 1000);
      log(entry);
    };
    await next();
    entry.status = c.res.status;
    finishWith(c, done);
    secure(c);
  });

  app.use("*", async (c, next) => {
    checkHost(c.req.header("host"), gate);
    const origin = c.req.header("origin");
    checkOrigin({ origin, site: c.req.header("sec-fetch-site") }, gate);
    if (origin !== undefined) {
      c.header("Access-Control-Allow-Origin", origin);
      c.header("Vary", "Origin");
    }
    if (c.req.method === "OPTIONS" && origin !== undefined) return preflight(c);
    if (openRoutes.has(c.req.path)) return next();
    if (options.isDraining()) fail("serve/shutting-down", {});
    const token = authenticate(authorizationsOf(c), gate);
    const client = await clients.of(token);
    c.set("client", client);
    if (client.name !== "") c.get("entry").token = client.name;
    if (c.req.method === "POST" && (await hasLeft(c.req.raw.signal))) fail("call/cancelled", {});
    if (inFlight > limits.requestsMax) fail("serve/busy", {});
    const waitMs = client.rate?.take() ?? 0;
    if (waitMs > 0) {
      const seconds = Number.isFinite(waitMs) ? Math.ceil(waitMs / 1000) : 86_400;
      c.header("Retry-After", String(seconds));
      fail("serve/too-many-requests", { perMinute: client.rate?.perMinute ?? 0 });
    }
    return next();
  });

  const route = (
    method: "get" | "post",
    path: string,
    handle: (c: Ctx) => Promise<Response> | Response,
  ): void => {
    app[method](path, (c) => handle(c));
    app.all(path, (c) => {
      c.header("Allow", method.toUpperCase());
      return fail("serve/wrong-method", { allowed: [method.toUpperCase()] });
    });
  };

  route("get", "/healthz", (c) => {
    const isDraining = options.isDraining();
    const status = isDraining ? "shutting down" : "ok";
    return c.json({ status, version: options.version }, isDraining ? 503 : 200);
  });
  route("get", "/openapi.json", (c) => c.json(openapiOf(app, options.version)));
  route("get", "/metrics", (c) => {
    return c.body(metrics.text(inFlight, options.pool.counts), 200, {
      "Content-Type": "text/plain; version=0.0.4; charset=utf-8",
    });
  });
  route("get", "/v1/procedures", (c) => c.json(listProcedures(c.get("client"))));
  route("get", "/v1/procedures/:name", (c) =>
    c.json(describeProcedure(c.req.param("name") ?? "", c.get("client"))),
  );
  route("get", "/v1/runs", async (c) => c.json({ runs: await c.get("client").runs(100) }));
  route("post", "/v1/execute", (c) => execute(c, options));
  route("post", "/v1/execute-each", (c) => executeEach(c, options));
  route("post", "/v1/explain", (c) => explainCommand(c, options));

  app.notFound(() => fail("serve/not-found", {}));
  app.onError((error, c) => {
    const problem = problemOf(error);
    const entry = c.get("entry");
    entry.code = problem.code;
    if (isPrivate(error)) {
      entry.bug = error instanceof DiagnosticError ? error.message : (error.stack ?? String(error));
    }
    if (problem.status === 503 && c.res.headers.get("Retry-After") === null) c.header("Retry-After", "1");
    // 499 is the client's leaving, which nobody reads.
    return c.body(JSON.stringify(problem), readStatus(problem.status), {
      "Content-Type": "application/problem+json",
      ...(problem.status === 401 ? { "WWW-Authenticate": "Bearer" } : {}),
    });
  });
  return app;
}

/**
 * A client may have left while it waited to be accepted, one connection a turn of the event loop: its request is read
 * before its leaving is, two turns later. Under load that is most of those who leave, and nobody should work for them.
 */
async function hasLeft(signal: AbortSignal): Promise<boolean> {
  await turn();
  await turn();
  return signal.aborted;
}

function readStatus(status: number): 400 {
  return status as 400;
}

/** On every answer, errors included. */
function secure(c: Ctx): void {
  c.res.headers.set("X-Content-Type-Options", "nosniff");
  c.res.headers.set("Cache-Control", "no-store");
  c.res.headers.set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
  c.res.headers.set("X-Request-Id", c.get("entry").id);
}

/** When the body has been sent, or its reader has gone. */
function finishWith(c: Ctx, done: () => void): void {
  const { outgoing } = c.env ?? {};
  if (outgoing === undefined) done();
  else if (outgoing.closed) done();
  else outgoing.once("close", done);
}

function preflight(c: Ctx): Response {
  return c.body(null, 204, {
    "Access-Control-Allow-Methods": "GET, POST",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Accept",
    "Access-Control-Max-Age": "600",
  });
}

/** All of them: Node's own headers object keeps the first alone. */
function authorizationsOf(c: Ctx): readonly string[] {
  const raw = c.env?.incoming?.rawHeaders;
  if (raw === undefined) return [c.req.header("authorization") ?? ""];
  return raw.filter((_, index) => index % 2 === 1 && raw[index - 1]?.toLowerCase() === "authorization");
}

/** Throws serve/wrong-type, serve/bad-body and what reading the body throws. */
async function readRequest<T>(c: Ctx, schema: z.ZodType<T>, limits: BodyLimits): Promise<T> {
  checkType(c, "application/json");
  return parseRequest(await readJsonBody(bodyOf(c), limits), schema, "the body");
}

function bodyOf(c: Ctx): Body {
  return { length: Number(c.req.header("content-length") ?? 0), chunks: chunksOf(c) };
}

/** Throws call/cancelled when the client leaves while it sends. What is not read is for linger.ts. */
async function* chunksOf(c: Ctx): AsyncGenerator<Uint8Array> {
  const incoming = c.env?.incoming;
  try {
    if (incoming === undefined) yield* c.req.raw.body ?? [];
    else yield* incoming.iterator({ destroyOnReturn: false });
  } catch (error) {
    if (error instanceof DiagnosticError) throw error;
    fail("call/cancelled", {});
  }
}

function checkType(c: Ctx, expected: string): void {
  const type = c.req.header("content-type")?.split(";")[0]?.trim().toLowerCase();
  if (type !== expected) fail("serve/wrong-type", { expected });
}

function parseRequest<T>(body: JsonObject, schema: z.ZodType<T>, where: string): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  // A name that is not known explains the one that is missing.
  const { issues } = parsed.error;
  const issue = issues.find((one) => one.code === "unrecognized_keys") ?? issues[0];
  const path = issue?.path.join(".") ?? "";
  const problem = issue?.message.charAt(0).toLowerCase().concat(issue.message.slice(1)) ?? "";
  return fail("serve/bad-body", {
    where: path === "" ? where : `"${path}"`,
    problem: `is not right: ${problem}`,
  });
}

type Executed = z.infer<typeof executeRequest>;

async function execute(c: Ctx, options: AppOptions): Promise<Response> {
  const request = await readRequest(c, executeRequest, options.limits);
  const task = taskOf(c, request, options);
  const deadline = deadlineOf(c, request.timeoutMs, options);
  const command: Command = {
    client: c.get("client"),
    task,
    connection: request.connection,
    isFresh: request.cache !== "run",
    signal: deadline.signal,
  };
  const format = request.format ?? "objects";
  const note = noteOf(c, options);
  if (c.req.header("accept")?.includes("application/x-ndjson") === true) {
    const lines = await writeLines(answer(options.pool, command), { format, deadline, note });
    return new Response(lines, { headers: { "Content-Type": "application/x-ndjson" } });
  }
  using _ = deadline;
  const { answerMax } = options.limits;
  const text = await deadline.race(
    writeAnswer(answer(options.pool, command), { format, lengthMax: answerMax, note }),
  );
  return c.body(text, 200, { "Content-Type": "application/json" });
}

function taskOf(c: Ctx, request: Executed, { limits }: AppOptions): Task {
  const { maxRows } = c.get("client").limits;
  return {
    verb: request.schemaOnly === true ? "describe" : "execute",
    command: request.command,
    binds: bindsOf(request.parameters),
    rowsMax: Math.min(request.pageSize ?? Infinity, limits.rowsMax, maxRows ?? Infinity),
  };
}

/** Rows may keep coming as long as each comes in time; answers begin as soon as the command is known to be right. */
async function executeEach(c: Ctx, options: AppOptions): Promise<Response> {
  checkType(c, "application/x-ndjson");
  const lines = readLines(bodyOf(c), options.limits);
  try {
    return await answerEachLine(c, lines, options);
  } catch (error) {
    lines.return(undefined).catch(() => undefined);
    throw error;
  }
}

async function answerEachLine(
  c: Ctx,
  lines: AsyncGenerator<JsonObject>,
  options: AppOptions,
): Promise<Response> {
  const { limits, deadlines, pool } = options;
  const first = await inTime(lines.next(), limits.arrivalMs);
  const where = "line 1";
  if (first.done === true)
    fail("serve/bad-body", { where, problem: "is missing: it says what is to be executed" });
  const head = parseRequest(first.value, eachHead, where);
  const binds = bindsOf(head.parameters);
  const deadline = deadlines.begin(head.timeoutMs, c.req.raw.signal);
  const { signal } = deadline;
  const parts = answerEach(pool, {
    client: c.get("client"),
    command: head.command,
    binds,
    each: {
      behavior: head.behavior ?? "FirstOrDefault",
      ...(head.property === undefined ? {} : { property: head.property }),
    },
    isOrdered: head.ordered ?? true,
    rows: steadyRows(lines, limits.requestMs),
    connection: head.connection,
    isFresh: head.cache === "off",
    signal,
  });
  const body = await writeLines(parts, { format: "objects", deadline, note: noteOf(c, options) });
  return new Response(body, { headers: { "Content-Type": "application/x-ndjson" } });
}

/** Throws serve/body-too-slow. */
async function* steadyRows(lines: AsyncGenerator<JsonObject>, idleMs: number): AsyncGenerator<JsonObject> {
  try {
    for (;;) {
      const step = await inTime(lines.next(), idleMs);
      if (step.done === true) return;
      yield step.value;
    }
  } finally {
    // A line that is being waited for ends with the request.
    lines.return(undefined).catch(() => undefined);
  }
}

async function explainCommand(c: Ctx, options: AppOptions): Promise<Response> {
  const request = await readRequest(c, explainRequest, options.limits);
  using deadline = deadlineOf(c, request.timeoutMs, options);
  const client = c.get("client");
  const binds = bindsOf(request.parameters);
  const { connection } = request;
  const isFresh = request.cache !== "run";
  const explain = { isFresh, ...(connection === undefined ? {} : { connection }) };
  const task: Task = { verb: "explain", command: request.command, binds, explain, rowsMax: 0 };
  const command = { client, task, connection, isFresh, signal: deadline.signal };
  const text = await deadline.race(writeExplanation(answer(options.pool, command)));
  return c.body(text, 200, { "Content-Type": "application/json" });
}

function deadlineOf(c: Ctx, timeoutMs: number | undefined, { limits, deadlines }: AppOptions): Deadline {
  const ms = Math.min(timeoutMs ?? Infinity, limits.requestMs);
  return deadlines.begin(ms, c.req.raw.signal);
}

/** For the log and the counters. */
function noteOf(c: Ctx, { metrics }: AppOptions): Note {
  const entry = c.get("entry");
  return ({ rows, counts, code }) => {
    entry.rows = rows;
    if (code !== undefined) entry.code = code;
    if (counts !== undefined) {
      entry.calls = counts.made + counts.cached;
      entry.costUsd = usdOf(counts.costUsd);
    }
    metrics.statement(counts, rows);
  };
}

function listProcedures(client: Client): object {
  return {
    procedures: visible(client).map((procedure) => ({
      name: procedure.name,
      signature: signatureOf(procedure),
      summary: procedure.summary,
    })),
  };
}

function visible({ limits }: Client): typeof procedures {
  const allowed = limits.procedures?.map((name) => name.toLowerCase());
  return procedures.filter(({ name }) => allowed?.includes(name.toLowerCase()) ?? true);
}

function describeProcedure(name: string, client: Client): object {
  const found = visible(client).find((procedure) => procedure.name.toLowerCase() === name.toLowerCase());
  if (found === undefined) return fail("bind/unknown-procedure", { procedure: name });
  return {
    name: found.name,
    summary: found.summary,
    signature: signatureOf(found),
    source: found.source,
    primary: found.columns[found.primary]?.name,
    examples: found.examples,
    parameters: found.parameters.map(
      ({ name: parameter, type, summary, required, default: preset, values, min, max }) => ({
        name: parameter,
        type,
        summary,
        isRequired: required === true,
        default: preset,
        values,
        min,
        max,
      }),
    ),
    columns: found.columns.map(({ name: column, type, summary }) => ({ name: column, type, summary })),
  };
}
