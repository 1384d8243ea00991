/**
 * The command line as a shell runs it: bin/callsql.js over dist/ (npm test builds it first), in child processes.
 * Exit codes, streams, files, signals, and every bad input with its code.
 */
import { chmodSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { faults, startOpenAIServer, type OpenAIServer } from "../support/openai-server.ts";
import { temporaryFolder } from "./support/folder.ts";
import { callsql, runShell, startCallsql, type Finished } from "./support/process.ts";

const key = "sk-proj-canary0123456789abcdef";
const folder = temporaryFolder();
const at = (name: string): string => join(folder.path, name);

let server: OpenAIServer;
beforeAll(async () => {
  server = await startOpenAIServer();
});
afterEach(() => server.reset());
afterAll(async () => {
  await server.close();
  folder.remove();
});

const env = (): Record<string, string> => ({ OPENAI_API_KEY: key, OPENAI_BASE_URL: server.url });
const call = "CALL GenerateResponse('hello')";

describe("texts come", () => {
  test("from -c, several times, into one session", async () => {
    const run = await callsql([
      "-c",
      "CREATE TABLE t(x)",
      "-c",
      "INSERT INTO t VALUES (1), (2)",
      "-c",
      "SELECT x FROM t",
      "-o",
      "csv",
    ]);
    expect(run).toEqual({ code: 0, signal: null, stdout: "x\n1\n2\n", stderr: "" });
  });

  test("from a file: run FILE.sql, with a byte order mark and CRLF", async () => {
    const file = folder.file("bom.sql", "\ufeffSELECT 1 AS one;\r\n-- äöü\r\nSELECT 'a\r\nb' AS two\r\n");
    const run = await callsql(["run", file, "-o", "json"]);
    expect(run).toMatchObject({ code: 0, stderr: "" });
    expect(run.stdout).toContain('"one": 1'.replace(" ", ""));
    expect(run.stdout).toContain(String.raw`a\r\nb`);
  });

  test("from standard input", async () => {
    const piped = await callsql(["-o", "csv"], { stdin: "SELECT 'piped' AS x;\n" });
    expect(piped).toMatchObject({ code: 0, stdout: "x\npiped\n" });
    const named = await callsql(["-", at("stdin.db"), "-o", "csv"], { stdin: "SELECT 2 AS x" });
    expect(named).toMatchObject({ code: 0, stdout: "x\n2\n" });
    expect(await callsql([], { stdin: "" })).toMatchObject({ code: 0, stdout: "", stderr: "" });
  });

  test("and work on a database that stays", async () => {
    const database = at("stays.db");
    await callsql(["-c", "CREATE TABLE t AS SELECT 42 AS x", database]);
    expect(await callsql(["-c", "SELECT x FROM t", database, "-o", "tsv"])).toMatchObject({
      stdout: "x\n42\n",
    });
    const write = await callsql(["-c", "INSERT INTO t VALUES (1)", database, "--readonly"]);
    expect(write).toMatchObject({ code: 1, stdout: "" });
  });
});

describe("parameters and files", () => {
  test("-p is typed: text, number, bytes, JSON", async () => {
    const file = folder.file("bytes.bin", new Uint8Array([0, 255, 10]));
    const sql =
      "SELECT typeof(:a) AS a, typeof(:b) AS b, typeof(:c) AS c, typeof(:d) AS d, hex(:e) AS e, typeof(:f) AS f";
    const given = ["a=x", "b=42", "c=1.5", "d=json:null", `e=@${file}`, 'f=json:"42"'];
    const run = await callsql(["-c", sql, "-o", "csv", ...given.flatMap((text) => ["-p", text])]);
    expect(run.stdout).toBe("a,b,c,d,e,f\ntext,integer,real,null,00FF0A,text\n");
  });

  test("a value reaches the API as the parameter", async () => {
    const run = await callsql(
      ["-c", "CALL GenerateResponse(:Message)", "-p", "Message=it's", "-o", "ndjson"],
      { env: env() },
    );
    expect(run.code).toBe(0);
    expect(server.requests[0]?.body).toMatchObject({ input: "it's" });
    expect(JSON.parse(run.stdout)).toMatchObject({
      Response_Result: expect.stringContaining("it's"),
      Status: "completed",
    });
  });

  test.each([
    ["csv", "a,b\n1,x\n"],
    ["tsv", "a\tb\n1\tx\n"],
    ["ndjson", '{"a":1,"b":"x"}\n'],
    ["json", '[{"a":1,"b":"x"}]\n'],
    ["line", "a = 1\nb = x\n"],
    ["markdown", "| a | b |\n| --: | --- |\n| 1 | x |\n"],
  ])("-o %s", async (format, expected) => {
    const run = await callsql(["-c", "SELECT 1 AS a, 'x' AS b", "-o", format]);
    expect(run).toMatchObject({ code: 0, stderr: "" });
    const plain = (text: string): string => text.replace(/[ \n]/g, "");
    expect(plain(run.stdout)).toBe(plain(expected));
  });

  test("--import loads csv, json and ndjson; quoted fields, CRLF and a byte order mark are fine", async () => {
    const csv = folder.file("t.csv", '\ufeffid,body\r\n1,"a, ""b""\nc"\r\n2,\r\n');
    const json = folder.file("j.json", '[{"x": 1}, {"x": null}]');
    const ndjson = folder.file("n.ndjson", '{"y":"é"}\n{"y":[1]}\n');
    const sql =
      "SELECT (SELECT group_concat(body, '|') FROM t) AS t, (SELECT count(x) FROM j) AS j, (SELECT max(y) FROM n) AS n";
    const imports = [`t=${csv}`, `j=${json}`, `n=${ndjson}`].flatMap((text) => ["--import", text]);
    const run = await callsql(["-c", sql, "-o", "json", ...imports]);
    expect(run.code).toBe(0);
    expect(JSON.parse(run.stdout)).toEqual([{ t: expect.stringContaining('a, "b"\nc'), j: 1, n: "é" }]);
    expect(run.stderr).toContain("2 rows imported into t");
  });

  test("--output holds the whole result, and nothing goes to standard output", async () => {
    const file = at("out.csv");
    const run = await callsql(["-c", "SELECT 1 AS x", "-o", "csv", "--output", file]);
    expect(run).toMatchObject({ code: 0, stdout: "" });
    expect(readFileSync(file, "utf8")).toBe("x\n1\n");
  });

  test("--output of a run that fails keeps the file as it was, and leaves nothing beside it", async () => {
    const inside = at("output");
    mkdirSync(inside);
    const file = folder.file("output/kept.csv", "as it was\n");
    const run = await callsql(["-c", "SELECT 1 AS x; SELECT nonsense", "-o", "csv", "--output", file]);
    expect(run.code).toBe(1);
    expect(readFileSync(file, "utf8")).toBe("as it was\n");
    const fresh = await callsql(["-c", "SELECT 1; SELECT nonsense", "--output", join(inside, "new.csv")]);
    expect(fresh.code).toBe(1);
    expect(folder.names().includes("output") && existsSync(join(inside, "new.csv"))).toBe(false);
  });
});

describe("streams", () => {
  test("results go to stdout, everything else to stderr", async () => {
    server.script(faults.contentPolicy({ when: ({ body }) => body["input"] === "b" }));
    const sql = 'SELECT value, GenerateResponse(value) IS NULL AS failed FROM json_each(\'["a","b"]\')';
    const run = await callsql(["-c", sql, "-o", "csv"], { env: env() });
    expect(run.stdout).toBe("value,failed\na,0\nb,1\n");
    expect(run.stderr).toContain("warning[call/row-failed]");
    expect(run.stderr).toMatch(/2 rows, .* s, 2 calls made, 1 failed/);
    expect(run.code).toBe(5);
    const quiet = await callsql(["-c", sql, "-o", "csv", "--quiet"], { env: env() });
    expect(quiet).toMatchObject({ code: 5, stdout: run.stdout, stderr: "" });
  });

  test("no colours outside a terminal, under NO_COLOR, or with --no-color", async () => {
    const args = ["-c", "SELECT nonsense"];
    const escape = "\u001b[";
    expect((await callsql(args)).stderr).not.toContain(escape);
    expect((await callsql(args, { env: { FORCE_COLOR: "1" } })).stderr).toContain(escape);
    expect((await callsql(args, { env: { FORCE_COLOR: "1", NO_COLOR: "1" } })).stderr).not.toContain(escape);
    expect((await callsql([...args, "--no-color"], { env: { FORCE_COLOR: "1" } })).stderr).not.toContain(
      escape,
    );
  });

  test("a reader that goes away is success", async () => {
    const many =
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000) SELECT i FROM n";
    const run = await runShell(`callsql -c "${many}" -o csv | head -n 2; echo "$?:\${PIPESTATUS[0]}"`);
    expect(run).toMatchObject({ stdout: "i\n1\n0:0\n", stderr: "" });
  });

  test("help, version and the catalogue need no connection", async () => {
    expect(await callsql(["--version"])).toMatchObject({
      code: 0,
      stderr: "",
      stdout: expect.stringMatching(/^\d+\.\d+/),
    });
    expect((await callsql(["--help"])).stdout).toContain("callsql run");
    expect((await callsql(["procedures"])).stdout).toContain("GenerateResponse");
    expect((await callsql(["procedures", "GenerateAudio"])).stdout).toContain("Voice");
  });
});

