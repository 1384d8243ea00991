/** Servers that speak the protocol more or less: their addresses, what they lack, and how they say it. */
import { mkdtemp } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text as readText } from "node:stream/consumers";
import { beforeEach, describe, expect, test } from "vitest";
import { checkConnection } from "../../src/connection/check.ts";
import { addConnection, describeConnection } from "../../src/connection/profiles/manage.ts";
import type { ProfileDraft } from "../../src/connection/profiles/profile.ts";
import { openSession } from "../../src/open-session.ts";

interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: Record<string, unknown>;
}

/** A server in a few lines: what it says to what it is asked. A text is no JSON. */
type Says = (asked: Asked) => readonly [status: number, body: object | string];

async function startServer(says: Says) {
  const asked: Asked[] = [];
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await readBody(request);
    const one = { method: request.method ?? "", url: request.url ?? "", headers: request.headers, body };
    asked.push(one);
    const [status, said] = says(one);
    const isText = typeof said === "string";
    response.writeHead(status, { "content-type": isText ? "text/plain" : "application/json" });
    response.end(isText ? said : JSON.stringify(said));
  };
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  };
  return {
    origin: `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`,
    asked,
    [Symbol.asyncDispose]: close,
  };
}

/** Nothing of a form, and nothing where there is none. */
async function readBody(request: IncomingMessage): Promise<Record<string, unknown>> {
  const text = await readText(request);
  return text.startsWith("{") ? (JSON.parse(text) as Record<string, unknown>) : {};
}

const moderation = {
  id: "m",
  model: "m",
  results: [{ flagged: false, categories: {}, category_scores: {} }],
};

let env: Record<string, string>;
beforeEach(async () => {
  env = { HOME: await mkdtemp(join(tmpdir(), "callsql-compatible-")), CALLSQL_KEYCHAIN: "off" };
});

const place = () => ({ env, folder: env["HOME"] ?? "" });

async function openWith(draft: ProfileDraft) {
  await addConnection("w", draft, { ...place(), secret: "key-12345678", isReplacing: true });
  const session = await openSession({ env, connection: "w" });
  await session.execute("SET max_attempts = 1");
  return session;
}

describe("a base URL", () => {
  test.each([
    ["", "/v1/moderations"],
    ["/", "/v1/moderations"],
    ["/v1", "/v1/moderations"],
    ["/v1/", "/v1/moderations"],
    ["/v1//", "/v1/moderations"],
    ["/api/openai", "/api/openai/moderations"],
    ["/api/v2/", "/api/v2/moderations"],
    ["/openai/v1/", "/openai/v1/moderations"],
  ])("%j behind the server asks %s", async (path, expected) => {
    await using server = await startServer(() => [200, moderation]);
    await using session = await openWith({ base_url: `${server.origin}${path}` });
    await session.execute("CALL ModerateText('x')");
    expect(server.asked.map(({ method, url }) => `${method} ${url}`)).toEqual([`POST ${expected}`]);
  });

  test.each([
    ["", "/openai/deployments/small/embeddings", "/openai/responses"],
    ["/", "/openai/deployments/small/embeddings", "/openai/responses"],
    ["/openai", "/openai/deployments/small/embeddings", "/openai/responses"],
    ["/openai/", "/openai/deployments/small/embeddings", "/openai/responses"],
  ])(
    "of Azure, %j behind the server, with api-version and deployments",
    async (path, embeddings, responses) => {
      await using server = await startServer(({ url }) =>
        url.includes("embeddings")
          ? [200, { data: [{ index: 0, embedding: [1, 0] }], usage: { prompt_tokens: 1, total_tokens: 1 } }]
          : [
              404,
              {
                error: {
                  code: "DeploymentNotFound",
                  message: "The API deployment for this resource does not exist.",
                },
              },
            ],
      );
      await using session = await openWith({
        base_url: `${server.origin}${path}`,
        api_version: "2025-04-01-preview",
        deployments: { "text-embedding-3-small": "small" },
      });
      await session.execute("CALL GetEmbeddings('x')");
      const failed = await session.execute("SELECT r.Error_Code FROM GenerateResponse('x') r");
      expect(await failed.first()).toEqual({ Error_Code: "DeploymentNotFound" });
      expect(server.asked.map(({ url }) => url)).toEqual([
        `${embeddings}?api-version=2025-04-01-preview`,
        `${responses}?api-version=2025-04-01-preview`,
      ]);
      expect(server.asked.map(({ headers }) => [headers["api-key"], headers.authorization])).toEqual([
        ["key-12345678", undefined],
        ["key-12345678", undefined],
      ]);
    },
  );
});

