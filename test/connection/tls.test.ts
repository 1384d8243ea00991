/** Servers with certificates of one's own, straight and through a proxy that knows CONNECT alone. */
import { readFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { createServer as createProxy, type Server } from "node:http";
import { createServer } from "node:https";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { oauthCredentials } from "../../src/connection/oauth/tokens.ts";
import { TokenStore } from "../../src/connection/oauth/token-store.ts";
import { addConnection } from "../../src/connection/profiles/manage.ts";
import { SecretStore } from "../../src/connection/secrets/secret-store.ts";
import { openSession } from "../../src/open-session.ts";

const fixture = (name: string): string => new URL(`./support/tls/${name}`, import.meta.url).pathname;
const ca = fixture("ca.pem");

const seen: string[] = [];
const tunnels: string[] = [];
const api = createServer(
  { key: readFileSync(fixture("server.key")), cert: readFileSync(fixture("server.pem")) },
  (request, response) => {
    seen.push(
      `${request.method} ${request.headers.host}${request.url} ${String(request.headers.authorization)}`,
    );
    const url = `https://${request.headers.host}`;
    const answers: Record<string, object> = {
      "/.well-known/openid-configuration": { issuer: url, token_endpoint: `${url}/token` },
      "/token": { access_token: "token-by-tls", token_type: "Bearer", expires_in: 600 },
    };
    const moderation = {
      id: "m",
      model: "m",
      results: [{ flagged: false, categories: {}, category_scores: {} }],
    };
    const body = answers[request.url ?? ""] ?? moderation;
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
  },
);
/** Leads every tunnel to `api`, whatever it is called. */
const proxy = createProxy((request, response) => {
  tunnels.push(`plain ${request.url}`);
  response.writeHead(405).end();
});
let port: number;
let proxyUrl: string;
let env: Record<string, string>;

beforeAll(async () => {
  port = await listen(api);
  proxyUrl = `http://127.0.0.1:${await listen(proxy)}`;
  proxy.on("connect", ({ url }, client, head) => {
    tunnels.push(String(url));
    const upstream = connect(port, "127.0.0.1", () => {
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
beforeEach(async () => {
  seen.length = 0;
  tunnels.length = 0;
  const home = await mkdtemp(join(tmpdir(), "callsql-tls-"));
  env = { HOME: home, CALLSQL_KEYCHAIN: "off" };
});

async function listen(server: Server | ReturnType<typeof createServer>): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return typeof address === "object" ? (address?.port ?? 0) : 0;
}

/** "answered", or what went wrong. */
async function callThrough(baseUrl: string, caFile?: string, attempts = 1): Promise<string> {
  const draft = { base_url: baseUrl, ...(caFile === undefined ? {} : { ca_file: caFile }) };
  await addConnection("w", draft, {
    env,
    folder: env["HOME"] ?? "",
    secret: "key-12345678",
    isReplacing: true,
  });
  await using session = await openSession({ env, connection: "w" });
  await session.execute(`SET max_attempts = ${attempts}`);
  return session.execute("CALL ModerateText('x')").then(() => "answered", String);
}

describe("a certificate of one's own", () => {
  test("is good with the profile's ca_file, and with nothing else", async () => {
    expect(await callThrough(`https://127.0.0.1:${port}/v1`, ca)).toBe("answered");
    expect(await callThrough(`https://127.0.0.1:${port}/v1`)).toMatch(
      /connect\/unreachable: .*127\.0\.0\.1:\d+ has a certificate nobody vouches for/,
    );
    expect(seen).toEqual([`POST 127.0.0.1:${port}/v1/moderations Bearer key-12345678`]);
  });

  test("for another name is refused, whoever vouches for it", async () => {
    expect(await callThrough(`https://127.0.0.2:${port}/v1`, ca)).toMatch(/connect\/unreachable/);
    env["HTTPS_PROXY"] = proxyUrl;
    expect(await callThrough("https://other.invalid/v1", ca)).toMatch(/has a certificate for another name/);
    expect(seen).toEqual([]);
  });

  test("of the login's provider is good as well", async () => {
    const context = { env, store: new SecretStore(env), account: "w" };
    const settings = { issuer: `https://127.0.0.1:${port}`, client_id: "callsql" };
    await new TokenStore(env, context.store, "w").write({
      accessToken: "old",
      refreshToken: "r",
      renewAt: 1,
    });
    const refused = oauthCredentials("w", settings, context).get();
    await expect(refused).rejects.toThrow(/the OAuth provider could not be asked/);
    expect(await oauthCredentials("w", settings, { ...context, caFile: ca }).get()).toBe("token-by-tls");
  });
});

describe("HTTPS_PROXY", () => {
  test("is asked for a tunnel; what goes through it is for the server's eyes alone", async () => {
    env["HTTPS_PROXY"] = proxyUrl;
    expect(await callThrough("https://api.invalid/v1", ca)).toBe("answered");
    expect(tunnels).toEqual(["api.invalid:443"]);
    expect(seen).toEqual(["POST api.invalid/v1/moderations Bearer key-12345678"]);
  });

  test.each([
    ["127.0.0.1", 0],
    ["10.0.0.1,127.0.0.1:443", 1],
    ["*", 0],
    ["localhost,.invalid", 1],
    ["", 1],
  ])("NO_PROXY=%j", async (noProxy, count) => {
    Object.assign(env, { https_proxy: proxyUrl, NO_PROXY: noProxy });
    expect(await callThrough(`https://127.0.0.1:${port}/v1`, ca)).toBe("answered");
    expect(tunnels).toHaveLength(count);
  });

  test("that refuses, or is not there, is said", async () => {
    env["HTTPS_PROXY"] = "http://127.0.0.1:1";
    expect(await callThrough("https://api.invalid/v1", ca)).toMatch(/connect\/unreachable: .*ECONNREFUSED/);
    const refusing = createProxy();
    let asked = 0;
    refusing.on("connect", (_, socket) => {
      asked++;
      socket.end("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
    });
    env["HTTPS_PROXY"] = `http://127.0.0.1:${await listen(refusing)}`;
    // At once: no second attempt is made.
    expect(await callThrough("https://api.invalid/v1", ca, 3)).toMatch(/connect\/proxy-refused: .* 407/);
    expect(asked).toBe(1);
    refusing.close();
    expect(seen).toEqual([]);
  });
});
