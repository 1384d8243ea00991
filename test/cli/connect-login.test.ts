/** `callsql connect login`, `logout`, `default` and `trust`: what is said, what is asked and what is opened. */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { main } from "../../src/cli/main.ts";
import { Browser } from "../connection/support/browser.ts";
import { newProvider } from "../connection/support/provider.ts";
import { fakeTerminal, type FakeTerminal, type FakeTerminalOptions } from "./support/terminal.ts";

let http: Server;
let issuer: string;
let home: string;

beforeAll(async () => {
  http = createServer();
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const address = http.address();
  issuer = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
  const handle = newProvider(issuer).callback();
  http.on("request", (request, response) => void handle(request, response));
});
afterAll(async () => {
  http.closeAllConnections();
  await new Promise((resolve) => http.close(resolve));
});
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "callsql-login-"));
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

function terminalOf(options: FakeTerminalOptions = {}): FakeTerminal {
  return fakeTerminal({ ...options, env: { HOME: home, CALLSQL_KEYCHAIN: "off" } });
}

async function callsql(args: readonly string[], options: FakeTerminalOptions = {}) {
  const terminal = terminalOf(options);
  const code = await main(args, terminal);
  return { code, out: terminal.out(), err: terminal.err() };
}

async function addWork(): Promise<void> {
  const flags = ["--base-url", "http://127.0.0.1:1", "--issuer", issuer, "--client-id", "callsql"];
  const added = await callsql([
    "connect",
    "add",
    "work",
    ...flags,
    "--scope",
    "openid",
    "--scope",
    "offline_access",
  ]);
  expect(added).toMatchObject({ code: 0, err: expect.stringContaining("connect login work comes next") });
}

/** A program that opens addresses, and what it was given. */
function browserCommand(): () => string {
  const opened = join(home, "opened");
  for (const name of ["xdg-open", "open"]) {
    writeFileSync(
      join(home, name),
      `#!/bin/sh\nprintf %s "$1" > '${opened}.part' && mv '${opened}.part' '${opened}'\n`,
    );
    chmodSync(join(home, name), 0o755);
  }
  vi.stubEnv("PATH", `${home}${delimiter}${process.env["PATH"] ?? ""}`);
  return () => (existsSync(opened) ? readFileSync(opened, "utf8") : "");
}

/** What stands behind `open ` on the screen. */
function addressOn(terminal: FakeTerminal): string {
  return /^open (http\S+)/m.exec(terminal.err())?.[1] ?? "";
}

describe("a login", () => {
  test("opens the browser on the address that it prints, and logging out ends it", async () => {
    await addWork();
    const opened = browserCommand();
    const terminal = terminalOf();
    const login = main(["connect", "login", "work"], terminal);
    await vi.waitFor(() => expect(opened()).toMatch(/^http/), { timeout: 30_000 });
    expect(opened()).toBe(addressOn(terminal));
    await new Browser().agree(opened());
    expect(await login).toBe(0);
    expect(terminal.err()).toContain("logged in to work");
    const logout = await callsql(["connect", "logout", "work"]);
    expect(logout).toMatchObject({ code: 0, err: expect.stringContaining("work is logged out") });
    const call = await callsql(["-c", "CALL ModerateText('x')", "--connection", "work", "--no-ledger"]);
    expect(call).toMatchObject({ code: 6, err: expect.stringContaining("callsql connect login work") });
  });

  test("only prints the address where no browser is wanted, or nobody sits", async () => {
    await addWork();
    const opened = browserCommand();
    for (const [flags, stdin] of [[["--no-browser"]], [[], ""]] as const) {
      const terminal = terminalOf(stdin === undefined ? {} : { stdin });
      const login = main(["connect", "login", "work", ...flags], terminal);
      await vi.waitFor(() => expect(addressOn(terminal)).not.toBe(""), { timeout: 30_000 });
      await new Browser().agree(addressOn(terminal));
      expect(await login).toBe(0);
    }
    expect(opened()).toBe("");
  });

  test("by a code names the address and the code, and opens nothing", async () => {
    await addWork();
    const opened = browserCommand();
    const terminal = terminalOf();
    const login = main(["connect", "login", "work", "--device"], terminal);
    const said = /^open (http\S+) and enter the code (\S+)$/m;
    await vi.waitFor(() => expect(terminal.err()).toMatch(said), { timeout: 30_000 });
    const [, url = "", userCode = ""] = said.exec(terminal.err()) ?? [];
    await new Browser().agree(`${url}?user_code=${userCode}`);
    expect(await login).toBe(0);
    expect(opened()).toBe("");
  });

  test("is left with Ctrl-C, with the exit code of a shell", async () => {
    await addWork();
    const terminal = terminalOf();
    const login = main(["connect", "login", "work", "--no-browser"], terminal);
    await vi.waitFor(() => expect(addressOn(terminal)).not.toBe(""), { timeout: 30_000 });
    terminal.signal("SIGINT");
    expect(await login).toBe(130);
    expect(terminal.err()).not.toContain("logged in");
  });
});