test("headers of one's own, plain and by reference, are sent with every request; secret ones are never shown", async () => {
  await using server = await startServer(() => [200, moderation]);
  env["GATEWAY_TOKEN"] = "gateway-token-0123456789";
  await using session = await openWith({
    base_url: server.origin,
    headers: {
      "X-Team": "search",
      "X-Gateway-Token": "env:GATEWAY_TOKEN",
      "User-Agent": "callsql of the search team",
    },
  });
  await session.execute("CALL ModerateText('x')");
  expect(server.asked[0]?.headers).toMatchObject({
    "x-team": "search",
    "x-gateway-token": "gateway-token-0123456789",
    "user-agent": "callsql of the search team",
    authorization: "Bearer key-12345678",
  });
  expect(JSON.stringify(await describeConnection("w", place()))).not.toContain("gateway-token-0");
});

describe("an endpoint that is lacking is told, as", () => {
  test.each<[string, number, object | string]>([
    [
      "the API itself says it",
      404,
      {
        error: {
          message: "Invalid URL (POST /v1/responses)",
          type: "invalid_request_error",
          param: null,
          code: null,
        },
      },
    ],
    ["Ollama", 404, "404 page not found"],
    ["vLLM and LiteLLM", 404, { detail: "Not Found" }],
    ["llama.cpp", 404, { error: { code: 404, message: "File Not Found", type: "not_found_error" } }],
    [
      "llama.cpp without a model for it",
      501,
      {
        error: { code: 501, message: "This server does not support embeddings", type: "not_supported_error" },
      },
    ],
    ["LM Studio, with 200", 200, { error: "Unexpected endpoint or method. (POST /v1/responses)" }],
    [
      "Groq",
      404,
      {
        error: {
          message: "Unknown request URL: POST /openai/v1/responses",
          type: "invalid_request_error",
          code: "unknown_url",
        },
      },
    ],
    ["Azure", 404, { error: { code: "404", message: "Resource not found" } }],
    ["a gateway", 404, { message: "no Route matched with those values" }],
    ["a web server", 404, "<html><head><title>404 Not Found</title></head><body>nginx</body></html>"],
    ["a server that says nothing", 404, ""],
    ["one that knows another method", 405, { detail: "Method Not Allowed" }],
  ])("%s", async (_, status, body) => {
    await using server = await startServer(() => [status, body]);
    await using session = await openWith({ base_url: server.origin });
    const result = await session.execute("SELECT r.Error_Code AS code FROM GenerateResponse('x') r");
    expect(await result.first()).toEqual({ code: "call/no-endpoint" });
    const { endpoints } = await checkConnection("w", place());
    expect(endpoints.find(({ endpoint }) => endpoint === "responses")?.state).toBe("missing");
  });

  test.each<[string, number, object | string, string]>([
    [
      "Ollama",
      404,
      { error: { message: "model 'gpt-6-luna' not found", type: "api_error", param: null, code: null } },
      "call/http-error",
    ],
    [
      "vLLM",
      404,
      {
        object: "error",
        message: "The model `gpt-6-luna` does not exist.",
        type: "NotFoundError",
        param: null,
        code: 404,
      },
      "404",
    ],
    [
      "an answer that is gone",
      404,
      { error: { message: "Response with id 'resp_1' not found" } },
      "call/http-error",
    ],
  ])("and not where only a model or an object is lacking: %s", async (_, status, body, code) => {
    await using server = await startServer(() => [status, body]);
    await using session = await openWith({ base_url: server.origin });
    const result = await session.execute("SELECT r.Error_Code AS code FROM GenerateResponse('x') r");
    const [row] = await result.all();
    expect(row?.["code"]).not.toBe("call/no-endpoint");
    expect(row?.["code"]).toBe(code);
  });
});

describe("embeddings", () => {
  const vector = [0.25, -0.5, 1, 1e-7];
  const base64 = Buffer.from(Float32Array.from(vector).buffer).toString("base64");
  const usage = { prompt_tokens: 2, total_tokens: 2 };

  test("are the same as base64 and as numbers, in packs and out of order", async () => {
    const hexes = [];
    for (const embedding of [base64, vector]) {
      await using server = await startServer(({ body }) => {
        const texts = Array.isArray(body["input"]) ? body["input"] : [body["input"]];
        return [200, { data: texts.map((__, index) => ({ index, embedding })).toReversed(), usage }];
      });
      await using session = await openWith({ base_url: server.origin });
      const result = await session.execute("SELECT hex(GetEmbeddings(value)) AS v FROM json_each('[1,2,3]')");
      hexes.push(...(await result.all()).map(({ v }) => v));
      expect(server.asked).toHaveLength(1);
    }
    expect(new Set(hexes)).toEqual(new Set([Buffer.from(base64, "base64").toString("hex").toUpperCase()]));
  });

  test.each([
    ["text that is no base64", "!!not base64!!"],
    ["bytes that are no vector", Buffer.from("abc").toString("base64")],
    ["words among the numbers", [0.5, "x"]],
    ["none", []],
    ["null", null],
  ])("that cannot be read are an error of their row: %s", async (_, embedding) => {
    await using server = await startServer(() => [200, { data: [{ index: 0, embedding }], usage }]);
    await using session = await openWith({ base_url: server.origin });
    const result = await session.execute("SELECT r.Embedding, r.Error_Code FROM GetEmbeddings('x') r");
    expect(await result.first()).toEqual({ Embedding: null, Error_Code: "call/empty-answer" });
  });
});

