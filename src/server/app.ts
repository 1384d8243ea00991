/**
 * The routes: who may ask, what is noted of it, and where it goes. Knows HTTP, leaves SQL to commands.ts; what goes wrong
 * becomes problem+json in one place.
 */
import { randomUUID } from "node:crypto";
import { setImmediate as turn } from "node:timers/promises";
import { OpenAPIHono } from "@hono/zod-openapi";
import { DiagnosticError, fail } from "../index.ts";
import type { AppOptions, Ctx, Environment, LogEntry } from "./app-options.ts";
import { execute, executeEach, explainCommand } from "./commands.ts";
import { authenticate, checkHost, checkOrigin } from "./gate.ts";
import { isPrivate, problemOf } from "./problem.ts";
import { describeProcedure, listProcedures } from "./procedure-list.ts";
import { openapiOf, registerRoutes, routeOf } from "./routes.ts";

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
