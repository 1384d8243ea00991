import { createServer } from "node:http";
import { mkdir, mkdtemp, readFile, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { defaultConnection } from "../../src/connection/connect.ts";
import {
  addConnection,
  describeConnection,
  listConnections,
  projectProfiles,
  removeConnection,
  setDefaultConnection,
  trustProjectProfiles,
} from "../../src/connection/profiles/manage.ts";
import { tomlLineOf } from "../../src/connection/profiles/toml-line.ts";
import { checkConnection } from "../../src/connection/check.ts";
import { openSession } from "../../src/open-session.ts";
import { faults, startOpenAIServer, type OpenAIServer } from "../support/openai-server.ts";

const key = "sk-proj-canary0123456789abcdef";
let folder: string;
let env: Record<string, string>;
let server: OpenAIServer;

beforeAll(async () => {
  server = await startOpenAIServer();
});
afterAll(() => server.close());
beforeEach(async () => {
  server.reset();
  folder = await mkdtemp(join(tmpdir(), "callsql-profiles-"));
  env = { HOME: folder, CALLSQL_KEYCHAIN: "off", PATH: process.env["PATH"] ?? "" };
});

/** The code of a diagnostic, or of a system error. */
async function codeOf(work: Promise<unknown>): Promise<string | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    return error instanceof Error && "code" in error ? String(error.code) : String(error);
  }
}

const file = (): string => join(folder, ".config/callsql/connections.toml");
const place = () => ({ env, folder });

async function write(text: string): Promise<void> {
  await mkdir(join(folder, ".config/callsql"), { recursive: true });
  await writeFile(file(), text);
}

const keysSent = (): unknown[] => server.requests.map(({ headers }) => headers["authorization"]);

test("a profile that is added is used, and its key stands in a file of its owner's alone", async () => {
  await addConnection("work", { base_url: server.url, organization: "org_1" }, { ...place(), secret: key });
  await using session = await openSession({ env, connection: "work" });
  const row = await (await session.execute("CALL GenerateResponse('hi')")).first();
  expect(row).toMatchObject({ Status: "completed" });
  expect(server.requests[0]?.headers).toMatchObject({
    authorization: `Bearer ${key}`,
    "openai-organization": "org_1",
  });
  const secret = join(folder, ".config/callsql/secrets/work");
  expect(await readFile(secret, "utf8")).toBe(key);
  expect((await stat(secret)).mode & 0o777).toBe(0o600);
  expect((await stat(join(folder, ".config/callsql/secrets"))).mode & 0o777).toBe(0o700);
  expect(await readFile(file(), "utf8")).not.toContain(key);
});

test("the first profile is the default; taken away, nothing of it stays", async () => {
  await addConnection("a", { base_url: server.url }, { ...place(), secret: key });
  await addConnection("b", { base_url: server.url }, { ...place(), secret: `${key}2` });
  expect(await defaultConnection(env, folder)).toMatchObject({ name: "a", source: `${file()}:1` });
  await setDefaultConnection("b", place());
  expect((await defaultConnection(env, folder))?.name).toBe("b");
  await removeConnection("b", place());
  expect(await defaultConnection(env, folder)).toBeUndefined();
  expect((await listConnections(place())).map(({ name }) => name)).toEqual(["a", "offline"]);
  expect(await codeOf(stat(join(folder, ".config/callsql/secrets/b")))).toBe("ENOENT");
});

test("a key that a profile no longer uses goes when it is replaced", async () => {
  await addConnection("work", { base_url: server.url }, { ...place(), secret: key });
  const kept = join(folder, ".config/callsql/secrets/work");
  expect(await readFile(kept, "utf8")).toBe(key);
  await addConnection("work", { base_url: server.url, secret: "env:K" }, { ...place(), isReplacing: true });
  await expect(readFile(kept, "utf8")).rejects.toThrow("ENOENT");
});