test("connect test says latency, models, and what the server can answer", async () => {
  await using server = await startServer(({ method, url }) => {
    if (method === "GET") return [200, { data: [{ id: "qwen" }, { id: "nomic" }] }];
    if (url === "/v1/responses" || url === "/v1/embeddings")
      return [400, { error: { message: "model is required" } }];
    if (url === "/v1/moderations") return [503, { error: { message: "loading" } }];
    return [404, "404 page not found"];
  });
  await addConnection("w", { base_url: server.origin, auth: "none" }, place());
  const check = await checkConnection("w", place());
  expect(check).toMatchObject({ name: "w", identity: `${server.origin}/v1`, models: ["nomic", "qwen"] });
  expect(check.latencyMs).toBeGreaterThanOrEqual(0);
  expect(Object.fromEntries(check.endpoints.map(({ endpoint, state }) => [endpoint, state]))).toEqual({
    responses: "answers",
    embeddings: "answers",
    moderations: "unclear",
    "images/generations": "missing",
    "images/edits": "missing",
    "audio/transcriptions": "missing",
    "audio/translations": "missing",
    "audio/speech": "missing",
  });
  // Nothing that a model would have to answer.
  const sent = server.asked.filter(({ method }) => method === "POST").map(({ body }) => Object.keys(body));
  expect(sent.flat().filter((field) => field !== "encoding_format")).toEqual([]);
});

describe("connect test, with the base URL", () => {
  const api: Says = ({ method, url }) => {
    const [, endpoint] = /^\/v1\/(.+)$/.exec(url) ?? [];
    if (endpoint === undefined) return [404, { error: { message: `Invalid URL (${method} ${url})` } }];
    return method === "GET" ? [200, { data: [{ id: "m" }] }] : [400, { error: { message: "no model" } }];
  };

  test.each(["", "/", "/v1", "/v1/", "/v1//"])("…%s", async (path) => {
    await using server = await startServer(api);
    await addConnection("w", { base_url: `${server.origin}${path}`, auth: "none" }, place());
    const check = await checkConnection("w", place());
    expect([check.identity, check.models]).toEqual([`${server.origin}/v1`, ["m"]]);
    expect(new Set(check.endpoints.map(({ state }) => state))).toEqual(new Set(["answers"]));
  });

  test.each([["/v2"], ["/api"], ["/openai/v1/"]])("…%s, below which there is no API", async (path) => {
    await using server = await startServer(api);
    await addConnection("w", { base_url: `${server.origin}${path}`, auth: "none" }, place());
    const check = await checkConnection("w", place());
    expect([check.models, check.modelsProblem]).toEqual([undefined, expect.stringMatching(/^Invalid URL/)]);
    expect(new Set(check.endpoints.map(({ state }) => state))).toEqual(new Set(["missing"]));
  });

  test("of Azure, its deployments missing for a request without a model", async () => {
    await using server = await startServer(({ method, url, headers }) => {
      const [path, query] = url.split("?");
      if (headers["api-key"] !== "key-12345678" || query !== "api-version=2025-04-01-preview")
        return [401, { error: { code: "401", message: "Access denied" } }];
      return method === "GET" && path === "/openai/models"
        ? [200, { data: [{ id: "gpt" }] }]
        : [404, { error: { code: "404", message: "Resource not found" } }];
    });
    const draft = { base_url: server.origin, api_version: "2025-04-01-preview", secret: "env:AZURE_KEY" };
    await addConnection("w", draft, place());
    const check = await checkConnection("w", { ...place(), env: { ...env, AZURE_KEY: "key-12345678" } });
    expect(check).toMatchObject({
      identity: expect.stringMatching(/^http:\S+\/openai +2025-04-01-preview$/),
      models: ["gpt"],
    });
  });

  test("of a server without TLS, as if it had it", async () => {
    await using server = await startServer(api);
    await addConnection("w", { base_url: server.origin.replace("http", "https"), auth: "none" }, place());
    await expect(checkConnection("w", place())).rejects.toMatchObject({
      code: "connect/unreachable",
      message: expect.stringMatching(/does not speak TLS: is http:\/\/ meant .* \(1 attempt\)/),
    });
  });
});

test("a server that lists no models is a connection all the same", async () => {
  await using server = await startServer(({ method }) =>
    method === "GET" ? [404, "no"] : [200, moderation],
  );
  await addConnection("w", { base_url: server.origin, auth: "none" }, place());
  const check = await checkConnection("w", place());
  expect([check.models, check.modelsProblem]).toEqual([undefined, "no"]);
});
