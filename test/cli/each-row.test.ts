/** `--params FILE.csv`: the command runs for each row, and the row stands before what it gave. */
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { main } from "../../src/cli/main.ts";
import { openSession } from "../../src/index.ts";
import { echoConnection, echoProcedures, EchoFailure } from "../support/echo.ts";
import { fakeTerminal } from "./support/terminal.ts";

const folder = mkdtempSync(join(tmpdir(), "callsql-rows-"));

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const asked: string[] = [];
const connection = echoConnection((_, x) => {
  if (x === "bad") throw new EchoFailure(400, "not_wanted");
  return `<${String(x)}>`;
}, asked);

async function run(...args: string[]) {
  const terminal = fakeTerminal({ env: { HOME: folder } });
  const library = {
    procedures: echoProcedures,
    openSession: (options = {}) => openSession({ ...options, connection, procedures: echoProcedures }),
  };
  const code = await main(["--no-ledger", "-o", "csv", ...args], terminal, library);
  return { code, out: terminal.out(), err: terminal.err() };
}

const table = file("rows.csv", "id,text\n1,a\n2,\n3,c\n");

test("a row of the file, then the columns of the command; a name that both have is numbered", async () => {
  expect(await run("--params", table, "-c", "SELECT upper(:text) AS big, :id * 2 AS ID")).toEqual({
    code: 0,
    out: "id,text,big,ID_2\n1,a,A,2\n2,,,4\n3,c,C,6\n",
    err: "",
  });
});

test("a call is made for each row, all at once; -p gives what is the same for all", async () => {
  asked.length = 0;
  const { code, out } = await run("--params", table, "-p", "k=5", "-c", "SELECT P(:text || :k) AS r");
  expect({ code, out }).toEqual({ code: 0, out: "id,text,r\n1,a,<a5>\n2,,<null>\n3,c,<c5>\n" });
  expect(asked).toHaveLength(3);
});

test("a row that fails is told with its number, the others go on, and the exit code is 5", async () => {
  const rows = file("bad.csv", "id,text\n1,a\n2,bad\n3,c\n");
  const { code, out, err } = await run(
    "--params",
    rows,
    "--set",
    "on_error=abort",
    "-c",
    "SELECT P(:text) AS r",
  );
  expect({ code, out }).toEqual({ code: 5, out: "id,text,r\n1,a,<a>\n3,c,<c>\n" });
  expect(err).toContain("row 2 failed");
  expect((await run("--params", rows, "-c", "SELECT json(:text) AS j")).code).toBe(5);
});

test("--behavior chooses which rows of a result a row of the file gets", async () => {
  const command = "SELECT value AS v, x'00' AS b FROM json_each(:list) ORDER BY value";
  const lists = file(
    "lists.ndjson",
    '{"id":1,"list":"[5]"}\n{"id":2,"list":"[]"}\n{"id":3,"list":"[7,8]"}\n',
  );
  const single = await run("--params", lists, "--behavior", "single", "-c", command);
  expect(single).toMatchObject({ code: 5, out: "id,list,v,b\n1,[5],5,AA==\n" });
  expect(single.err).toMatch(/row 2 failed.*session\/no-row[^]*row 3 failed.*session\/several-rows/);
  const all = await run("--params", lists, "--behavior", "Array", "-o", "ndjson", "-c", command);
  const rows = all.out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { id: number; rows: string });
  expect(rows.map(({ id }) => id)).toEqual([1, 2, 3]);
  const bytes = { $base64: true, encoded: "AA==" };
  expect(rows.map((row) => JSON.parse(row.rows) as unknown)).toEqual([
    [{ v: 5, b: bytes }],
    [],
    [
      { v: 7, b: bytes },
      { v: 8, b: bytes },
    ],
  ]);
});

test.each([
  [["--params", table, "--behavior", "Frist"], /cli\/unknown-behavior[^]*did you mean "First"/],
  [["--behavior", "First"], /cli\/behavior-without-rows/],
])("%j is a mistake of the command line", async (args, message) => {
  const { code, err } = await run(...args, "-c", "SELECT 1");
  expect(code).toBe(2);
  expect(err).toMatch(message);
});

test("a write runs for each row; no rows are no mistake", async () => {
  const database = join(folder, "w.db");
  await run(database, "-c", "CREATE TABLE t(a, b)");
  const summary = join(folder, "s.json");
  expect(
    await run(database, "--params", table, "-c", "INSERT INTO t VALUES (:id, :text)", "--summary", summary),
  ).toMatchObject({
    code: 0,
    out: "",
  });
  expect(JSON.parse(readFileSync(summary, "utf8"))).toMatchObject({
    statements: 1,
    changes: 3,
    exit_code: 0,
  });
  expect((await run(database, "-c", "SELECT count(*) AS n FROM t")).out).toBe("n\n3\n");
  const none = file("none.csv", "id,text\n");
  expect(await run("--params", none, "-c", "SELECT :id AS x")).toMatchObject({ code: 0, out: "id,text,x\n" });
});

test("tables of every kind that --import reads will do", async () => {
  const ndjson = file("rows.ndjson", '{"id": 1, "text": "a"}\n{"id": 2, "text": null}\n');
  expect((await run("--params", ndjson, "-c", "SELECT :id + 1 AS n")).out).toBe("id,text,n\n1,a,2\n2,,3\n");
  expect((await run("--params", file("rows.tsv", "id\n7\n"), "-c", "SELECT :id AS n")).out).toBe(
    "id,n\n7,7\n",
  );
});

test.each([
  [["-c", "SELECT :id; SELECT 2"], "cli/params-one-statement"],
  [["-c", "SELECT :txt"], "cli/params-lack"],
  [["-c", "SELECT :id", "--dry-run"], "cli/params-not-here"],
  [["-c", "SELECT :id;\n.tables"], "cli/params-not-here"],
  [["-c", "SELECT :id", "--params", table], "cli/params-two-files"],
])("%j is a mistake that runs nothing", async (args, code) => {
  const said = await run("--params", table, ...args);
  expect(said).toMatchObject({ code: 2, out: "" });
  expect(said.err).toContain(code);
});

test("a bind that no column gives is told which columns there are", async () => {
  expect((await run("--params", table, "-c", "SELECT :elsewhere")).err).toMatch(/hint: columns are: id, /);
});