test("comments and order of the file stay", async () => {
  const before = "# mine\n\n[connections.x] # home\nauth = 'none'\nbase_url = 'http://localhost:1' # o\n";
  await write(before);
  await addConnection("y", { auth: "none" }, place());
  await removeConnection("y", place());
  expect((await readFile(file(), "utf8")).trim()).toBe(before.trim());
});

describe("an error in the file names its line and key", () => {
  test.each([
    ["[connections.x]\nauth = 'none'\nbase_ur = 'x'", '3: "connections.x.base_ur" is no setting'],
    ["a = 1\n", '1: "a" is no setting'],
    ["[connections.x]\n\ntimeout = 'long'", '3: "connections.x.timeout" cannot be used'],
    ["[connections.x]\nauth = 'password'", '2: "connections.x.auth" cannot be used'],
    [`[connections.x]\nsecret = '${key}'`, '2: "connections.x.secret" is no reference'],
    [
      "[connections.x.headers]\nAuthorization = 'Bearer abc'",
      '2: "connections.x.headers.Authorization" carries',
    ],
    [
      "[connections.x]\nauth = 'none'\nbase_url = 'http://localhost/v1?key=hidden'",
      '3: "connections.x.base_url" cannot be used: a query or fragment would be lost',
    ],
    [
      "[connections.x]\nbase_url = 'localhost:8000'",
      '2: "connections.x.base_url" cannot be used: only http and',
    ],
    ["[connections.x]\nauth = 'oauth'", '2: "connections.x.auth" is oauth, but'],
    ["[connections.x]\n[connections.x.oauth]\nclient_id = 'a'", '2: "connections.x.oauth" needs an issuer'],
    ["[connections.offline]\nauth = 'none'", '1: "connections.offline" cannot be a name'],
    ["[connections.x]\nb = \n", "2 is not TOML"],
    ["[connections.x]\nauth = 'none'\nauth = 'none'", "3 is not TOML"],
  ])("%j", async (text, message) => {
    await write(text);
    const failing = listConnections(place());
    expect(await codeOf(failing)).toBe("connect/bad-profiles");
    const told = String(await failing.catch((error: unknown) => error));
    expect(told).toContain(`connections.toml:${message}`);
    expect(told).not.toContain(key);
  });

  test("keys in multi-line texts and quoted tables are told apart", () => {
    const text = 'a = """\n[connections.x]\n"""\n[connections."x"]\nheaders."X Y" = 1\n';
    expect(tomlLineOf(text, ["connections", "x"])).toBe(4);
    expect(tomlLineOf(text, ["connections", "x", "headers", "X Y"])).toBe(5);
  });
});

test("what cannot be a profile is refused before anything is written", async () => {
  expect(await codeOf(addConnection("a b", { auth: "none" }, place()))).toBe("connect/bad-setting");
  expect(await codeOf(addConnection("offline", { auth: "none" }, place()))).toBe("connect/bad-setting");
  expect(await codeOf(addConnection("a", { secret: key }, place()))).toBe("connect/bad-setting");
  expect(await codeOf(addConnection("a", { secret: "keychain" }, { ...place(), secret: key }))).toBe(
    "connect/no-keychain",
  );
  expect(await codeOf(removeConnection("a", place()))).toBe("connect/not-a-profile");
  expect(await codeOf(stat(file()))).toBe("ENOENT");
  await addConnection("a", { auth: "none" }, place());
  expect(await codeOf(addConnection("a", { auth: "none" }, place()))).toBe("connect/exists");
  await addConnection("a", { auth: "none", project: "p" }, { ...place(), isReplacing: true });
  expect(await describeConnection("a", place())).toContainEqual(
    expect.objectContaining({ name: "project", value: "p" }),
  );
});

