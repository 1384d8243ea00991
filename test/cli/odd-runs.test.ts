/** Commands in unusual company: rows that fail by the hundred, scripts that read scripts, parameters of bytes, modules of one's own. */
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { ProgressLine } from "../../src/cli/progress.ts";
import { faults, startOpenAIServer, type OpenAIServer } from "../support/openai-server.ts";
import { type Ended, serviceEnv, runCommand } from "./support/command.ts";
import { fakeTerminal, type FakeTerminalOptions } from "./support/terminal.ts";

let server: OpenAIServer;
beforeAll(async () => {
  server = await startOpenAIServer();
});
afterEach(() => server.reset());
afterAll(() => server.close());

const folder = mkdtempSync(join(tmpdir(), "callsql-odd-runs-"));
const inFolder = (name: string, content: string | Uint8Array): string => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};

const callsql = async (args: readonly string[], options: FakeTerminalOptions = {}): Promise<Ended> =>
  runCommand(args, { ...options, env: serviceEnv(folder, server.url) });

test("of rows that fail, a hundred are told one by one and the others counted", async () => {
  const rows = inFolder("many.csv", `text\n${"no json\n".repeat(103)}`);
  const { code, err } = await callsql(["--params", rows, "-c", "SELECT json(:text) AS j", "--no-ledger"]);
  expect(code).toBe(5);
  expect(err.match(/cli\/params-row-failed/g)).toHaveLength(100);
  expect(err).toMatch(/call\/more-rows-failed\]: 3 /);
});

test("a mistake that every row would make is told once", async () => {
  const rows = inFolder("one.csv", "text\na\nb\n");
  const { code, out, err } = await callsql([
    "--params",
    rows,
    "-c",
    "SELECT :text FROM nowhere",
    "--no-ledger",
  ]);
  expect({ code, out }).toEqual({ code: 1, out: "" });
  expect(err.match(/no such table: nowhere/g)).toHaveLength(1);
});

describe("a dry run", () => {
  test("of a model without a price says that the cost is not known", async () => {
    const { err } = await callsql([
      "-c",
      "SELECT GenerateResponse('x', Model => 'house-1')",
      "--dry-run",
      "--no-ledger",
    ]);
    expect(err).toContain("dry run: 1 call, 1 request, a cost that is not known; nothing was sent");
  });

  test("goes on behind a mistake where --keep-going says so, and keeps its exit code", async () => {
    const texts = [
      "-c",
      "SELECT nothing",
      "-c",
      "SELECT ModerateText('x')",
      "--dry-run",
      "--no-ledger",
      "-o",
      "csv",
    ];
    const stopped = await callsql(texts);
    expect(stopped).toMatchObject({ code: 1, out: expect.not.stringContaining("ModerateText") });
    const whole = await callsql([...texts, "--keep-going"]);
    expect(whole).toMatchObject({ code: 1, out: expect.stringContaining("2,1,ModerateText") });
  });
});