describe("a mistake has its code and exit code, and nothing is called or left behind", () => {
  const marker = "CREATE TABLE marker AS SELECT 1 AS x";
  const mistakes: readonly (readonly [what: string, sql: string, code: string])[] = [
    ["an unknown procedure", "CALL GenerateRespons('x')", "bind/unknown-procedure"],
    ["an unknown parameter", "CALL GenerateResponse('x', Temprature => 1)", "bind/unknown-parameter"],
    ["a missing argument", "CALL ClassifyText('x')", "bind/missing-parameter"],
    ["an extra argument", "CALL ModerateText('x', 'm', 1)", "bind/too-many-arguments"],
    ["two arguments for one parameter", "CALL ModerateText('x', Text => 'y')", "bind/duplicate-argument"],
    ["a missing bind", "CALL GenerateResponse(:Message)", "bind/missing-bind"],
    ["a wrong type", "CALL GenerateResponse('x', Temperature => 'warm')", "call/failed"],
    ["a value out of range", "CALL GenerateResponse('x', Temperature => 3)", "call/failed"],
    ["bytes that are no image", "CALL AnalyzeImage(x'00', 'what?')", "call/failed"],
    ["NULL for a required parameter", "CALL GenerateResponse(NULL)", "call/failed"],
    ["an unterminated string", "SELECT 'abc", "sql/error"],
    ["an unknown table", "SELECT GenerateResponse(x) FROM nowhere", "sql/error"],
    ["a syntax error", "SELEC 1", "sql/error"],
    ["an option that does not exist", "SET tempo = 1", "session/unknown-option"],
    ["a value no option takes", "SET on_error = 'panic'", "session/bad-option-value"],
  ];
  test.each(mistakes)("%s", async (_, sql, code) => {
    const run = await callsql(["-c", sql, "-o", "csv"], { env: env() });
    expect(endOf(run)).toEqual(failure(code, 1));
    expect(run.stderr).toMatch(/--> command:1:\d+/);
    expect(server.requests).toEqual([]);
  });

  const unreadable: readonly (readonly [what: string, sql: string, code: string])[] = [
    ["an unterminated string in a call", "CALL GenerateResponse('abc", "parse/unterminated"],
    ["an unclosed call", "CALL GenerateResponse('x'", "parse/unclosed"],
    ["NUL in the text", "SELECT 1;\u0000 SELECT 2", "parse/nul"],
  ];
  test.each(unreadable)("%s is found before anything runs", async (_, sql, code) => {
    const database = at(`${code.replace("/", "-")}.db`);
    const run = await callsql([database], { stdin: `${marker};\n${sql}`, env: env() });
    expect(endOf(run)).toEqual(failure(code, 1));
    expect(run.stderr).toContain("--> stdin:2:");
    expect(
      (await callsql(["-c", "SELECT count(*) AS n FROM sqlite_schema", database, "-o", "csv"])).stdout,
    ).toBe("n\n0\n");
  });

  test("values out of range say what is allowed", async () => {
    const run = await callsql(["-c", "CALL GenerateResponse('x', Temperature => 3)"], { env: env() });
    expect(run.stderr).toMatch(/"Temperature" is 3, expected a value between 0 and 2/);
  });

  test("several mistakes are reported together", async () => {
    const run = await callsql(["-c", "SELECT ModerateText(), GenerateResponse('x', Temprature => 1)"], {
      env: env(),
    });
    expect(run.code).toBe(1);
    expect(run.stderr).toContain("bind/missing-parameter");
    expect(run.stderr).toContain('did you mean "Temperature"');
  });

  test("an error in a later statement leaves the earlier ones, and its own nothing", async () => {
    const database = at("half.db");
    server.script(faults.contentPolicy({ when: ({ body }) => body["input"] === "b" }));
    const sql = `CREATE TABLE t(x); SET on_error = 'abort';
      INSERT INTO t SELECT GenerateResponse(value) FROM json_each('["a","b","c"]'); CREATE TABLE never(x)`;
    expect(endOf(await callsql(["-c", sql, database], { env: env() }))).toEqual(failure("call/failed", 1));
    const left = await callsql([
      "-c",
      "SELECT (SELECT count(*) FROM t) AS t, count(*) AS tables FROM sqlite_schema",
      database,
      "-o",
      "csv",
    ]);
    expect(left.stdout).toBe("t,tables\n0,1\n");
  });

  test("--keep-going goes on, and still fails", async () => {
    const run = await callsql(["-c", "SELECT nonsense; SELECT 1 AS x", "-o", "csv", "--keep-going"]);
    expect(run).toMatchObject({ code: 1, stdout: "x\n1\n" });
  });
});

