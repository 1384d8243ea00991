/** OAuth 2.0 against a real provider (oidc-provider), over HTTP, as a person with a browser would use it. */
import { createServer, type Server } from "node:http";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Provider } from "oidc-provider";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { loginConnection, logoutConnection, type LoginStep } from "../../src/connection/oauth/login.ts";
import { oauthCredentials } from "../../src/connection/oauth/tokens.ts";
import { TokenStore } from "../../src/connection/oauth/token-store.ts";
import { addConnection } from "../../src/connection/profiles/manage.ts";
import { SecretStore } from "../../src/connection/secrets/secret-store.ts";
import { openSession } from "../../src/open-session.ts";
import { Browser } from "./support/browser.ts";
import { faults, startOpenAIServer } from "../support/openai-server.ts";

let issuer: string;
let http: Server;
let env: Record<string, string>;
let tokenRequests: string[];
let lifetimeSeconds: number;

beforeEach(async () => {
  tokenRequests = [];
  lifetimeSeconds = 3600;
  http = createServer();
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const address = http.address();
  issuer = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
  const provider = startProvider();
  const handle = provider.callback();
  http.on("request", (request, response) => {
    if (request.method === "POST" && request.url?.startsWith("/token") === true)
      tokenRequests.push(request.url);
    void handle(request, response);
  });
  const home = await mkdtemp(join(tmpdir(), "callsql-oauth-"));
  env = { HOME: home, CALLSQL_KEYCHAIN: "off", PATH: process.env["PATH"] ?? "" };
  await addConnection("work", draft("http://127.0.0.1:1"), { env, folder: home });
});

afterEach(async () => {
  http.closeAllConnections();
  await new Promise((resolve) => http.close(resolve));
});

const oauth = () => ({ issuer, client_id: "callsql", scopes: ["openid", "offline_access"] });
const draft = (url: string) => ({ base_url: url, auth: "oauth" as const, oauth: oauth() });

function startProvider(): Provider {
  return new Provider(issuer, {
    clients: [
      {
        client_id: "callsql",
        application_type: "native",
        redirect_uris: ["http://127.0.0.1/callback"],
        token_endpoint_auth_method: "none",
        grant_types: ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"],
        response_types: ["code"],
      },
    ],
    features: {
      deviceFlow: { enabled: true },
      revocation: { enabled: true },
      devInteractions: { enabled: true },
    },
    pkce: { required: () => true },
    rotateRefreshToken: true,
    ttl: {
      AccessToken: () => lifetimeSeconds,
      RefreshToken: 86_400,
      Grant: 86_400,
      IdToken: 3600,
      Session: 3600,
      Interaction: 600,
      DeviceCode: 600,
    },
    cookies: { keys: ["test"] },
  });
}

/** Does what a person would do with the address. */
async function login(isDevice = false, agrees = true): Promise<void> {
  const visits: Promise<unknown>[] = [];
  const onStep = (step: LoginStep): void => {
    const url = step.kind === "device" ? (step.urlWithCode ?? step.url) : step.url;
    visits.push(new Browser().agree(url, agrees));
  };
  await loginConnection("work", { env, isDevice, onStep });
  await Promise.all(visits);
}

const store = () => new SecretStore(env);
const tokens = () => new TokenStore(env, store(), "work");
const credentials = () => oauthCredentials("work", oauth(), { env, store: store(), account: "work" });
const told = async (work: Promise<unknown>): Promise<string> => {
  try {
    return `succeeded: ${String(await work)}`;
  } catch (error) {
    return String(error);
  }
};

test("authorization code with PKCE on the loopback: the token reaches the API", async () => {
  await login();
  await using server = await startOpenAIServer();
  await addConnection("work", draft(server.url), { env, isReplacing: true });
  await using session = await openSession({ env, connection: "work" });
  await session.execute("CALL ModerateText('x')");
  const kept = await tokens().read();
  expect(kept?.accessToken).toMatch(/^\S{20,}$/);
  expect(server.requests[0]?.headers["authorization"]).toBe(`Bearer ${kept?.accessToken}`);
});

