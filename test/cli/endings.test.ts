/** How commands end: by a bug of ours, in the middle of a file or of a result, with results that go to odd places. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type Library } from "../../src/cli/main.ts";
import { procedures } from "../../src/index.ts";
import { TokenStore } from "../../src/server/tokens.ts";
import { faults, startOpenAIServer, type OpenAIServer } from "../support/openai-server.ts";
import { typedIn } from "./repl/support/typed.ts";
import { type Ended, serviceEnv, runCommand } from "./support/command.ts";
import { type FakeTerminalOptions } from "./support/terminal.ts";

let server: OpenAIServer;
beforeAll(async () => {
  server = await startOpenAIServer();
});
afterEach(() => server.reset());
afterAll(() => server.close());

const folder = mkdtempSync(join(tmpdir(), "callsql-endings-"));
const inFolder = (name: string, content: string): string => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};

const callsql = async (
  args: readonly string[],
  options: FakeTerminalOptions = {},
  library?: Library,
): Promise<Ended> => runCommand(args, { ...options, env: serviceEnv(folder, server.url) }, library);

test.each([
  ["an error", new TypeError("x is not a function"), /internal\/bug.*x is not a function.*at /s],
  ["something that is no error", "all wrong", /internal\/bug.*all wrong/s],
])("%s that nobody foresaw is a bug of ours, and says so", async (_, thrown, said) => {
  const broken: Library = { procedures, openSession: () => Promise.reject(thrown) };
  expect(await callsql(["-c", "SELECT 1"], {}, broken)).toMatchObject({
    code: 1,
    err: expect.stringMatching(said),
  });
});

test("a file of rows that goes wrong in its middle ends the run where it does", async () => {
  const rows = inFolder("bent.csv", "id\n1\n2,3\n");
  const { code, err } = await callsql([
    "--params",
    rows,
    "-c",
    "SELECT :id AS n",
    "--no-ledger",
    "-o",
    "csv",
  ]);
  expect(code).toBe(2);
  expect(err).toContain("bent.csv:3");
});

describe("results", () => {
  test.each(["json", "box", "parquet"])(
    "as %s that break off at their first row are none",
    async (format) => {
      const failing = ["-c", "SELECT abs(-9223372036854775807 - 1) AS a", "-o", format, "--no-ledger"];
      const { code, out, err } = await callsql(failing);
      expect({ code, out }).toEqual({ code: 1, out: "" });
      expect(err).toContain("integer overflow");
    },
  );

  test("go to a device as to a file, and long ones arrive whole", async () => {
    const long = "SELECT printf('%.100000c', 'x') AS x";
    expect(await callsql(["-c", long, "--output", "/dev/null", "--no-ledger"])).toMatchObject({
      code: 0,
      out: "",
    });
    const file = join(folder, "long.csv");
    await callsql(["-c", long, "--output", file, "--no-ledger"]);
    expect(readFileSync(file, "utf8")).toBe(`x\n${"x".repeat(100_000)}\n`);
  });
});

test("a script may come from standard input, and an import that fails ends --jobs before they begin", async () => {
  expect(await callsql(["run", "-", "-o", "csv"], { stdin: "SELECT 1 AS n" })).toMatchObject({
    code: 0,
    out: "n\n1\n",
  });
  const scripts = ["a.sql", "b.sql"].map((name) => inFolder(name, "SELECT 1"));
  const jobs = [
    "run",
    ...scripts,
    join(folder, "j.db"),
    "--jobs",
    "2",
    "--import",
    `t=${join(folder, "none.csv")}`,
  ];
  expect(await callsql(jobs)).toMatchObject({
    code: 2,
    out: "",
    err: expect.stringContaining("cli/unreadable-file"),
  });
});

test("a pipe with dot-commands says what its calls took, and ends with 5 where some failed", async () => {
  server.script(faults.contentPolicy({ times: 1 }));
  const stdin = ".mode csv\nSELECT ModerateText('a') AS v;\nSELECT ModerateText('b') AS v;\n";
  const { code, err } = await callsql(["--no-ledger"], { stdin });
  expect(code).toBe(5);
  expect(err).toMatch(/2 statements, 2 calls made, 1 failed/);
});

test.each([
  [["--default-parameter", "Temperature=1"], "Temperature"],
  [["--default-parameter", "A.B.C=1"], "A.B.C"],
])("a default %j that names no parameter of a procedure is refused", async (flags, said) => {
  const refused = await callsql([
    "connect",
    "add",
    "x",
    "--base-url",
    server.url,
    "--auth",
    "none",
    ...flags,
  ]);
  expect(refused).toMatchObject({ code: 2, err: expect.stringContaining(said) });
});

test("a default may be a text, and models are those of the connection that is named", async () => {
  const flags = [
    "--auth",
    "none",
    "--no-default",
    "--default-parameter",
    "GenerateResponse.Instructions=Be short.",
  ];
  expect((await callsql(["connect", "add", "brief", "--base-url", server.url, ...flags])).code).toBe(0);
  await callsql(["-c", "CALL GenerateResponse('x')", "--connection", "brief", "--no-ledger"]);
  expect(server.requests.at(-1)?.body).toMatchObject({ instructions: "Be short." });
  expect(await callsql(["models", "--connection", "brief"])).toMatchObject({ code: 0 });
});

test("a token file that has gone holds none, a folder in its place is none", () => {
  const file = join(folder, "tokens.json");
  const store = new TokenStore(file);
  store.create("x", {});
  rmSync(file);
  expect(store.list()).toEqual([]);
  mkdirSync(file);
  expect(() => new TokenStore(file).list()).toThrow(/it cannot be read/);
});

describe("at the prompt", () => {
  test("NULL is listed as such, a run is looked up by its number, and the timer shows itself", async () => {
    const lines = [".param set n json:null", "set :own = null;", ".param list", ".runs 7", ".show"];
    const { out, err } = await typedIn(folder, lines);
    expect(out).toMatch(/:own {2}null {2}\S*\n:n {2}null {2}/);
    expect(out).toContain("timer: on");
    expect(err).toContain("none");
  });

  test("a key in the environment is a connection, and models of one's own are known", async () => {
    const models = inFolder(
      "models.json",
      '{"asOf": "2026-11-22", "models": [{"id": "house-1", "pattern": "^house-1$", "endpoints": ["responses"], "prices": []}]}',
    );
    const env = { OPENAI_API_KEY: "sk-test-1234", OPENAI_BASE_URL: server.url };
    const ask = "select model from sys_models where model = 'house-1';";
    const { out } = await typedIn(folder, [".connection", ".mode list", ask], ["--models", models], env);
    expect(out).toBe("openai\nhouse-1\n");
  });

  test("a value of many lines is cut where the result is a table", async () => {
    const lines = "'1'" + Array.from({ length: 11 }, (_, index) => ` || char(10) || '${index + 2}'`).join("");
    const { out, err } = await typedIn(folder, [".mode table", `select ${lines} as many, 1 as one;`]);
    expect(out).toContain("…");
    expect(out).not.toContain("12");
    expect(err).toContain("1 value cut to fit");
  });
});
