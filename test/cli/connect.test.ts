/** `callsql connect`: flags, questions and what is shown. What profiles do is test/connection/profiles.test.ts. */
import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { main } from "../../src/cli/main.ts";
import { startOpenAIServer, type OpenAIServer } from "../support/openai-server.ts";
import { fakeTerminal, type FakeTerminalOptions } from "./support/terminal.ts";

const key = "sk-proj-canary0123456789abcdef";
let server: OpenAIServer;
let home: string;

beforeAll(async () => {
  server = await startOpenAIServer({ apiKey: key });
});
afterAll(() => server.close());
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "callsql-connect-"));
});

async function callsql(args: readonly string[], options: FakeTerminalOptions = {}) {
  const env = { HOME: home, PATH: process.env["PATH"] ?? "", CALLSQL_KEYCHAIN: "off", ...options.env };
  const terminal = fakeTerminal({ ...options, env });
  const code = await main(args, terminal);
  expect(terminal.out() + terminal.err()).not.toContain("canary");
  return { code, out: terminal.out(), err: terminal.err() };
}

const addWork = () =>
  callsql(["connect", "add", "work", "--base-url", server.url, "--secret-stdin"], { stdin: `${key}\n` });

test("added by flags, listed, shown with sources, tested, used, removed", async () => {
  const added = await addWork();
  expect(added).toMatchObject({ code: 0, out: "" });
  expect(added.err).toContain("is the default; its secret: in a file that only you can read");
  const listed = await callsql(["connections", "-o", "csv"]);
  expect(listed.out).toContain(`work,default,openai,${server.url},api-key,store,`);
  const shown = await callsql(["connect", "show", "-o", "csv"]);
  expect(shown.out).toMatch(/^base_url,http:.*connections\.toml:5$/m);
  expect(shown.out).toContain("key,****cdef,store");
  const tested = await callsql(["connect", "test", "work", "-o", "csv"]);
  expect(tested.code).toBe(0);
  expect(tested.out).toMatch(/^GenerateResponse,responses,answers,\d+,/m);
  expect(tested.err).toMatch(/work: http:.*\d+ ms; \d+ models: /);
  const used = await callsql(["-c", "SELECT Flagged FROM ModerateText('x')", "-o", "csv", "--no-ledger"]);
  expect(used).toMatchObject({ code: 0, out: expect.stringContaining("0") });
  expect(await callsql(["connect", "remove", "work"])).toMatchObject({ code: 0 });
  expect((await callsql(["connections", "-o", "csv"])).out).not.toContain("work");
});

test("a base URL of something else is tested with exit code 2, behind what it said", async () => {
  const baseUrl = new URL("/elsewhere", server.url).href;
  await callsql(["connect", "add", "work", "--base-url", baseUrl, "--secret-stdin"], { stdin: key });
  const tested = await callsql(["connect", "test", "work", "-o", "csv"]);
  expect(tested.code).toBe(2);
  expect(tested.out).toMatch(/^GenerateResponse,responses,missing,/m);
  expect(tested.err).toMatch(/connect\/no-api\]: the OpenAI API is not below http:\S+\/elsewhere: no list/);
});

test("every flag has its place in the profile", async () => {
  const flags =
    "--base-url https://h.example/x --auth token --secret env:T --organization o --project p --header X-A=b --api-version v --deployment m=d --ca-file /ca --attempt-timeout 3 --pack-max 4 --default-model text=t --default-parameter GenerateResponse.Temperature=0.2 --issuer https://i.example --client-id c --client-secret env:S --scope a --scope b --redirect-port 8400 --no-default";
  expect(await callsql(["connect", "add", "all", ...flags.split(" ")])).toMatchObject({ code: 0 });
  const text = await readFile(join(home, ".config/callsql/connections.toml"), "utf8");
  const lines = `[connections.all]
kind = "openai"
base_url = "https://h.example/x"
auth = "token"
secret = "env:T"
organization = "o"
project = "p"
api_version = "v"
ca_file = "/ca"
timeout = 3
pack_max = 4

[connections.all.headers]
X-A = "b"

[connections.all.deployments]
m = "d"

[connections.all.models]
text = "t"

[connections.all.parameters.GenerateResponse]
Temperature = 0.2

[connections.all.oauth]
issuer = "https://i.example"
client_id = "c"
client_secret = "env:S"
scopes = [ "a", "b" ]
redirect_port = 8_400
`;
  expect(text.replace("8400", "8_400")).toBe(lines);
});