describe("files that cannot be used", () => {
  test.each([
    ["invalid UTF-8", "latin1.sql", Buffer.from("SELECT 'gr\xfc\xdfe'", "latin1"), "cli/invalid-utf8"],
    ["UTF-16", "utf16.sql", Buffer.from("\ufeffSELECT 1", "utf16le"), "cli/invalid-utf8"],
    ["a truncated character at the end", "cut.sql", Buffer.from([0x53, 0xc3]), "cli/invalid-utf8"],
  ])("a script with %s", async (_, name, bytes, code) => {
    expect(endOf(await callsql(["run", folder.file(name, bytes)]))).toEqual(failure(code, 2));
  });

  test("a script that is missing, a directory, or not to be read", async () => {
    mkdirSync(at("folder.sql"));
    expect(endOf(await callsql(["run", at("missing.sql")]))).toEqual(failure("cli/unreadable-file", 2));
    expect(endOf(await callsql(["run", at("folder.sql")]))).toEqual(failure("cli/is-directory", 2));
    const secret = folder.file("secret.sql", "SELECT 1");
    chmodSync(secret, 0o000);
    // root reads it all the same.
    const expected = process.getuid?.() === 0 ? { code: 0 } : { code: 2, stdout: "" };
    expect(await callsql(["run", secret])).toMatchObject(expected);
  });

  test("a database that is none, a directory, or in no folder", async () => {
    const none = folder.file("none.db", "this is no database, but long enough to be looked at ".repeat(40));
    expect(endOf(await callsql(["-c", "SELECT 1", none]))).toEqual(failure("sql/not-a-database", 2));
    expect(readFileSync(none, "utf8")).toMatch(/^this is no database/);
    const rows = folder.file(
      "rows.csv",
      `id,body\n${"1,a row of a table that could be imported\n".repeat(40)}`,
    );
    expect((await callsql(["-c", "SELECT 1", rows])).stderr).toMatch(
      /hint: a file of rows is imported: --import TABLE=\S+rows\.csv$/m,
    );
    expect(endOf(await callsql(["-c", "SELECT 1", folder.path]))).toEqual(failure("sql/cannot-open", 2));
    expect(endOf(await callsql(["-c", "SELECT 1", at("no/such/folder.db")]))).toEqual(
      failure("sql/cannot-open", 2),
    );
  });

  test("an import with a ragged row leaves no table", async () => {
    const database = at("ragged.db");
    const csv = folder.file("ragged.csv", "a,b\n1,2\n3\n");
    expect(endOf(await callsql(["-c", "SELECT 1", database, "--import", `t=${csv}`]))).toEqual(
      failure("cli/csv-field-count", 2),
    );
    expect(
      (await callsql(["-c", "SELECT count(*) AS n FROM sqlite_schema", database, "-o", "csv"])).stdout,
    ).toBe("n\n0\n");
  });

  test("an output that cannot be written is known before anything is paid for", async () => {
    expect(endOf(await callsql(["-c", call, "--output", folder.path], { env: env() }))).toEqual(
      failure("cli/is-directory", 2),
    );
    expect(endOf(await callsql(["-c", call, "--output", at("no/such/out.csv")], { env: env() }))).toEqual(
      failure("cli/unwritable-file", 2),
    );
    expect(server.requests).toEqual([]);
  });

  test.each([
    [["--nonsense"], "cli/unknown-option"],
    [["-c", "SELECT 1", "-o", "xml"], "cli/unknown-format"],
    [["-c", "SELECT 1", "-p", "novalue"], "cli/not-an-assignment"],
    [["-c", "SELECT 1", "-p", "x=@/no/such/file"], "cli/unreadable-file"],
    [["-c", "SELECT 1", "--set", "on_error=panic"], "session/bad-option-value"],
    [["-c", "SELECT 1", "--connection", "nonsense"], "connect/unknown"],
    [["run"], "cli/no-script"],
    [["rnu", "x.sql"], "cli/unknown-command"],
    [["procedures", "GenerateRespons"], "cli/unknown-procedure"],
  ])("usage: %j is exit code 2", async (args, code) => {
    expect(endOf(await callsql(args))).toEqual(failure(code, 2));
  });
});