test("by device code", async () => {
  await login(true);
  expect(await tokens().read()).toMatchObject({ refreshToken: expect.any(String) });
}, 20_000);

test("who refuses is not logged in, and is told why", async () => {
  expect(await told(login(false, false))).toContain("connect/login-failed");
  expect(await tokens().read()).toBeUndefined();
  expect(await told(credentials().get())).toContain("callsql connect login work");
});

describe("renewal", () => {
  const expireSoon = async (): Promise<void> => {
    const kept = await tokens().read();
    await tokens().write({ ...kept, accessToken: kept?.accessToken ?? "", renewAt: Date.now() - 1 });
  };

  test("before the end, once, however many ask in however many processes", async () => {
    await login();
    await expireSoon();
    const before = (await tokens().read())?.accessToken;
    tokenRequests = [];
    const processes = [credentials(), credentials(), credentials()];
    const got = await Promise.all([...processes, ...processes].map((process) => process.get()));
    expect(new Set(got).size).toBe(1);
    expect(got[0]).not.toBe(before);
    expect(tokenRequests).toHaveLength(1);
  });

  test("a short life is renewed in its last quarter, by our own clock", async () => {
    lifetimeSeconds = 40;
    await login();
    const { renewAt = 0 } = (await tokens().read()) ?? {};
    const inSeconds = (renewAt - Date.now()) / 1000;
    expect(inSeconds).toBeGreaterThan(25);
    expect(inSeconds).toBeLessThanOrEqual(30);
  });

  test("once on a 401, and the call goes on", async () => {
    await login();
    await using server = await startOpenAIServer();
    await addConnection("work", draft(server.url), { env, isReplacing: true });
    server.script(faults.unauthorized("token-of-before", { when: 1 }));
    await using session = await openSession({ env, connection: "work" });
    const row = await (await session.execute("SELECT Status FROM ModerateText('x')")).first();
    expect(row).toMatchObject({ Status: "completed" });
    const sent = server.requests.map(({ headers }) => headers["authorization"]);
    expect(sent).toHaveLength(2);
    expect(sent[0]).not.toBe(sent[1]);
  });

  test("a service that refuses every token ends the statement after one renewal", async () => {
    await login();
    await using server = await startOpenAIServer({ apiKey: "nobody-has-this" });
    await addConnection("work", draft(server.url), { env, isReplacing: true });
    await using session = await openSession({ env, connection: "work" });
    expect(await told(session.execute("CALL ModerateText('x')"))).toContain("connect/refused");
    expect(server.requests).toHaveLength(2);
  });

  test("a revoked login asks to log in again, and says no token", async () => {
    await login();
    const kept = await tokens().read();
    const body = new URLSearchParams({ token: kept?.refreshToken ?? "", client_id: "callsql" });
    await fetch(`${issuer}/token/revocation`, { method: "POST", body });
    await expireSoon();
    const message = await told(credentials().get());
    expect(message).toContain("the login has expired or was revoked");
    expect(message).toContain("callsql connect login work");
    expect(message).not.toContain(kept?.refreshToken);
    await using session = await openSession({ env, connection: "work" });
    expect(await told(session.execute("CALL ModerateText('x')"))).toContain("callsql connect login work");
  });
});

test("logging out takes the tokens back", async () => {
  await login();
  const kept = await tokens().read();
  await logoutConnection("work", { env });
  expect(await tokens().read()).toBeUndefined();
  const body = new URLSearchParams({
    grant_type: "refresh_token",
    refresh_token: kept?.refreshToken ?? "",
    client_id: "callsql",
  });
  expect((await fetch(`${issuer}/token`, { method: "POST", body })).status).toBe(400);
});

test("endpoints may be named where nothing is discovered", async () => {
  const endpoints = {
    client_id: "callsql",
    scopes: ["offline_access", "openid"],
    authorization_endpoint: `${issuer}/auth`,
    token_endpoint: `${issuer}/token`,
  };
  await addConnection("work", { auth: "oauth", oauth: { ...endpoints, issuer } }, { env, isReplacing: true });
  await login();
  expect(await tokens().read()).toMatchObject({ refreshToken: expect.any(String) });
});