test("the environment comes before the profile, and each setting says where it comes from", async () => {
  await addConnection("my-work", { base_url: server.url, project: "p1" }, { ...place(), secret: key });
  env["CALLSQL_MY_WORK_PROJECT_ID"] = "p2";
  const rows = await describeConnection("my-work", place());
  const find = (name: string) => rows.find((row) => row.name === name);
  expect(find("project")).toMatchObject({ value: "p2", source: "environment CALLSQL_MY_WORK_PROJECT_ID" });
  expect(find("base_url")).toMatchObject({ value: server.url, source: `${file()}:4` });
  expect(find("auth")).toMatchObject({ value: "api-key", source: "default" });
  expect(find("key")?.value).toBe("****cdef");
  env["CALLSQL_MY_WORK_API_KEY"] = "another-key-of-the-environment";
  await using session = await openSession({ env, connection: "my-work" });
  await session.execute("CALL ModerateText('x')");
  expect(keysSent()).toEqual(["Bearer another-key-of-the-environment"]);
  expect(server.requests[0]?.headers["openai-project"]).toBe("p2");
});

test("a key of another service's variable goes nowhere", async () => {
  env["OPENAI_API_KEY"] = key;
  await addConnection("local", { base_url: server.url, auth: "none" }, place());
  await using session = await openSession({ env, connection: "local" });
  // The test server wants a key: what it got is all that counts.
  await codeOf(session.execute("CALL ModerateText('x')"));
  expect(keysSent()).toEqual([undefined]);
});

test("SHOW OPTIONS says where each value comes from", async () => {
  await addConnection(
    "w",
    { base_url: server.url, auth: "none", timeout: 7, models: { text: "m1" } },
    place(),
  );
  await using session = await openSession({ env: { ...env, CALLSQL_CONNECTION: "w" } });
  await session.execute("SET concurrency = 3");
  const rows = await (await session.execute("SHOW OPTIONS")).all();
  const find = (name: string) => rows.find((row) => row["option"] === name);
  expect(find("connection")).toMatchObject({ value: "w", source: "environment CALLSQL_CONNECTION" });
  expect(find("timeout")).toMatchObject({ value: 7, source: "connection w" });
  expect(find("text_model")).toMatchObject({ value: "m1", source: "connection w" });
  expect(find("concurrency")).toMatchObject({ value: 3, source: "set" });
  expect(find("drain")).toMatchObject({ source: "default" });
  await session.execute("SET timeout = 9; ");
  expect(
    (await (await session.execute("SHOW OPTIONS")).all()).find((r) => r["option"] === "timeout"),
  ).toMatchObject({
    value: 9,
    source: "set",
  });
});

test("SET connection sends the statements behind it somewhere else", async () => {
  await addConnection("one", { base_url: server.url }, { ...place(), secret: `${key}1` });
  await addConnection("two", { base_url: server.url }, { ...place(), secret: `${key}2` });
  await using session = await openSession({ env });
  await session.execute("CALL ModerateText('x')");
  await session.execute("SET connection = 'two'");
  await session.execute("CALL ModerateText('y')");
  await session.execute("RESET connection");
  await session.execute("CALL ModerateText('z')");
  expect(keysSent()).toEqual([1, 2, 1].map((end) => `Bearer ${key}${end}`));
  await session.execute("SET connection = 'three'");
  expect(await codeOf(session.execute("CALL ModerateText('x')"))).toBe("connect/unknown");
});

describe("a project's callsql.toml", () => {
  const project = (): string => join(folder, "project");
  const inProject = () => ({ env, folder: join(project(), "sub/folder") });

  beforeEach(async () => {
    await mkdir(inProject().folder, { recursive: true });
    await writeFile(
      join(project(), "callsql.toml"),
      "default = 'p'\n[connections.p]\nauth = 'none'\nbase_url = 'http://localhost:1'\n",
    );
  });

  test("is read only after consent, and not once its content has changed", async () => {
    expect(await defaultConnection(env, inProject().folder)).toBeUndefined();
    expect(await codeOf(checkConnection("p", inProject()))).toBe("connect/unknown");
    expect(await projectProfiles(inProject())).toMatchObject({ isTrusted: false });
    await trustProjectProfiles(inProject());
    expect((await defaultConnection(env, inProject().folder))?.name).toBe("p");
    await writeFile(join(project(), "callsql.toml"), "[connections.p]\nsecret = 'cmd:touch /tmp/x'\n");
    expect(await projectProfiles(inProject())).toMatchObject({ isTrusted: false });
    expect((await listConnections(inProject())).map(({ name }) => name)).toEqual(["offline"]);
  });

  test("comes before the user's own, and is not edited", async () => {
    await addConnection("p", { auth: "none", base_url: "http://localhost:2" }, place());
    await trustProjectProfiles(inProject());
    const rows = await describeConnection("p", inProject());
    expect(rows.find(({ name }) => name === "base_url")?.value).toBe("http://localhost:1");
    expect(await codeOf(removeConnection("p", inProject()))).toBe("connect/not-editable");
  });
});

