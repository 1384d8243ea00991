/** OAuth 2.0 against a real provider (oidc-provider), over HTTP, as a person with a browser would use it. */
import { execFile } from "node:child_process";
import { createServer, type Server } from "node:http";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { loginConnection, logoutConnection, type LoginStep } from "../../src/connection/oauth/login.ts";
import { oauthCredentials } from "../../src/connection/oauth/tokens.ts";
import { TokenStore } from "../../src/connection/oauth/token-store.ts";
import { addConnection } from "../../src/connection/profiles/manage.ts";
import type { OAuthSettings } from "../../src/connection/profiles/profile.ts";
import { SecretStore } from "../../src/connection/secrets/secret-store.ts";
import { openSession } from "../../src/open-session.ts";
import { Browser } from "./support/browser.ts";
import { newProvider } from "./support/provider.ts";
import { agreeInChromium, findChromium } from "./support/chromium.ts";
import { faults, startOpenAIServer } from "../support/openai-server.ts";

let issuer: string;
let http: Server;
let env: Record<string, string>;
let tokenRequests: string[];
let lifetimeSeconds: number;
let refreshSeconds: number;

beforeEach(async () => {
  tokenRequests = [];
  lifetimeSeconds = 3600;
  refreshSeconds = 86_400;
  http = createServer();
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const address = http.address();
  issuer = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
  const provider = newProvider(issuer, { access: () => lifetimeSeconds, refresh: () => refreshSeconds });
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

describe("the consent page", () => {
  const chromium = findChromium();
  if ("missing" in chromium)
    console.log(`the consent page is driven over HTTP, not in a browser: ${chromium.missing}`);
  const visit = async (url: string, agrees: boolean): Promise<string> =>
    "path" in chromium ? agreeInChromium(chromium.path, url, agrees) : new Browser().agree(url, agrees);

  test.each([
    [true, /You are logged in/],
    [false, /The login was refused/],
  ])(
    "in a browser, agreed to: %s",
    async (agrees, page) => {
      const pages: Promise<string>[] = [];
      const asked: URL[] = [];
      const onStep = ({ url }: LoginStep): void => {
        asked.push(new URL(url));
        pages.push(visit(url, agrees));
      };
      const message = await told(loginConnection("work", { env, onStep }));
      expect(await Promise.all(pages)).toEqual([expect.stringMatching(page)]);
      expect(message).toMatch(agrees ? /^succeeded/ : /connect\/login-failed: .*access_denied/);
      expect((await tokens().read()) === undefined).toBe(!agrees);
      const [url] = asked;
      expect(Object.fromEntries(url?.searchParams ?? [])).toMatchObject({
        response_type: "code",
        code_challenge_method: "S256",
        code_challenge: expect.stringMatching(/^[\w-]{43}$/),
        state: expect.stringMatching(/^[\w-]{20,}$/),
        redirect_uri: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/callback$/),
      });
    },
    60_000,
  );
});

test("by device code", async () => {
  await login(true);
  expect(await tokens().read()).toMatchObject({ refreshToken: expect.any(String) });
});

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

  test("once by real processes, which share what one of them got", async () => {
    await login();
    await expireSoon();
    tokenRequests = [];
    const script = new URL("./support/ask-for-token.ts", import.meta.url).pathname;
    const ask = async (): Promise<string> =>
      (await promisify(execFile)(process.execPath, [script, issuer], { env })).stdout;
    const got = await Promise.all([ask(), ask(), ask()]);
    expect(new Set(got)).toEqual(new Set([(await tokens().read())?.accessToken]));
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

  test("an expired refresh token asks to log in again", async () => {
    refreshSeconds = 1;
    await login();
    await expireSoon();
    await new Promise((later) => setTimeout(later, 1500));
    expect(await told(credentials().get())).toMatch(
      /the login has expired or was revoked .*callsql connect login work/,
    );
  });

  test("a login that gave no refresh token says how to get one", async () => {
    await login();
    await tokens().write({ accessToken: "short", renewAt: 1 });
    expect(await told(credentials().get())).toMatch(
      /cannot be renewed: callsql connect login work .*offline_access/,
    );
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

test("a profile that is replaced keeps its login, but never one of another provider", async () => {
  await login();
  await addConnection("work", draft("http://127.0.0.1:2"), { env, isReplacing: true });
  expect(await tokens().read()).toBeDefined();
  const elsewhere = { ...oauth(), issuer: "http://127.0.0.1:3" };
  await addConnection("work", { auth: "oauth", oauth: elsewhere }, { env, isReplacing: true });
  expect(await tokens().read()).toBeUndefined();
});

describe("with a client secret", () => {
  const add = (settings: OAuthSettings) =>
    addConnection("work", { auth: "oauth", oauth: settings }, { env, isReplacing: true });
  const isRenewed = async (settings: OAuthSettings): Promise<boolean> => {
    const accessToken = (await tokens().read())?.accessToken ?? "";
    await tokens().write({ ...(await tokens().read()), accessToken, renewAt: 1 });
    const fresh = oauthCredentials("work", settings, { env, store: store(), account: "work" });
    return (await fresh.get()) !== accessToken;
  };

  test("in the body, where the provider says that it takes it there", async () => {
    env["CLIENT_SECRET"] = "secret of client_secret_post: 100%";
    const settings = { ...oauth(), client_id: "client_secret_post", client_secret: "env:CLIENT_SECRET" };
    await add(settings);
    await login();
    expect(await isRenewed(settings)).toBe(true);
  });

  test("in the header and with endpoints of one's own, where nothing is discovered", async () => {
    env["CLIENT_SECRET"] = "secret of client_secret_basic: 100%";
    const settings = {
      client_id: "client_secret_basic",
      client_secret: "env:CLIENT_SECRET",
      scopes: ["openid", "offline_access"],
      authorization_endpoint: `${issuer}/auth`,
      token_endpoint: `${issuer}/token`,
      revocation_endpoint: `${issuer}/token/revocation`,
    };
    await add(settings);
    await login();
    expect(await isRenewed(settings)).toBe(true);
    await logoutConnection("work", { env });
    expect(await tokens().read()).toBeUndefined();
  });

  test("that is wrong, or cannot be had, is said without it", async () => {
    const settings = { ...oauth(), client_id: "client_secret_post", client_secret: "env:CLIENT_SECRET" };
    await add(settings);
    expect(await told(login())).toContain("the environment has no CLIENT_SECRET");
    env["CLIENT_SECRET"] = "a wrong secret 1234";
    const message = await told(login());
    expect(message).toMatch(/connect\/login-failed: .*invalid_client/);
    expect(message).not.toContain("a wrong secret");
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

test("a provider's clock does not matter, a day off in whichever direction", async () => {
  const day = 86_400;
  for (const offset of [-day, day]) {
    await using provider = await startOddProvider(offset);
    const settings = { issuer: provider.url, client_id: "callsql", scopes: ["openid"] };
    await tokens().write({ accessToken: "old", refreshToken: "r", renewAt: 1 });
    const fresh = oauthCredentials("work", settings, { env, store: store(), account: "work" });
    expect(await fresh.get()).toBe("fresh");
    const inSeconds = ((await tokens().read())?.renewAt ?? 0) / 1000 - Date.now() / 1000;
    expect(Math.abs(inSeconds - 540)).toBeLessThan(30);
  }
});

describe("a provider that can do no more than it must", () => {
  const replace = async (settings: Partial<OAuthSettings>): Promise<void> => {
    await addConnection(
      "work",
      { auth: "oauth", oauth: { client_id: "callsql", ...settings } },
      { env, isReplacing: true },
    );
  };

  test("gives a token without an end, for an audience and no scope; other visitors are sent away", async () => {
    await using provider = await startOddProvider(0, { expires_in: undefined });
    await replace({ issuer: provider.url, audience: "https://api.example" });
    const visits: Promise<number[]>[] = [];
    const onStep = (step: LoginStep): void => {
      const url = new URL(step.url);
      expect([...url.searchParams.keys()]).not.toContain("scope");
      expect(url.searchParams.get("audience")).toBe("https://api.example");
      const back = new URL(url.searchParams.get("redirect_uri") ?? "");
      const state = url.searchParams.get("state") ?? "";
      const ways = ["/", "/callback?code=c&state=guessed", `/callback?code=c&state=${state}`];
      visits.push(
        ways.reduce<Promise<number[]>>(async (before, way) => {
          const statuses = await before;
          return [...statuses, (await fetch(new URL(way, back))).status];
        }, Promise.resolve([])),
      );
    };
    await loginConnection("work", { env, onStep });
    expect(await Promise.all(visits)).toEqual([[404, 404, 200]]);
    expect(await tokens().read()).toEqual({ accessToken: "fresh" });
  });

  test("gives no device codes, and takes no token back: it is forgotten here", async () => {
    await using provider = await startOddProvider(0);
    await replace({ issuer: provider.url });
    const onStep = (): void => {};
    expect(await told(loginConnection("work", { env, onStep, isDevice: true }))).toMatch(
      /connect\/login-failed: .*device/,
    );
    await tokens().write({ accessToken: "old" });
    await logoutConnection("work", { env });
    expect(await tokens().read()).toBeUndefined();
    await logoutConnection("work", { env });
  });

  test("is not asked where what is said could be overheard", async () => {
    await replace({ issuer: "http://login.example" });
    expect(await told(login())).toMatch(/connect\/login-failed: .*HTTPS/);
    await replace({
      token_endpoint: "http://login.example/token",
      authorization_endpoint: "http://login.example/auth",
    });
    await tokens().write({ accessToken: "old", refreshToken: "r" });
    expect(await told(logoutConnection("work", { env }))).toMatch(/^succeeded/);
    await tokens().write({ accessToken: "old", refreshToken: "r", renewAt: 1 });
    const settings = { client_id: "callsql", token_endpoint: "http://login.example/token" };
    const asked = oauthCredentials("work", settings, { env, store: store(), account: "work" });
    expect(await told(asked.get())).toMatch(/HTTPS/);
  });

  test("that takes nothing back as it should is said", async () => {
    await using provider = await startOddProvider(0, {}, { revocation_endpoint: "/gone" });
    await replace({ issuer: provider.url });
    await tokens().write({ accessToken: "old" });
    expect(await told(logoutConnection("work", { env }))).toContain("connect/not-revoked");
    expect(await tokens().read()).toBeUndefined();
  });
});

test("a login that is given up ends, and one of a profile without OAuth does not begin", async () => {
  const given = new AbortController();
  const onStep = (): void => given.abort();
  expect(await told(loginConnection("work", { env, onStep, signal: given.signal }))).toContain(
    "call/cancelled",
  );
  await addConnection("keyed", { base_url: "http://127.0.0.1:1" }, { env, secret: "sk-abcdefgh" });
  expect(await told(loginConnection("keyed", { env, onStep }))).toContain("connect/not-oauth");
  expect(await told(logoutConnection("keyed", { env }))).toContain("connect/not-oauth");
});

/** A provider that knows one answer, and another time. */
async function startOddProvider(
  offsetSeconds: number,
  others: object = {},
  endpoints: Readonly<Record<string, string>> = {},
) {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const server = createServer((request, response) => {
    const url = `http://${request.headers.host}`;
    const now = Math.floor(Date.now() / 1000) + offsetSeconds;
    const claims = { iss: url, sub: "someone", aud: "callsql", iat: now, exp: now + 60 };
    const body =
      request.method === "GET"
        ? {
            issuer: url,
            authorization_endpoint: `${url}/auth`,
            token_endpoint: `${url}/token`,
            jwks_uri: `${url}/keys`,
            ...Object.fromEntries(Object.entries(endpoints).map(([name, path]) => [name, `${url}${path}`])),
          }
        : {
            access_token: "fresh",
            token_type: "Bearer",
            expires_in: 600,
            id_token: `${part({ alg: "RS256" })}.${part(claims)}.c2ln`,
            ...others,
          };
    const status = request.url === "/gone" ? 410 : 200;
    const date = new Date(now * 1000).toUTCString();
    response.writeHead(status, { "content-type": "application/json", date }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  };
  return {
    url: `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`,
    [Symbol.asyncDispose]: close,
  };
}