describe("a script that did not come to its end goes on", () => {
  /** What the second of two equal commands says, `between` them. */
  async function again(args: readonly string[], between: () => void): Promise<string> {
    expect((await callsql(args)).code).toBe(1);
    between();
    return (await callsql(args)).err;
  }

  test("with a file's bytes for a bind, while they are the same", async () => {
    const script = inFolder("bytes.sql", "SELECT GenerateResponse(hex(:b)); SELECT nothing;");
    const bytes = inFolder("b.bin", new Uint8Array([1, 2]));
    const args = ["run", script, "-p", `b=@${bytes}`, "-o", "csv"];
    expect(await again(args, () => {})).toMatch(/run \d+ goes on: 1 answer recorded/);
    inFolder("b.bin", new Uint8Array([1, 3]));
    expect((await callsql(args)).err).not.toContain("goes on");
  });

  test("with an import, while its file is the same", async () => {
    const script = inFolder("rows.sql", "SELECT GenerateResponse(x) FROM t; SELECT nothing;");
    const table = inFolder("t.csv", "x\n1\n");
    const args = ["run", script, "--import", `t=${table}`, "-o", "csv"];
    expect(await again(args, () => {})).toContain("goes on");
    inFolder("t.csv", "x\n10\n");
    expect((await callsql(args)).err).not.toContain("goes on");
  });

  test("and its failed calls are retried in memory where it had no database, whatever ran since", async () => {
    const call = inFolder("memory.sql", "SELECT GenerateResponse('only here') AS r;");
    server.script(faults.contentPolicy({ times: 1 }));
    expect((await callsql(["run", call, "-o", "csv"])).code).toBe(5);
    expect(await callsql(["retry", "-o", "csv"])).toMatchObject({
      code: 0,
      out: expect.stringContaining("only here"),
    });
    server.script(faults.contentPolicy({ times: 2 }));
    expect((await callsql(["run", call, "--fresh", "-o", "csv"])).code).toBe(5);
    const rows = inFolder("rows.csv", "x\nno statement is kept of this\n");
    const each = ["-c", "CALL GenerateResponse(:x)", "--params", rows, "-o", "csv"];
    expect((await callsql(each)).code).toBe(5);
    expect(await callsql(["retry", "-o", "csv"])).toMatchObject({
      code: 0,
      out: expect.stringContaining("only here"),
    });
    const summary = join(folder, "runs.csv");
    expect(await callsql(["runs", "-o", "csv", "--output", summary])).toMatchObject({ code: 0, out: "" });
    expect(readFileSync(summary, "utf8")).toMatch(/^id,kind,name,/);
  });
});

test("scripts that read scripts end at a depth, and say where", async () => {
  for (let depth = 0; depth < 25; depth++) inFolder(`deep${depth}.sql`, `.read deep${depth + 1}.sql\n`);
  const { code, err } = await callsql(["run", join(folder, "deep0.sql")]);
  expect(code).toBe(2);
  expect(err).toMatch(/cli\/include-depth.*deep20\.sql/s);
});

test("a value that nothing binds is spoken of, also where binds have no name", async () => {
  const { err } = await callsql(["-c", "SELECT :a, ?", "-p", "a=1", "-p", "aa=2", "--no-ledger"]);
  expect(err).toMatch(/cli\/unused-parameter.*"aa"/);
});

test("a value of a number is used by the bind of that number, whatever numbers are left out", async () => {
  const { code, out, err } = await callsql(["-c", "SELECT ?2 AS v", "-p", "2=x", "--no-ledger", "-o", "csv"]);
  expect({ code, err }).toEqual({ code: 0, err: "" });
  expect(out).toBe("v\nx\n");
});

describe("a module of procedures", () => {
  const shape =
    "endpoint: 'responses', summary: 's', source: 'x', parameters: [], columns: [], primary: 0, overloads: [], examples: [], findParameter() {}";

  test("gives those it exports by name or in lists, each once, and nothing else", async () => {
    const file = inFolder(
      "own.mjs",
      `const One = { name: "One", ${shape} }; const Two = { name: "Two", ${shape} };
       export default [One, Two]; export const again = One; export const nothing = null; export const text = "One";`,
    );
    const { out } = await callsql(["procedures", "--procedures", file]);
    expect(Array.from(out.matchAll(/^(One|Two) +s$/gm), ([, name]) => name)).toEqual(["One", "Two"]);
  });

  test.each([
    ["throws.mjs", "throw 'not today';", "not today"],
    ["needs.mjs", "import 'a-package-that-nobody-has';", "a-package-that-nobody-has"],
    ["empty.mjs", "export const x = 1;", "cli/no-procedures"],
  ])("%s is refused with the reason", async (name, content, reason) => {
    const { code, err } = await callsql(["procedures", "--procedures", inFolder(name, content)]);
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining(reason) });
  });
});

describe("what is said while one waits", () => {
  const said = (isTTY: boolean, isQuiet: boolean): string => {
    const terminal = fakeTerminal({ isTTY });
    const line = new ProgressLine(terminal, isQuiet);
    line.say("7 rows…");
    line.hide();
    return terminal.err();
  };

  test("stands on a terminal, and is taken away again; nowhere else, and not with --quiet", () => {
    expect(said(true, false)).toBe("\r\u001b[K7 rows…\r\u001b[K");
    expect([said(false, false), said(true, true)]).toEqual(["", ""]);
  });
});
