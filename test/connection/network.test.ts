/** The ways to servers that are not plain: Azure's paths, proxies, certificates; and what a profile says for calls. */
import { createServer, type Server } from "node:http";
import { mkdtemp } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { addConnection } from "../../src/connection/profiles/manage.ts";
import { networkOf } from "../../src/connection/network.ts";
import { createOpenAIConnection } from "../../src/connection/openai.ts";
import { openSession } from "../../src/open-session.ts";
import { startOpenAIServer } from "../support/openai-server.ts";

const asking = { signal: new AbortController().signal, timeoutMs: 5000 };
const seen: string[] = [];
const proxied: string[] = [];
const api = createServer(({ method, url, headers }, response) => {
  seen.push(`${method} ${url} ${String(headers["api-key"])} ${String(headers.authorization)}`);
  response.writeHead(200, { "content-type": "application/json" }).end('{"id":"x","data":[]}');
});
const proxy = createServer();
let apiUrl: string;
let proxyUrl: string;

beforeAll(async () => {
  apiUrl = await listen(api);
  proxyUrl = await listen(proxy);
  proxy.on("connect", ({ url }, client, head) => {
    proxied.push(String(url));
    const upstream = connect(Number(new URL(apiUrl).port), "127.0.0.1", () => {
      client.write("HTTP/1.1 200 OK\r\n\r\n");
      upstream.write(head);
      upstream.pipe(client).pipe(upstream);
    });
    upstream.on("error", () => client.destroy());
    client.on("error", () => upstream.destroy());
    client.on("close", () => upstream.destroy());
  });
});
afterAll(() => {
  for (const server of [api, proxy]) {
    server.closeAllConnections();
    server.close();
  }
});
beforeEach(() => {
  seen.length = 0;
  proxied.length = 0;
});

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
}

test("Azure: deployments in the path, its version in the query, the key in its own header", async () => {
  const azure = { apiVersion: "2025-04-01", deployments: { m: "dep 1" } };
  const options = { name: "az", apiKey: "azure-key-1234", keyHeader: "api-key" as const, azure };
  const connection = createOpenAIConnection({ ...options, baseUrl: apiUrl });
  await connection.send({ endpoint: "embeddings", body: { model: "m", input: "x" } }, asking);
  await connection.send({ endpoint: "responses", body: { model: "m", input: "x" } }, asking);
  await connection.listModels?.(asking);
  expect(seen).toEqual([
    "POST /openai/deployments/dep%201/embeddings?api-version=2025-04-01 azure-key-1234 undefined",
    "POST /openai/responses?api-version=2025-04-01 azure-key-1234 undefined",
    "GET /openai/models?api-version=2025-04-01 azure-key-1234 undefined",
  ]);
});

test("a proxy of the session's environment is used, but not for hosts that NO_PROXY names", async () => {
  const options = { name: "p", apiKey: "key-12345678" };
  const env = { HTTP_PROXY: proxyUrl, NO_PROXY: "127.0.0.1" };
  for (const baseUrl of ["http://api.invalid/v1", apiUrl]) {
    const connection = createOpenAIConnection({ ...options, baseUrl, openNetwork: networkOf(env) });
    expect(await connection.send({ endpoint: "moderations", body: { input: "x" } }, asking)).toMatchObject({
      ok: true,
    });
    await connection.close?.();
  }
  expect(proxied).toEqual(["api.invalid:80"]);
  expect(seen).toHaveLength(2);
});

test("certificates that cannot be read are said, and nothing is sent", async () => {
  const openNetwork = networkOf({}, "/nowhere.pem");
  const connection = createOpenAIConnection({
    name: "p",
    apiKey: "key-12345678",
    baseUrl: apiUrl,
    openNetwork,
  });
  const outcome = await connection.send({ endpoint: "moderations", body: { input: "x" } }, asking);
  expect(outcome).toMatchObject({ ok: false, failure: { kind: "credentials" } });
  expect(JSON.stringify(outcome)).toContain("connect/unreadable-certificates");
  expect(seen).toEqual([]);
});

test("a profile's models, parameters and headers are used where a call says nothing", async () => {
  await using server = await startOpenAIServer();
  const home = await mkdtemp(join(tmpdir(), "callsql-network-"));
  const env = { HOME: home, CALLSQL_KEYCHAIN: "off", TEAM: "search" };
  const draft = {
    base_url: server.url,
    models: { text: "gpt-5-mini" },
    parameters: { GenerateResponse: { Instructions: "be short", MaxOutputTokens: 20 } },
    headers: { "X-Team": "env:TEAM" },
  };
  await addConnection("w", draft, { env, folder: home, secret: "key-12345678" });
  await using session = await openSession({ env, connection: "w" });
  await session.execute("CALL GenerateResponse('x', Instructions => 'be long')");
  const [request] = server.requests;
  expect(request?.body).toMatchObject({
    model: "gpt-5-mini",
    instructions: "be long",
    max_output_tokens: 20,
  });
  expect(request?.headers["x-team"]).toBe("search");
});
