/** The ways to servers that are not plain: Azure's paths, proxies, certificates; and what a profile says for calls. */
import { createServer, type Server } from "node:http";
import { mkdtemp } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { addConnection } from "../../src/connection/profiles/manage.ts";
import { networkOf } from "../../src/connection/network.ts";
import { createOpenAIConnection } from "../../src/connection/openai.ts";
import { proxyOf } from "../../src/connection/proxy-of.ts";
import { openSession } from "../../src/open-session.ts";
import { startOpenAIServer } from "../support/openai-server.ts";
import { startRefusingProxy } from "../support/refusing-proxy.ts";

const asking = { signal: new AbortController().signal, timeoutMs: 20_000 };
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

describe("a failure behind a proxy names it, without its password", () => {
  async function failureThrough(
    proxyAt: string,
    body: Readonly<Record<string, unknown>> = { input: "x" },
    { baseUrl = "http://api.invalid/v1", timeoutMs = asking.timeoutMs } = {},
  ) {
    const env = { HTTP_PROXY: proxyAt, NO_PROXY: "elsewhere.invalid" };
    const options = { name: "p", apiKey: "key-12345678", baseUrl, openNetwork: networkOf(env) };
    const connection = createOpenAIConnection(options);
    const endpoint = "image" in body ? "images/edits" : "moderations";
    const outcome = await connection.send({ endpoint, body }, { ...asking, timeoutMs });
    await connection.close?.();
    expect(JSON.stringify(outcome)).not.toContain("hunter2");
    return outcome.ok ? undefined : outcome.failure;
  }
  const masked = (url: string): string => url.replace("://", "://[masked]@");
  const withPassword = (url: string): string => url.replace("://", "://ada:hunter2%40x@");

  test("one that refuses the connection", async () => {
    const closed = createServer();
    const url = await listen(closed);
    await new Promise((resolve) => closed.close(resolve));
    const expected = {
      kind: "network",
      message: `api.invalid is asked through the proxy ${masked(url)}, which refused the connection (ECONNREFUSED)`,
      isUnreached: true,
    };
    expect(await failureThrough(withPassword(url))).toEqual(expected);
    const image = { kind: "upload", bytes: new Uint8Array(1), filename: "a.png", mimeType: "image/png" };
    expect(await failureThrough(withPassword(url), { image })).toEqual(expected);
  });

  test.each([
    [403, "which answered 403: it does not let anybody go there"],
    [407, "which answered 407: it wants a user name and a password that it knows"],
    [418, "which answered 418"],
    [502, "which answered 502: it could not reach the server"],
    ["break" as const, "which broke the connection (UND_ERR_SOCKET)"],
  ])("one that answers %s", async (status, words) => {
    using refusing = await startRefusingProxy(status);
    const { url } = refusing;
    expect((await failureThrough(withPassword(url)))?.message).toBe(
      `api.invalid is asked through the proxy ${masked(url)}, ${words}`,
    );
  });

  test("one whose name is unknown", async () => {
    expect((await failureThrough("http://proxy.invalid:3128"))?.message).toMatch(
      /^api\.invalid is asked through the proxy http:\/\/proxy\.invalid:3128, which (?:was not found|could not be looked up) \(/,
    );
  });

  test("one behind which the server is silent, or breaks off", async () => {
    const silent = createServer(() => undefined);
    const breaking = createServer(({ socket }) => socket.destroy());
    const way = createServer();
    const wayUrl = await listen(way);
    for (const [server, timeoutMs, words] of [
      [silent, 700, /^no complete answer within 0\.7 s, through the proxy http:\/\/\[masked\]@127/],
      [
        breaking,
        asking.timeoutMs,
        /^api\.invalid broke the connection \(\w+\), through the proxy http:\/\/\[masked\]@127/,
      ],
    ] as const) {
      const port = Number(new URL(await listen(server)).port);
      way.removeAllListeners("connect").on("connect", (_, client) => {
        const upstream = connect(port, "127.0.0.1", () => {
          client.write("HTTP/1.1 200 OK\r\n\r\n");
          upstream.pipe(client).pipe(upstream);
        });
        upstream.on("error", () => client.destroy());
        client.on("error", () => upstream.destroy()).on("close", () => upstream.destroy());
      });
      expect((await failureThrough(withPassword(wayUrl), undefined, { timeoutMs }))?.message).toMatch(words);
      server.closeAllConnections();
      server.close();
    }
    way.close();
  });

  test.each(["ftp://ada:hunter2@proxy:21", "http://ada:hunter2@", "::", "http://ada:hun@ter2 x@y z"])(
    "a proxy that is none, %s, is said before anything is sent",
    async (text) => {
      const failure = await failureThrough(text);
      expect(failure).toMatchObject({
        kind: "credentials",
        message: expect.stringMatching(/connect\/bad-proxy: HTTP_PROXY names no proxy that can be used/),
      });
      expect(failure?.message).not.toMatch(/hun|ada/);
    },
  );
});

test("a proxy may be named without http://, as for curl", async () => {
  const openNetwork = networkOf({ http_proxy: proxyUrl.replace("http://", "") });
  const options = { name: "p", apiKey: "key-12345678", baseUrl: "http://api.invalid/v1", openNetwork };
  const connection = createOpenAIConnection(options);
  expect(await connection.send({ endpoint: "moderations", body: { input: "x" } }, asking)).toMatchObject({
    ok: true,
  });
  await connection.close?.();
  expect(proxied).toEqual(["api.invalid:80"]);
});

test.each([
  ["", "http://a.example", true],
  ["*", "http://a.example", false],
  ["a.example", "http://a.example", false],
  ["example", "http://a.example", false],
  [".example", "http://a.example", false],
  ["*.EXAMPLE", "http://A.example", false],
  ["b.example, a.example", "https://a.example", false],
  ["a.example:443", "https://a.example", false],
  ["a.example:443", "http://a.example", true],
  ["a.example:8080", "http://a.example:8080", false],
  ["ample", "http://a.example", true],
  ["::1", "http://[::1]:80", false],
  ["[::1]:81", "http://[::1]:80", true],
  ["127.0.0.1", "http://127.0.0.1:11434", false],
])("NO_PROXY=%s, %s: through the proxy is %s", (list, server, isProxied) => {
  const env = { HTTP_PROXY: "http://far:1", HTTPS_PROXY: "http://far:2", NO_PROXY: list };
  expect(proxyOf(env, new URL(server)) !== undefined).toBe(isProxied);
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
