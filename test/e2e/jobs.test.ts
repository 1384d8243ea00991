/** `callsql run … --jobs N`: files side by side, in processes of their own, with their results in order. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { faults, startOpenAIServer, type OpenAIServer } from "../support/openai-server.ts";
import { temporaryFolder } from "./support/folder.ts";
import { startCallsql, type Finished, type Running } from "./support/process.ts";

const folder = temporaryFolder();
let api: OpenAIServer;
beforeAll(async () => {
  api = await startOpenAIServer();
  for (const name of ["a", "b", "c"]) {
    folder.file(
      `${name}.sql`,
      `CREATE TABLE ${name}(x);\nINSERT INTO ${name} SELECT GenerateResponse('${name}');\nSELECT '${name}' AS file, count(*) AS n FROM ${name};\n`,
    );
  }
  folder.file("wrong.sql", "SELECT 1 AS one;\nSELECT nothing;\n");
});
afterEach(() => api.reset());
afterAll(async () => {
  await api.close();
  folder.remove();
});

function start(...args: readonly string[]): Running {
  const env = {
    OPENAI_API_KEY: "sk-test",
    OPENAI_BASE_URL: api.url,
    HOME: folder.path,
    XDG_STATE_HOME: folder.path,
    TMPDIR: folder.path,
  };
  return startCallsql(["run", "-o", "csv", ...args], { cwd: folder.path, env });
}

function run(...args: readonly string[]): Promise<Finished> {
  return start(...args).finished;
}

const leftovers = (): string[] => folder.names().filter((name) => name.startsWith("callsql-jobs"));

test("calls of files that run side by side are in flight together, results come in the files' order, and a summary has each", async () => {
  api.script(faults.delay(60_000, { times: 3 }));
  const running = start("c.sql", "a.sql", "b.sql", "all.db", "--jobs", "3", "--summary", "sum.json");
  await vi.waitFor(() => expect(api.inFlight).toBe(3), { timeout: 30_000 });
  running.child.kill("SIGINT");
  expect(await running.finished).toMatchObject({ code: 130, stdout: "" });
  const again = await run("c.sql", "a.sql", "b.sql", "all.db", "--jobs", "2", "--summary", "sum.json");
  expect(again).toMatchObject({ code: 0, stdout: "file,n\nc,1\n\nfile,n\na,1\n\nfile,n\nb,1\n" });
  // Each file is a run of its own, which goes on.
  expect(again.stderr).toMatch(/^a\.sql \| run \d+ goes on/m);
  expect(JSON.parse(readFileSync(join(folder.path, "sum.json"), "utf8"))).toMatchObject({
    exit_code: 0,
    calls_made: 3,
    files: { "a.sql": { calls_made: 1 }, "b.sql": { rows: 1 }, "c.sql": { exit_code: 0 } },
  });
  expect(leftovers()).toEqual([]);
});

test("behind a file that failed none begins, unless --keep-going; the exit code is the worst", async () => {
  const stopped = await run("wrong.sql", "a.sql", "stop.db", "--jobs", "1");
  expect(stopped).toMatchObject({ code: 1, stdout: "one\n1\n" });
  expect(stopped.stderr).toContain("wrong.sql | error[sql/error]");
  expect(stopped.stderr).toContain("1 file not begun");
  expect(api.requests).toHaveLength(0);
  const on = await run("wrong.sql", "a.sql", "stop.db", "--jobs", "1", "--keep-going", "--output", "on.csv");
  expect(on).toMatchObject({ code: 1, stdout: "" });
  expect(readFileSync(join(folder.path, "on.csv"), "utf8")).toBe("one\n1\n\nfile,n\na,1\n");
});

test("a cap is for all files: each gets its part", async () => {
  folder.file("many.sql", "SELECT GenerateResponse(value) AS r FROM json_each('[1,2,3]');\n");
  folder.file("more.sql", "SELECT GenerateResponse(value) AS r FROM json_each('[4,5,6]');\n");
  const capped = await run("many.sql", "more.sql", "--jobs", "2", "--max-calls", "4", "--fresh");
  expect(capped.code).toBe(4);
  expect(api.requests).toHaveLength(4);
});

test("an import comes first, once, and every file has it", async () => {
  folder.file("t.csv", "x\n1\n2\n");
  folder.file("sum1.sql", "SELECT sum(x) AS s FROM t;\n");
  folder.file("sum2.sql", "SELECT sum(x) + 1 AS s FROM t;\n");
  const finished = await run("sum1.sql", "sum2.sql", "import.db", "--jobs", "2", "--import", "t=t.csv");
  expect(finished).toMatchObject({ code: 0, stdout: "s\n3\n\ns\n4\n" });
  expect(finished.stderr.match(/imported/g)).toHaveLength(1);
});

test("without --jobs files share a session: variables and a transaction go on from one to the next", async () => {
  folder.file("first.sql", "CREATE TABLE v(x); SET :x = 7; BEGIN; INSERT INTO v VALUES (:x);\n");
  folder.file("second.sql", "INSERT INTO v VALUES (:x + 1); COMMIT; SELECT * FROM v;\n");
  expect(await run("first.sql", "second.sql", "shared.db")).toMatchObject({
    code: 0,
    stdout: "x\n7\n8\n",
    stderr: "",
  });
  const apart = await run("first.sql", "second.sql", "apart.db", "--jobs", "1");
  expect(apart).toMatchObject({ code: 1 });
  expect(apart.stderr).toContain("first.sql | warning[cli/open-transaction]");
  expect(apart.stderr).toContain("bind/missing-bind");
});

test.each([
  [["a.sql", "b.sql", "--jobs", "0"], "cli/usage"],
  [["a.sql", "none.sql", "--jobs", "2"], "cli/unreadable-file"],
  [["a.sql", "-", "--jobs", "2"], "cli/usage"],
  [["a.sql", "b.sql", "--jobs", "2", "--format", "parquet"], "cli/one-result"],
])("%j is said before anything runs", async (args, code) => {
  const finished = await run(...args);
  expect(finished).toMatchObject({ code: 2, stdout: "" });
  expect(finished.stderr).toContain(code);
  expect(leftovers()).toEqual([]);
});

test("parameters, settings and the record that the command names are each file's, and what is no cap is not divided", async () => {
  folder.file("values.json", '{"a": 1}');
  folder.file("asks.sql", "SELECT :a + :b AS n; SELECT GenerateResponse('recorded there') AS r;\n");
  folder.file("shows.sql", "SELECT :a * :b AS n; SELECT value FROM (SELECT 1) JOIN (SELECT 'x' AS value);\n");
  const flags = ["--params", "values.json", "-p", "b=2", "--ledger", "own-ledger.db", "--fresh"];
  const caps = ["--max-cost", "2", "--set", "concurrency=3", "--set", "max_calls=9"];
  const finished = await run("asks.sql", "shows.sql", "--jobs", "2", ...flags, ...caps);
  expect(finished).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^n\n3\n\nr\n.*\n\nn\n2\n\nvalue\nx\n$/s),
  });
  expect(folder.names()).toContain("own-ledger.db");
});

test("a file that is not begun has no part in the summary; SIGTERM ends those that run", async () => {
  const stopped = await run("wrong.sql", "a.sql", "--jobs", "1", "--summary", "left.json");
  expect(stopped.code).toBe(1);
  const summary = JSON.parse(readFileSync(join(folder.path, "left.json"), "utf8")) as { files: object };
  expect(Object.keys(summary.files)).toEqual(["wrong.sql"]);
  api.script(faults.delay(60_000, { times: 2 }));
  const running = start("a.sql", "b.sql", "--jobs", "2", "--fresh", "--no-ledger");
  await vi.waitFor(() => expect(api.inFlight).toBe(2), { timeout: 30_000 });
  running.child.kill("SIGTERM");
  expect(await running.finished).toMatchObject({ code: 143 });
});