test("connect test costs nothing: no model runs", async () => {
  await addConnection("w", { base_url: server.url }, { ...place(), secret: key });
  const check = await checkConnection("w", place());
  expect(check.models?.length).toBeGreaterThan(3);
  expect(check.endpoints.every(({ state }) => state === "answers")).toBe(true);
  expect(check.endpoints).toHaveLength(8);
  expect(server.charged).toBe(0);
});

test("connect test says that credentials are refused, or nobody is there", async () => {
  await addConnection("w", { base_url: server.url }, { ...place(), secret: "wrong-key-1234" });
  server.script(faults.unauthorized("wrong-key-1234"));
  expect(await codeOf(checkConnection("w", place()))).toBe("connect/refused");
  await addConnection("gone", { base_url: "http://127.0.0.1:1", auth: "none" }, place());
  expect(await codeOf(checkConnection("gone", place()))).toBe("connect/unreachable");
});

test("connect test says what else a service may do", async () => {
  await using busy = await startSmallServer({
    "/v1/models": [404, "404 page not found"],
    "/v1/responses": [503, '{"error": {"message": "overloaded"}}'],
    "/v1/embeddings": [429, '{"error": {"message": "slow down"}}'],
    "/v1/moderations": [200, "{}"],
  });
  await addConnection("w", { base_url: busy.url, auth: "none" }, place());
  const { models, modelsProblem, endpoints } = await checkConnection("w", { ...place(), timeoutMs: 5000 });
  expect(models).toBeUndefined();
  expect(modelsProblem).toContain("404");
  expect(Object.fromEntries(endpoints.map(({ endpoint, state }) => [endpoint, state]))).toMatchObject({
    responses: "unclear",
    embeddings: "unclear",
    moderations: "answers",
    "audio/speech": "missing",
  });
  await using moved = await startSmallServer({ "/v1/models": [302, "https://example.com/v1/models"] });
  await addConnection("moved", { base_url: moved.url, auth: "none" }, place());
  expect(await codeOf(checkConnection("moved", place()))).toBe("connect/redirect");
  expect(await codeOf(checkConnection("w", { ...place(), signal: AbortSignal.abort() }))).toBe(
    "call/cancelled",
  );
  await removeConnection("w", place());
  await removeConnection("moved", place());
  expect(await codeOf(checkConnection(undefined, place()))).toBe("connect/none");
});

test("the environment's key is a connection without a profile", async () => {
  const own = { ...place(), env: { ...env, OPENAI_API_KEY: key } };
  expect(await listConnections(own)).toMatchObject([
    { name: "openai", isDefault: true, place: "environment" },
    { name: "offline", isDefault: false, place: "shipped" },
  ]);
  expect((await describeConnection("openai", own)).find(({ name }) => name === "key")).toMatchObject({
    value: expect.stringMatching(/^\S+$/),
  });
  await addConnection("w", { base_url: server.url, secret: "env:NOT_THERE" }, { ...own, isDefault: true });
  await addConnection("other", { base_url: server.url, auth: "none" }, { ...own, isDefault: false });
  expect((await describeConnection("w", own)).find(({ name }) => name === "key")).toMatchObject({
    value: expect.stringContaining("NOT_THERE"),
    source: "env:NOT_THERE",
  });
  await setDefaultConnection("openai", own);
  expect((await listConnections(own)).find(({ isDefault }) => isDefault)?.name).toBe("openai");
  expect(await codeOf(setDefaultConnection("nobody", own))).toBe("connect/not-a-profile");
  await removeConnection("other", own);
  expect((await listConnections(own)).map(({ name }) => name)).toEqual(["openai", "w", "offline"]);
  expect((await listConnections(own)).find(({ isDefault }) => isDefault)?.name).toBe("openai");
});