test("connect default says which connection it is now, and show takes --connection", async () => {
  for (const name of ["one", "two"])
    await callsql(["connect", "add", name, "--base-url", "http://127.0.0.1:1", "--auth", "none"]);
  const chosen = await callsql(["connect", "default", "two"]);
  expect(chosen).toMatchObject({
    code: 0,
    err: expect.stringContaining("two is the default connection now"),
  });
  expect((await callsql(["connections", "-o", "csv"])).out).toMatch(/^two,default,/m);
  expect((await callsql(["connect", "show", "--connection", "one", "-o", "csv"])).out).toContain(
    "http://127.0.0.1:1",
  );
});

describe("a project's file", () => {
  beforeEach(() => {
    const project = join(home, "project");
    mkdirSync(project);
    writeFileSync(
      join(project, "callsql.toml"),
      "[connections.p]\nauth = 'none'\nbase_url = 'http://127.0.0.1:1'\n",
    );
    vi.spyOn(process, "cwd").mockReturnValue(project);
  });

  test("is shown, asked about and read after a yes alone", async () => {
    const before = await callsql(["connections", "-o", "csv"]);
    expect(before.err).toContain("is not read: callsql connect trust shows it and asks");
    for (const answers of [["n"], []]) {
      const refused = await callsql(["connect", "trust"], { answers });
      expect(refused.err).toContain("base_url = 'http://127.0.0.1:1'");
      expect(refused.err).toContain("it is not read");
    }
    expect((await callsql(["connections", "-o", "csv"])).out).not.toContain("p,");
    const agreed = await callsql(["connect", "trust"], { answers: ["yes"] });
    expect(agreed).toMatchObject({ code: 0, err: expect.stringContaining("is read from now on") });
    const after = await callsql(["connections", "-o", "csv"]);
    expect(after.out).toMatch(/^p,/m);
    expect(after.err).not.toContain("is not read");
  });

  test("is asked about no more once it is trusted, and never where nobody sits", async () => {
    const piped = await callsql(["connect", "trust"], { stdin: "yes\n" });
    expect(piped).toMatchObject({ code: 2, err: expect.stringContaining("consent (--yes)") });
    await callsql(["connect", "trust", "--yes"], { stdin: "" });
    const again = await callsql(["connect", "trust"], { stdin: "" });
    expect(again).toMatchObject({ code: 0, err: expect.stringContaining("is read from now on") });
  });
});

describe("a test of a connection", () => {
  async function tested(models: object | undefined): Promise<string> {
    const server = createServer((request, response) => {
      const isList = request.url?.endsWith("/models") === true;
      response.writeHead(isList && models !== undefined ? 200 : 404, { "content-type": "application/json" });
      response.end(
        JSON.stringify(isList && models !== undefined ? models : { error: { message: "no such path" } }),
      );
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const url = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}/v1`;
    await callsql(["connect", "add", "bare", "--base-url", url, "--auth", "none", "--replace"]);
    const { err } = await callsql(["connect", "test", "--connection", "bare", "-o", "csv"]);
    server.close();
    return err;
  }

  test("names the models, the first eight of many, or says that there is no list", async () => {
    const data = ["a", "b"].map((id) => ({ id, object: "model" }));
    expect(await tested({ object: "list", data })).toMatch(/2 models: a, b\n/);
    const many = Array.from({ length: 12 }, (_, index) => ({ id: `m${10 + index}`, object: "model" }));
    expect(await tested({ object: "list", data: many })).toMatch(/12 models: m10, .*m17, …/);
    expect(await tested(undefined)).toContain("it lists no models (");
  });
});

describe("questions", () => {
  const settings = async (answers: readonly string[], ...flags: string[]): Promise<string> => {
    const added = await callsql(["connect", "add", ...flags], { isTTY: true, answers });
    expect(added.code).toBe(0);
    return readFileSync(join(home, ".config/callsql/connections.toml"), "utf8");
  };

  test("an empty answer is what the question offers; OpenAI is asked for organization and project", async () => {
    expect(await settings(["", "", "", "", "", "env:KEY", "n"])).toMatch(/^\[connections\.openai\]$/m);
    const text = await settings(["mine", "", "1", "org-1", "proj-1", "env:KEY", "n"]);
    expect(text).toMatch(/\[connections\.mine\][^[]*organization = "org-1"\nproject = "proj-1"/);
  });

  test("a bearer token is asked for as such, and no secret for models on this machine", async () => {
    const terminal = terminalOf({ isTTY: true, answers: ["sa-token"] });
    await main(["connect", "add", "t", "--base-url", "http://127.0.0.1:1", "--auth", "token"], terminal);
    expect(terminal.err()).toContain("Token (not shown");
    const local = terminalOf({ isTTY: true, answers: [] });
    expect(await main(["connect", "add", "here", "--kind", "offline"], local)).toBe(0);
    expect(local.err()).not.toContain("not shown");
  });
});
