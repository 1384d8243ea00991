/** Scripts as people run them: files that read files, dry runs, summaries, saved media, a cap that is raised. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startOpenAIServer, type OpenAIServer } from "../support/openai-server.ts";
import { temporaryFolder } from "./support/folder.ts";
import { callsql, type Finished } from "./support/process.ts";

const folder = temporaryFolder();
let api: OpenAIServer;
beforeAll(async () => {
  api = await startOpenAIServer();
  folder.file(
    "main.sql",
    "CREATE TABLE t AS SELECT 'a' AS b UNION ALL SELECT 'b' UNION ALL SELECT 'c';\n.read inner.sql\nSELECT count(*) AS n FROM answers;\n",
  );
  folder.file(
    "inner.sql",
    "-- only a comment before\nCREATE TABLE answers AS SELECT b, GenerateResponse(b) AS answer FROM t;\n",
  );
});
afterAll(async () => {
  await api.close();
  folder.remove();
});

function run(...args: readonly string[]): Promise<Finished> {
  const env = {
    OPENAI_API_KEY: "sk-test",
    OPENAI_BASE_URL: api.url,
    HOME: folder.path,
    XDG_STATE_HOME: folder.path,
  };
  return callsql(args, { cwd: folder.path, env });
}

test("a script may read another, and --summary says what both did", async () => {
  const finished = await run("run", "main.sql", "--db", "read.db", "--summary", "read.json", "-o", "csv");
  expect(finished).toMatchObject({ code: 0, stdout: "n\n3\n" });
  expect(JSON.parse(readFileSync(join(folder.path, "read.json"), "utf8"))).toMatchObject({
    exit_code: 0,
    statements: 3,
    rows: 1,
    calls_made: 3,
    calls_failed: 0,
  });
});

test("a mistake in a file that was read names that file and its line", async () => {
  folder.file("wrong.sql", "SELECT 1;\n\n.read broken.sql\n");
  folder.file("broken.sql", "\nSELECT GenerateResponse();\n");
  const { code, stderr } = await run("run", "wrong.sql");
  expect(code).toBe(1);
  expect(stderr).toContain("broken.sql:2:8");
});

test("a line .read inside a statement is SQLite's to judge, and quotes around the name are dropped", async () => {
  folder.file("quoted.sql", "SELECT '\n.read nothing.sql\n' AS text;\n.read 'one two.sql'\n");
  folder.file("one two.sql", "SELECT 2 AS two;\n");
  const { code, stdout } = await run("run", "quoted.sql", "-o", "csv");
  expect({ code, stdout }).toEqual({ code: 0, stdout: 'text\n"\n.read nothing.sql\n"\n\ntwo\n2\n' });
});

test.each([
  ["a script that reads itself", ".read cycle.sql\n", "cli/include-cycle"],
  ["a script that is not there", ".read none.sql\n", "cli/unreadable-file"],
])("%s is an error before anything runs", async (_, text, error) => {
  folder.file("cycle.sql", `SELECT 1;\n${text}`);
  const { code, stdout, stderr } = await run("run", "cycle.sql");
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toContain(error);
});

test("--dry-run says what each statement would call, sends nothing and leaves the database as it was", async () => {
  const sent = api.requests.length;
  const { code, stdout, stderr } = await run(
    "run",
    "main.sql",
    "--db",
    "dry.db",
    "--dry-run",
    "-o",
    "ndjson",
  );
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    statement: 2,
    procedure: "GenerateResponse",
    calls: 3,
    bound: "exact",
  });
  expect(stderr).toMatch(/dry run: 3 calls, 3 requests, .*nothing was sent/);
  expect(api.requests.length).toBe(sent);
  const tables = await run("dry.db", "-c", "SELECT count(*) AS n FROM sqlite_schema", "-o", "csv");
  expect(tables.stdout).toBe("n\n0\n");
});

test("--dry-run tells of a statement that would not run", async () => {
  const { code, stderr } = await run("--dry-run", "-c", "SELECT GenerateResponse(x) FROM missing");
  expect(code).toBe(1);
  expect(stderr).toContain("no such table: missing");
});

test("a script that a cap stopped goes on when the cap is raised", async () => {
  const stopped = await run("run", "main.sql", "--db", "cap.db", "--max-calls", "2");
  expect(stopped.code).toBe(4);
  const sent = api.requests.length;
  const finished = await run("run", "main.sql", "--db", "cap.db", "--max-calls", "10", "-o", "csv");
  expect(finished).toMatchObject({ code: 0, stdout: "n\n3\n" });
  expect(api.requests.length - sent).toBe(1);
});

test("an import that a stopped run had done is not done again, and that is said", async () => {
  folder.file("people.csv", "id,name\n1,Ada\n");
  folder.file(
    "people.sql",
    "SELECT GenerateResponse(name) AS said FROM people; SELECT GenerateResponse(name || '!') FROM people;",
  );
  const again = ["run", "people.sql", "--db", "people.db", "--import", "people=people.csv"];
  const stopped = await run(...again, "--max-calls", "1");
  expect(stopped).toMatchObject({ code: 4, stderr: expect.stringContaining("1 row imported into people") });
  expect(stopped.stderr).toMatch(/raise max_calls and run it again \(callsql run goes on by itself/);
  const finished = await run(...again);
  expect(finished).toMatchObject({ code: 0 });
  expect(finished.stderr).toContain(
    "people was imported before this run stopped: people.csv is not read again",
  );
});

test("--save-media into a folder that cannot be made is an error before anything is asked", async () => {
  const before = api.requests.length;
  const { code, stderr } = await run("-c", "CALL GenerateResponse('x')", "--save-media", "/proc/callsql/out");
  expect(code).toBe(2);
  expect(stderr).toContain("cli/unwritable-file");
  expect(api.requests).toHaveLength(before);
});

test("--save-media writes BLOBs by column and row, with the ending of what they are", async () => {
  const command = "SELECT GenerateImage('a ' || value) AS picture FROM json_each('[1,2]')";
  const { code, stderr } = await run("-c", command, "--save-media", "out", "-o", "csv");
  expect(code).toBe(0);
  expect(stderr).toContain("2 files in out");
  for (const row of [1, 2]) {
    const bytes = readFileSync(join(folder.path, `out/picture-${row}.png`));
    expect(bytes.subarray(1, 4).toString()).toBe("PNG");
  }
});

test("a parameter that nothing binds is mentioned", async () => {
  const { code, stderr } = await run("-c", "SELECT :Text AS text", "-p", "Text=a", "-p", "Txt=b");
  expect(code).toBe(0);
  expect(stderr).toMatch(/cli\/unused-parameter.*"Txt"\n.*did you mean "Text"/);
});

test("--max-cost and --max-rows behind serve token create are the token's, and nothing else is", async () => {
  const created = await run("serve", "token", "create", "capped", "--max-cost", "1.5", "--max-rows", "7");
  expect(created.code).toBe(0);
  await run("serve", "token", "create", "free");
  const { stdout } = await run("serve", "token", "list");
  expect(stdout).toMatch(/^capped {2}createdAt=\S+ {2}maxCost=1\.5 {2}maxRows=7$/m);
  expect(stdout).toMatch(/^free {2}createdAt=\S+$/m);
});