test("a server that lacks an endpoint is told from one that lacks a model", async () => {
  await using small = await startSmallServer();
  await addConnection("w", { base_url: small.url, auth: "none" }, place());
  await using session = await openSession({ env });
  const codeOfCall = async (call: string): Promise<unknown> =>
    (await (await session.execute(`SELECT Error_Code FROM ${call}`)).first())?.["Error_Code"];
  expect(await codeOfCall("ModerateText('x')")).toBe("call/no-endpoint");
  expect(await codeOfCall("GetEmbeddings('x')")).toBe("call/http-error");
  const { endpoints, models } = await checkConnection("w", place());
  expect(models).toEqual(["small"]);
  expect(endpoints.filter(({ state }) => state === "answers").map(({ endpoint }) => endpoint)).toEqual([
    "responses",
    "embeddings",
  ]);
});

type SmallAnswers = Readonly<Record<string, readonly [status: number, body: string]>>;

/** Two endpoints, and a 404 for every model but its own. */
const smallAnswers: SmallAnswers = {
  "/v1/models": [200, '{"object": "list", "data": [{"id": "small"}]}'],
  "/v1/responses": [400, '{"error": {"message": "input is required"}}'],
  "/v1/embeddings": [404, '{"error": {"message": "model not found"}}'],
};

async function startSmallServer(answers = smallAnswers): Promise<{ url: string } & AsyncDisposable> {
  const http = createServer((request, response) => {
    const [status, body] = answers[request.url ?? ""] ?? [404, "404 page not found"];
    const contentType = body.startsWith("{") ? "application/json" : "text/plain";
    response.writeHead(status, {
      "content-type": contentType,
      ...(status === 302 ? { location: body } : {}),
    });
    response.end(body);
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const address = http.address();
  const port = typeof address === "object" ? address?.port : undefined;
  const close = async (): Promise<void> => {
    http.closeAllConnections();
    await new Promise((resolve) => http.close(resolve));
  };
  return { url: `http://127.0.0.1:${port}`, [Symbol.asyncDispose]: close };
}

test("one statement asks two services, each with its own key, model and defaults", async () => {
  await using other = await startOpenAIServer();
  await write(`
[connections.ours]
base_url = "${server.url}"
secret = "env:OURS"
[connections.theirs]
base_url = "${other.url}"
secret = "env:THEIRS"
timeout = 5
[connections.theirs.models]
text = "their-model"
[connections.theirs.parameters.GenerateResponse]
Temperature = 0.25
`);
  const keys = { OURS: "key-of-ours-0001", THEIRS: "key-of-theirs-02" };
  await using session = await openSession({ env: { ...env, ...keys }, connection: "ours" });
  const result = await session.execute(
    `SELECT c.column1 AS who, r.Model FROM (VALUES (NULL), ('theirs'), ('theirs'), ('ours')) c,
     GenerateResponse('same words', Connection => c.column1) r`,
  );
  expect((await result.all()).map(({ Model }) => Model)).toEqual([
    "gpt-6-luna",
    "their-model",
    "their-model",
    "gpt-6-luna",
  ]);
  expect(keysSent()).toEqual([`Bearer ${keys.OURS}`]);
  expect(other.requests.map(({ headers }) => headers["authorization"])).toEqual([`Bearer ${keys.THEIRS}`]);
  expect(other.requests[0]?.body).toMatchObject({ model: "their-model", temperature: 0.25 });
  expect(server.requests[0]?.body).not.toHaveProperty("temperature");
  const kept = await session.execute("SELECT DISTINCT connection FROM sys_calls ORDER BY 1");
  expect((await kept.all()).map(({ connection }) => connection)).toEqual(["ours", "theirs"]);
});
