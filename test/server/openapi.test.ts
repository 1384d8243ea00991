/** The published description: complete in itself, and true of what is really answered. */
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startOpenAIServer, type OpenAIServer } from "../support/openai-server.ts";
import { ask, linesOf, startServing, type Serving } from "./support/serving.ts";

interface Operation {
  readonly operationId?: string;
  readonly summary?: string;
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: { readonly content: Record<string, { readonly schema: object }> };
  readonly responses: Record<string, { readonly description?: string; readonly content?: object }>;
}

interface Description {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { readonly schemas: Record<string, object>; readonly securitySchemes: object };
}

let api: OpenAIServer;
let serving: Serving;
let token: string;
let description: Description;
let ajv: Ajv2020;
beforeAll(async () => {
  api = await startOpenAIServer();
  serving = await startServing(api.url);
  token = serving.token("first");
  description = JSON.parse((await ask(serving, "/openapi.json")).text) as Description;
  ajv = new Ajv2020({ strict: false, allErrors: true });
  ajv.addSchema({ $id: "https://callsql.test/api", ...description });
});
afterAll(async () => {
  await serving.close();
  await api.close();
});

const schemaOf = (name: string): ValidateFunction =>
  ajv.compile({ $ref: `https://callsql.test/api#/components/schemas/${name}` });

function mistakes(name: string, value: unknown): unknown {
  const validate = schemaOf(name);
  return validate(value) ? [] : validate.errors;
}

describe("the description", () => {
  test("is OpenAPI 3.1 with every route, each named, described and answered", () => {
    expect(description.openapi).toBe("3.1.0");
    const operations = Object.entries(description.paths).flatMap(([path, item]) =>
      Object.entries(item).map(([method, operation]) => ({ path, method, ...operation })),
    );
    expect(operations.map(({ method, path }) => `${method} ${path}`)).toEqual([
      "post /v1/execute",
      "post /v1/execute-each",
      "post /v1/explain",
      "get /v1/procedures",
      "get /v1/procedures/{name}",
      "get /v1/runs",
      "get /healthz",
      "get /metrics",
    ]);
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
    for (const { path, summary, parameters = [], responses } of operations) {
      expect(summary).toBeTypeOf("string");
      expect(parameters.filter((one) => one.in === "path").map(({ name }) => `{${name}}`)).toEqual(
        path.match(/\{\w+\}/g) ?? [],
      );
      expect(Object.keys(responses)).toContain("200");
      for (const response of Object.values(responses)) expect(response.description).toBeTypeOf("string");
    }
  });

  test("refers to nothing that it does not hold, and every schema is one", () => {
    const references = [...JSON.stringify(description).matchAll(/"\$ref":"([^"]+)"/g)].map(
      (match) => match[1] ?? "",
    );
    const names = Object.keys(description.components.schemas).map((name) => `#/components/schemas/${name}`);
    expect(references.filter((reference) => !names.includes(reference))).toEqual([]);
    for (const name of Object.keys(description.components.schemas))
      expect(() => schemaOf(name)).not.toThrow();
    expect(description.components.securitySchemes).toEqual({ token: { type: "http", scheme: "bearer" } });
  });
});

describe("what is answered is what is described", () => {
  const calling = {
    command: "CALL GenerateResponse(:m)",
    parameters: { m: { type: "text", value: "hello" } },
  };

  test("requests that are taken fit their schema, others do not", () => {
    expect(
      mistakes("ExecuteRequest", { ...calling, format: "arrays", pageSize: 10, schemaOnly: false }),
    ).toEqual([]);
    expect(mistakes("ExecuteRequest", { command: "" })).not.toEqual([]);
    expect(mistakes("ExecuteRequest", { command: "SELECT 1", typo: 1 })).not.toEqual([]);
    expect(mistakes("ExecuteEachHead", { command: "SELECT 1", behavior: "Array", property: "p" })).toEqual(
      [],
    );
  });

  test.each([
    ["ExecuteAnswer", "/v1/execute", { ...calling, format: "arrays" }],
    ["ExecuteAnswer", "/v1/execute", { command: "SELECT id, GenerateResponse(body) AS r FROM t" }],
    ["ExecuteAnswer", "/v1/execute", { ...calling, schemaOnly: true }],
    ["ExplainAnswer", "/v1/explain", calling],
    ["Problem", "/v1/execute", { command: "SELECT GenerateResponse(), ModerateText()" }],
    ["Problem", "/v1/execute", {}],
    ["Procedures", "/v1/procedures", undefined],
    ["Procedure", "/v1/procedures/GenerateImage", undefined],
    ["Runs", "/v1/runs", undefined],
    ["Health", "/healthz", undefined],
  ])("%s of %s %j", async (name, path, body) => {
    const answer = await ask(serving, path, { token, body });
    expect(mistakes(name, answer.body)).toEqual([]);
  });

  test("lines", async () => {
    const headers = { accept: "application/x-ndjson" };
    const rows = await ask(serving, "/v1/execute", { token, body: calling, headers });
    for (const line of linesOf(rows.text)) expect(mistakes("ExecuteLine", line)).toEqual([]);
    const each = await ask(serving, "/v1/execute-each", {
      token,
      body: `{"command": "CALL GenerateResponse(:m)"}\n{"m": "x"}\n{"n": 1}\n`,
      headers: { "content-type": "application/x-ndjson" },
    });
    const lines = linesOf(each.text);
    expect(lines).toHaveLength(4);
    for (const line of lines) expect(mistakes("ExecuteEachLine", line)).toEqual([]);
  });
});