describe("the service", () => {
  test("is not there at all without a key: exit code 6, and how to get one", async () => {
    const run = await callsql(["-c", call]);
    expect(endOf(run)).toEqual(failure("connect/none", 6));
    expect(run.stderr).toContain("--connection offline");
    expect(endOf(await callsql(["-c", "SELECT 1", "--connection", "openai"]))).toEqual(
      failure("connect/no-key", 6),
    );
  });

  test("refuses the key: exit code 6, and the key is never shown", async () => {
    server.script(faults.unauthorized(key));
    const run = await callsql(["-c", call, "--set", "on_error=row"], { env: env() });
    expect(endOf(run)).toEqual(failure("connect/refused", 6));
    expect(run.stdout + run.stderr).not.toContain("canary");
    expect(server.requests).toHaveLength(1);
  });

  test("cannot be reached: exit code 3", async () => {
    const gone = { ...env(), OPENAI_BASE_URL: "http://127.0.0.1:9/v1" };
    const run = await callsql(["-c", call, "--set", "max_attempts=2"], { env: gone });
    expect(endOf(run)).toEqual(failure("connect/unreachable", 3));
    expect(run.stderr).toContain("127.0.0.1:9");
  });

  test("fails to the last attempt: exit code 3", async () => {
    server.script(faults.serverError());
    expect(endOf(await callsql(["-c", call, "--set", "max_attempts=2"], { env: env() }))).toEqual(
      failure("call/attempts-used-up", 3),
    );
  });

  test("knows no such model, or gives no credit: exit code 2", async () => {
    expect(
      endOf(await callsql(["-c", "CALL GenerateResponse('x', Model => 'missing-1')"], { env: env() })),
    ).toEqual(failure("connect/unknown-model", 2));
    server.script(faults.insufficientQuota());
    expect(endOf(await callsql(["-c", call], { env: env() }))).toEqual(failure("connect/no-credit", 2));
  });

  test("is asked no more often than max_calls: exit code 4", async () => {
    const sql = "SELECT GenerateResponse(value) FROM json_each('[1,2,3,4]')";
    expect(endOf(await callsql(["-c", sql, "--set", "max_calls=3"], { env: env() }))).toEqual(
      failure("call/budget-reached", 4),
    );
    expect(server.requests).toHaveLength(3);
  });

  test("refuses one row of several: the others are there, exit code 5", async () => {
    server.script(faults.errorInBody({ code: "bad", message: "not this one" }, { times: 1 }));
    const sql = "SELECT value, GenerateResponse(value) IS NULL AS failed FROM json_each('[1,2,3]')";
    const run = await callsql(["-c", sql, "-o", "csv", "--set", "max_attempts=1"], { env: env() });
    expect(run.code).toBe(5);
    expect(run.stdout.match(/,1$/gm)).toHaveLength(1);
    expect(run.stderr).toContain("1 failed");
  });

  test("a base URL that cannot be one is said before anything is sent", async () => {
    const bad = { ...env(), OPENAI_BASE_URL: "ftp://example.com" };
    expect(endOf(await callsql(["-c", call], { env: bad }))).toEqual(failure("connect/bad-base-url", 2));
  });
});

