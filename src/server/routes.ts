/** The routes as OpenAPI 3.1: made from the schemas that check requests, so that the description cannot be wrong. */
import type { OpenAPIHono, RouteConfig, z } from "@hono/zod-openapi";
import * as schemas from "./schemas.ts";

type Schema = z.ZodType;

const paths = [
  "/v1/execute",
  "/v1/execute-each",
  "/v1/explain",
  "/v1/procedures",
  "/v1/procedures/{name}",
  "/v1/runs",
  "/healthz",
  "/metrics",
  "/openapi.json",
] as const;

/** The route an address belongs to; addresses themselves are in no log. */
export function routeOf(path: string): string {
  if (/^\/v1\/procedures\/[^/]+$/.test(path)) return "/v1/procedures/{name}";
  return paths.find((known) => known === path) ?? "unknown";
}

const problems = {
  "4XX": {
    description: "What was asked cannot be done; code, span and hint say why.",
    content: { "application/problem+json": { schema: schemas.problem } },
  },
  "5XX": {
    description: "The service behind a call, or the server, failed.",
    content: { "application/problem+json": { schema: schemas.problem } },
  },
};

const json = (description: string, schema: Schema) => ({
  description,
  content: { "application/json": { schema } },
});

const routes: readonly RouteConfig[] = [
  {
    method: "post",
    path: "/v1/execute",
    operationId: "execute",
    summary: "Runs one statement.",
    request: {
      body: { required: true, content: { "application/json": { schema: schemas.executeRequest } } },
    },
    responses: {
      200: {
        description: "The result; with Accept: application/x-ndjson as lines, while it is made.",
        content: {
          "application/json": { schema: schemas.executeAnswer },
          "application/x-ndjson": { schema: schemas.executeLine },
        },
      },
      ...problems,
    },
  },
  {
    method: "post",
    path: "/v1/execute-each",
    operationId: "executeEach",
    summary: "Runs one statement for each row of a stream; outputs stream back while rows come.",
    description:
      "The first line of the body is an ExecuteEachHead, each line behind it one row. A call of values runs for many rows " +
      "at once, a statement with SQL of its own for one row after the other.",
    request: { body: { required: true, content: { "application/x-ndjson": { schema: schemas.eachHead } } } },
    responses: {
      200: {
        description: "The columns, what came of each row, and the end.",
        content: { "application/x-ndjson": { schema: schemas.eachLine } },
      },
      ...problems,
    },
  },
  {
    method: "post",
    path: "/v1/explain",
    operationId: "explain",
    summary: "What a statement would call and cost, without calling.",
    request: {
      body: { required: true, content: { "application/json": { schema: schemas.explainRequest } } },
    },
    responses: { 200: json("One entry a call site.", schemas.explainAnswer), ...problems },
  },
  {
    method: "get",
    path: "/v1/procedures",
    operationId: "listProcedures",
    summary: "The procedures the token may call.",
    responses: { 200: json("Names and signatures.", schemas.proceduresAnswer), ...problems },
  },
  {
    method: "get",
    path: "/v1/procedures/{name}",
    operationId: "describeProcedure",
    summary: "One procedure, with its parameters and columns.",
    request: { params: schemas.procedureName },
    responses: { 200: json("The procedure.", schemas.procedureAnswer), ...problems },
  },
  {
    method: "get",
    path: "/v1/runs",
    operationId: "listRuns",
    summary: "The token's runs, the latest first: one each time the server was started.",
    responses: { 200: json("At most 100.", schemas.runsAnswer), ...problems },
  },
  {
    method: "get",
    path: "/healthz",
    operationId: "health",
    summary: "Whether the server takes requests. Needs no token.",
    security: [],
    responses: {
      200: json("It does.", schemas.healthAnswer),
      503: json("It is shutting down.", schemas.healthAnswer),
    },
  },
  {
    method: "get",
    path: "/metrics",
    operationId: "metrics",
    summary: "Counters in Prometheus' text format.",
    responses: {
      200: { description: "Counters.", content: { "text/plain": { schema: schemas.text } } },
      ...problems,
    },
  },
];

export function openapiOf(app: Pick<OpenAPIHono, "getOpenAPI31Document">, version: string): object {
  return app.getOpenAPI31Document({
    openapi: "3.1.0",
    info: {
      title: "callsql",
      version,
      description: "SQL that can call AI models, over HTTP: the Execute Command of a data flow.",
      license: { name: "MIT" },
    },
    security: [{ token: [] }],
  });
}

export function registerRoutes(app: Pick<OpenAPIHono, "openAPIRegistry">): void {
  const { openAPIRegistry: registry } = app;
  registry.registerComponent("securitySchemes", "token", { type: "http", scheme: "bearer" });
  registry.register("ParameterValue", schemas.parameterValue);
  for (const route of routes) registry.registerPath(route);
}