describe("questions on a terminal", () => {
  test("ask for address, method and key; a test may follow", async () => {
    const { code, err } = await callsql(["connect", "add"], {
      isTTY: true,
      answers: ["mine", server.url, "1", key, "y"],
    });
    expect(code).toBe(0);
    expect(err).toContain("API key (not shown");
    expect(err).toContain("models:");
    const { out } = await callsql(["connect", "list", "--json"]);
    expect(JSON.parse(out)).toContainEqual(expect.objectContaining({ name: "mine", default: "default" }));
  });

  test("with flags ask for the key alone, and take a reference for one", async () => {
    const options = { isTTY: true, answers: ["env:MY_KEY"] };
    const { code, err } = await callsql(["connect", "add", "x", "--base-url", "http://localhost:1"], options);
    expect({ code, err }).toMatchObject({ code: 0, err: expect.stringContaining("its secret: env:MY_KEY") });
    expect((await callsql(["connect", "show", "x", "-o", "csv"])).out).toContain(
      "key,the environment has no MY_KEY,env:MY_KEY",
    );
  });

  test("ask a login's provider for OAuth, and again for what cannot be", async () => {
    const { code, err } = await callsql(["connect", "add"], {
      isTTY: true,
      answers: [
        "gate",
        "gateway.example",
        "https://gateway.example",
        "5",
        "4",
        "",
        "my-client",
        "login.example",
        "https://login.example",
        "a secret by itself",
        "env:CLIENT_SECRET",
        "",
        "n",
      ],
    });
    expect({ code, err }).toMatchObject({
      code: 0,
      err: expect.stringContaining("callsql connect login gate comes next"),
    });
    const { out } = await callsql(["connect", "show", "gate", "-o", "csv"]);
    for (const line of [
      "base_url,https://gateway.example",
      "auth,oauth",
      "oauth.issuer,https://login.example",
      "oauth.client_id,my-client",
      "oauth.client_secret,env:CLIENT_SECRET",
      "openid",
    ]) {
      expect(out).toContain(line);
    }
    expect(out).not.toContain("a secret by itself");
    const login = await callsql(["connect", "add"], {
      isTTY: true,
      answers: ["later", "http://127.0.0.1:1", "oauth", "c", "http://127.0.0.1:1", "", "openid", "y"],
    });
    expect(login.err).toContain("connect/login-failed");
  });

  test("what cannot be is said at once, and asked again", async () => {
    const { code, err } = await callsql(["connect", "add"], {
      isTTY: true,
      answers: ["Büro", "offline", "home", "127.0.0.1:8000", `${server.url}/responses`, server.url, "3"],
    });
    expect(code).toBe(0);
    expect(err).toMatch(/"Büro" cannot be a name: .*\n.*"offline" cannot be a name: /);
    expect(err).toMatch(
      /"base_url" cannot be used: it is not an absolute URL, which begins with http:|only http and https/,
    );
    expect(err).toMatch(/"base_url" cannot be used: it names an endpoint/);
    expect(err).toContain("home is in");
    const named = await callsql(["connect", "add", "Büro"], { isTTY: true, answers: [] });
    expect(named).toMatchObject({ code: 2, err: expect.stringContaining("connect/bad-setting") });
  });

  test("ask before a profile is lost", async () => {
    const first = await callsql(["connect", "add", "old", "--base-url", server.url, "--auth", "none"]);
    expect(first.code).toBe(0);
    const { code } = await callsql(["connect", "add"], {
      isTTY: true,
      answers: ["old", "n", "newer", server.url, "3"],
    });
    expect(code).toBe(0);
    const replaced = await callsql(["connect", "add", "old"], {
      isTTY: true,
      answers: ["y", "http://127.0.0.1:9", "none"],
    });
    expect(replaced.code).toBe(0);
    const { out } = await callsql(["connect", "list", "-o", "csv"]);
    expect(out).toMatch(/^newer,/m);
    expect(out).toMatch(/^old,.*http:\/\/127\.0\.0\.1:9/m);
  });

  test("who leaves in the middle has added nothing", async () => {
    const { code, err } = await callsql(["connect", "add"], { isTTY: true, answers: ["mine"] });
    expect({ code, err }).toMatchObject({ code: 0, err: expect.stringContaining("nothing was added") });
  });
});

test.each([
  [["connect", "add", "x", "--secret", key], "connect/key-in-arguments", 2],
  [["-c", `SET connection = '${key}'`], "connect/key-in-arguments", 2],
  [["connect", "add", "x", "--secret", "password"], "connect/bad-setting", 2],
  [["connect", "add", "x", "--base-url", "http://localhost"], "connect/needs-terminal", 2],
  [
    ["connect", "add", "x", "--auth", "none", "--base-url", "http://localhost/v1/responses"],
    "names an endpoint",
    2,
  ],
  [["connect", "add"], "connect/needs-terminal", 2],
  [["connect", "add", "x", "--secret-stdin"], "connect/no-secret-given", 2],
  [["connect", "add", "x", "--auth", "none", "--header", "oops"], "cli/not-an-assignment", 2],
  [["connect", "add", "x", "--auth", "none", "--pack-max", "many"], "cli/usage", 2],
  [["connect", "add", "x", "--bas-url", "y"], 'did you mean "--base-url"', 2],
  [["connect", "show", "nobody"], "connect/not-a-profile", 2],
  [["connect", "show"], "connect/none", 6],
  [["connect", "remove"], "cli/usage", 2],
  [["connect", "trust", "--yes"], "connect/no-project-file", 2],
])("%j is refused with %s", async (args, expected, expectedCode) => {
  const { code, err } = await callsql(args, { stdin: "" });
  expect(err).toContain(expected);
  expect(code).toBe(expectedCode);
});

test("a key in SQL text is refused and not shown, wherever the text comes from", async () => {
  const { code, err } = await callsql([], { stdin: `SELECT 1;\nSELECT '${key}'` });
  expect({ code, err }).toMatchObject({ code: 1, err: expect.stringContaining("session/key-in-text") });
});