describe("Ctrl-C", () => {
  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("%s with calls in flight: exit code %d, soon, and no half file", async (signal, code) => {
    server.script(faults.delay(60_000));
    const output = at(`${signal}.csv`);
    const database = at(`${signal}.db`);
    const sql = "CREATE TABLE t(x); INSERT INTO t SELECT GenerateResponse(value) FROM json_each('[1,2,3]')";
    const running = startCallsql(["-c", sql, database, "--output", output], { env: env() });
    await vi.waitFor(() => expect(server.inFlight).toBe(3), { timeout: 30_000 });
    const startedAt = performance.now();
    running.child.kill(signal);
    const run = await running.finished;
    expect(performance.now() - startedAt).toBeLessThan(10_000);
    expect(run).toMatchObject({ code, signal: null, stdout: "" });
    expect(run.stderr).toContain("cancelled");
    expect(folder.names().filter((name) => name.includes(`${signal}.csv`))).toEqual([]);
    const left = await callsql(["-c", "SELECT count(*) AS n FROM t", database, "-o", "csv"]);
    expect(left.stdout).toBe("n\n0\n");
  });

  test("while SQLite gives rows ends the run as well", async () => {
    const endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n";
    const running = startCallsql(["-c", endless, "-o", "csv", "--output", at("endless.csv")]);
    await vi.waitFor(
      () => expect(folder.names().some((name) => name.startsWith(".endless.csv"))).toBe(true),
      { timeout: 30_000 },
    );
    running.child.kill("SIGINT");
    expect(await running.finished).toMatchObject({ code: 130, signal: null });
    expect(folder.names().filter((name) => name.includes("endless"))).toEqual([]);
  });
});

/** How a run ended: its exit code, its first error, and what should never be there. */
function endOf({ code, signal, stdout, stderr }: Finished): object {
  const error = /^error\[(.*?)\]/m.exec(stderr)?.[1];
  return { code, signal, error, stdout, hasStackTrace: /\n\s+at .*\.(?:js|ts):\d+/.test(stderr) };
}

function failure(error: string, code: number): object {
  return { code, signal: null, error, stdout: "", hasStackTrace: false };
}
