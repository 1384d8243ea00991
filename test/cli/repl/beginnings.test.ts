/** What the prompt begins with, asks and ends with: options of the command line, answers by type, statements that break off. */
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { valueOfAnswer } from "../../../src/cli/repl/ask.ts";
import type { Parameter, SqlValue } from "../../../src/index.ts";
import { faults, startOpenAIServer } from "../../support/openai-server.ts";
import { typedIn, type Said } from "./support/typed.ts";

const folder = mkdtempSync(join(tmpdir(), "callsql-begin-"));
const inFolder = (name: string, content: string): string => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};
const typed = (lines: readonly string[], ...args: string[]): Promise<Said> => typedIn(folder, lines, args);

describe("options of the command line hold at the prompt", () => {
  test("--set, --params, -p, --import and --output come before the first line", async () => {
    const table = inFolder("towns.csv", "id,name\n1,Bonn\n");
    const values = inFolder("values.json", '{"b": 2, "a": 1}');
    const output = join(folder, "all.csv");
    const args = ["--set", "max_calls=7", "--params", values, "-p", "a=10", "--import", `towns=${table}`];
    args.push("--output", output);
    const { err, out } = await typed(
      [
        "select :a + :b + id as n, name from towns;",
        ".show",
        "show options;",
        ".output",
        ".mode csv",
        "select 'screen' as x;",
      ],
      ...args,
    );
    expect(err).toContain("1 row imported into towns");
    expect(out).toContain(`output: ${output}`);
    expect(out).toMatch(/param: :b :a|param: :a :b/);
    expect(out).toContain("x\nscreen\n");
    const written = readFileSync(output, "utf8");
    expect(written).toContain("n,name\n13,Bonn\n");
    expect(written).toMatch(/^max_calls,7,/m);
  });

  test("a mistake in them ends the prompt before it begins", async () => {
    await expect(typed(["select 1;"], "--set", "max_calls=few")).rejects.toThrow(/max_calls/);
    await expect(typed(["select 1;"], "--set", "max_calls")).rejects.toThrow(/cli\/not-an-assignment/);
    const rows = inFolder("rows.csv", "a\n1\n");
    await expect(typed(["select 1;"], "--params", rows)).rejects.toThrow(/cli\/params-not-here/);
  });

  test("an open transaction is spoken of at the end", async () => {
    expect((await typed(["begin;"])).err).toContain("cli/open-transaction");
    expect((await typed(["begin;", "commit;"])).err).not.toContain("cli/open-transaction");
  });

  test("profiles that cannot be read are spoken of where one asks for a connection", async () => {
    mkdirSync(join(folder, "broken/callsql"), { recursive: true });
    writeFileSync(join(folder, "broken/callsql/connections.toml"), "[[[");
    const env = { XDG_CONFIG_HOME: join(folder, "broken") };
    const { err } = await typedIn(folder, [".connection"], [], env);
    expect(err).toMatch(/connect\/bad-profiles.*connections\.toml:1/);
  });
});

describe("a statement of a call asks for what it lacks", () => {
  const asked = async (statement: string, ...answers: string[]): Promise<string> =>
    (await typed([statement, ...answers], "--connection", "offline")).err;

  test.each([
    ["call GetEmbeddings(:Text);", /:Text {2}text, required — .*at most 8,192 tokens/s],
    ["call GenerateResponse('x', MaxOutputTokens => :m);", /:m {2}integer, empty is NULL — .*at least \d+/s],
    [
      "call CreateTranscription(:File, Model => 'whisper-1');",
      /:File {2}a file name, required — .*at most [\d,]+ bytes/s,
    ],
    ["select ?;", /\?1 {2}a value: a number, text, @file for its bytes/],
  ])("%s with its type and limits", async (statement, said) => {
    expect(await asked(statement)).toMatch(said);
  });
});

describe("an answer", () => {
  const answer = (text: string, of: Partial<Parameter>): Promise<SqlValue> =>
    valueOfAnswer(text, {
      text: ":p",
      name: "p",
      parameter: { summary: "", type: "text", ...of } as Parameter,
    });

  test.each<readonly [string, Partial<Parameter>, SqlValue | RegExp]>([
    ["off", { type: "boolean" }, 0],
    ["TRUE", { type: "boolean" }, 1],
    ["maybe", { type: "boolean" }, /neither true nor false/],
    ["1.5", { type: "real" }, 1.5],
    ["much", { type: "real" }, /not a number/],
    ["many", { type: "integer" }, /not a whole number/],
    ["12", { type: "integer", min: 1, max: 10 }, /not within 1 to 10/],
    ['{"a": 1}', { type: "json" }, '{"a": 1}'],
    ["zzzzzz", { values: ["hd"] }, /is none of its values$/m],
    ["my-own", { values: ["hd"], otherValues: /^my-/ }, "my-own"],
  ])("%j for %j", async (text, of, wanted) => {
    if (wanted instanceof RegExp) await expect(answer(text, of)).rejects.toThrow(wanted);
    else expect(await answer(text, of)).toBe(wanted);
  });

  test("that is no JSON where JSON is said is refused with the reason", async () => {
    await expect(valueOfAnswer("json:{", { text: ":p", name: "p" })).rejects.toThrow(/is not JSON: /);
  });
});

describe("commands", () => {
  test.each([
    [".explain", "cli/dot-usage"],
    [".once", "cli/dot-usage"],
    [".open a b", "cli/dot-usage"],
    [".runs nine", "cli/dot-usage"],
    [".edit", "cli/editor-failed"],
    [".import nowhere.csv", "cli/unreadable-file"],
    [".param set j json:{", "is not JSON"],
  ])("%s is refused with %s, and the prompt goes on", async (command, said) => {
    const { err, out } = await typedIn(folder, [command, ".mode list", "select 'on' as x;"], [], {
      EDITOR: "false",
    });
    expect(err).toContain(said);
    expect(out).toMatch(/on\n$/);
  });

  test(".edit with nothing to edit begins with an empty file, and $VISUAL comes before $EDITOR", async () => {
    const editor = { VISUAL: "echo 'select 7 as seven;' >", EDITOR: "false" };
    const { out } = await typedIn(folder, [".edit"], [], editor);
    expect(out).toContain("│     7 │");
  });

  test(".mode auto gives back the choice to the result; .timer says how long", async () => {
    const { out, err } = await typed([
      ".mode csv",
      "select 1 as a;",
      ".mode auto",
      "select 1 as a;",
      ".timer off",
      ".timer",
      ".show",
    ]);
    expect(out).toMatch(/^a\n1\n┌/);
    expect(out).toContain("timer: on");
    expect(err).toMatch(/1 row, /);
  });

  test(".cost and the line behind a statement say what was cached and what failed", async () => {
    await using server = await startOpenAIServer();
    const env = { OPENAI_API_KEY: "sk-test-1234", OPENAI_BASE_URL: server.url };
    const call = "select ModerateText('hello') as v;";
    server.script(faults.contentPolicy({ times: 1 }));
    const failed = await typedIn(folder, [call, call, call, ".cost"], ["--set", "cache=on"], env);
    expect(failed.err).toMatch(/\(1 cached\)/);
    expect(failed.out).toMatch(/3 statements, .*1 failed/);
  });
});
