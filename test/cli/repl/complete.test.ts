/** Completion: what Tab offers where. `|` is the cursor. */
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { candidatesAt, type Vocabulary } from "../../../src/cli/repl/complete/candidates.ts";
import { complete } from "../../../src/cli/repl/complete/complete.ts";
import { hintAt } from "../../../src/cli/repl/complete/hint.ts";
import { placeOf } from "../../../src/cli/repl/complete/place.ts";
import { dotCommands } from "../../../src/cli/repl/dot/commands.ts";
import { modeNames } from "../../../src/cli/repl/dot/output.ts";
import { procedures } from "../../../src/index.ts";

const vocabulary: Vocabulary = {
  procedures,
  tables: [
    { name: "tickets", kind: "table", columns: [{ name: "id", type: "INTEGER" }, { name: "body", type: "TEXT" }] },
    { name: "order lines", kind: "view", columns: [{ name: "unit price", type: "REAL" }] },
  ],
  binds: [{ text: "city", detail: "has a value" }],
  options: [{ text: "on_error", detail: "", values: ["auto", "abort", "row"] }, { text: "concurrency", detail: "", values: [] }],
  models: [
    { name: "gpt-x", procedures: ["generateresponse", "analyzeimage"], detail: "USD 1 in" },
    { name: "embed-x", procedures: ["getembeddings"], detail: "USD 2 in" },
  ],
  connections: ["openai", "offline", "work"].map((text) => ({ text, detail: "" })),
}; // prettier-ignore

function unmarked(marked: string) {
  return { text: marked.replace("|", ""), cursor: marked.indexOf("|") };
}

function offered(marked: string): string[] {
  const { text, cursor } = unmarked(marked);
  return candidatesAt(placeOf(text, cursor), vocabulary).map((candidate) => candidate.text);
}

async function completed(marked: string): Promise<string[]> {
  const completing = {
    vocabulary,
    commands: dotCommands,
    modes: modeNames,
  };
  const buffer = unmarked(marked);
  const { from, to, candidates } = await complete(buffer, completing);
  return candidates.map(({ text }) => buffer.text.slice(0, from) + text + buffer.text.slice(to));
}

/** What begins as `gener` where a value stands. */
const generators = [
  ...procedures.filter(({ name }) => name.startsWith("Gener")).map(({ name }) => `${name}(`),
  "generated",
];

describe("SQL", () => {
  test.each<readonly [string, readonly string[]]>([
    ["sel|", ["select"]],
    ["SEL|", ["SELECT"]],
    ["call generater|", ["GenerateResponse("]],
    ["exec moderate|", ["ModerateText("]],
    ["select * from tick|", ["tickets"]],
    ["select * from ord|", ['"order lines"']],
    ["select t.bo| from tickets t", ["body"]],
    ["select bo| from tickets", ["body"]],
    ['select un| from "order lines"', ['"unit price"', "unbounded", "union", "unique"]],
    ["set con|", ["concurrency"]],
    ["select 1; set on|", ["on_error"]],
    ["reset on|", ["on_error"]],
    ["set on_error = |", ["'auto'", "'abort'", "'row'"]],
    ["set on_error = 'a|", ["auto'", "abort'"]],
    ["set connection = 'w|", ["work'"]],
    ["set text_model = 'gpt|", ["gpt-x'"]],
    ["set concurrency = |", []],
    ["update t set on_error = 'a|", []],
    ["select :ci|", [":city"]],
    ["select @ci|", ["@city"]],
    ["select 'sel|", []],
    ["select 1 -- sel|", []],
    ["select 12|", []],
    ["call GenerateResponse(:mess|", [":Message"]],
    ["call GenerateResponse(Mess|", ["Message => "]],
    ["call GenerateResponse('a', Temp|", ["Temperature => "]],
    ["select GenerateResponse(lower('x'), Temp|", ["Temperature => "]],
    ["call GenerateResponse(Message => 'a', Mess|", []],
    ["call GenerateResponse('a', Conn|", ["Connection => "]],
    ["call GenerateResponse('a', Connection => 'far', Conn|", []],
    ["call GenerateResponse('a', Connection => 'w|", ["work'"]],
    ["call GenerateResponse('a', Mess|", []],
    ["set default moder|", ["ModerateText."]],
    ["describe moder|", ["ModerateText"]],
    ["describe tick|", ["tickets"]],
    ["select default moder|", ["ModerateText("]],
    ["select * from t where x in (1, gener|", generators],
    ["select 1 + (gener|", generators],
    ['select "GenerateResponse"(Mess|', ["Message => "]],
    ["select GenerateResponse('a' + 'off|", []],
    ["select * from tickets where body = 'off|", []],
  ])("%j", (marked, expected) => {
    expect(offered(marked)).toEqual(expected);
  });

  test("required parameters come first, with type and mark", () => {
    const { text, cursor } = unmarked("call GenerateAudio(|");
    const [first, ...others] = candidatesAt(placeOf(text, cursor), vocabulary);
    expect(first?.detail).toMatch(/^text, required — /);
    expect(others.findIndex(({ detail }) => !detail.includes("required"))).toBeGreaterThan(0);
  });

  test("values of an argument that has only some", () => {
    const procedure = procedures.find(({ parameters }) =>
      parameters.some(({ values }) => values !== undefined),
    );
    const parameter = procedure?.parameters.find(({ values }) => values !== undefined);
    const text = `call ${procedure?.name}(${parameter?.name} => '`;
    expect(offered(`${text}|`)).toEqual(parameter?.values?.map((value) => `${value}'`));
  });

  test.each([
    ["call GenerateResponse('a', Model => '|", ["gpt-x'"]],
    ["call GenerateResponse('a', Model => |", ["'gpt-x'"]],
    ["call GenerateResponse('a', NULL, 'g|", ["gpt-x'"]],
    ["select GetEmbeddings(body, '|", ["embed-x'"]],
    ["call GenerateResponse('a|", []],
    ["select lower('|", []],
  ])("models are offered where one is wanted: %j", (marked, expected) => {
    expect(offered(marked).slice(0, Math.max(1, expected.length))).toEqual(expected);
  });

  test("a model's price stands beside it", () => {
    const { text, cursor } = unmarked("call GenerateResponse('a', Model => '|");
    expect(candidatesAt(placeOf(text, cursor), vocabulary)[0]?.detail).toBe("USD 1 in");
  });

  test("a signature marks what is optional with brackets", () => {
    const { text, cursor } = unmarked("call GenerateResponse|");
    expect(candidatesAt(placeOf(text, cursor), vocabulary)[0]?.detail).toMatch(
      /^\(Message, \[Instructions\], /,
    );
  });

  test("the line below names the argument one stands at", () => {
    const hint = (marked: string) => hintAt(unmarked(marked), procedures);
    expect(hint("call GenerateResponse(|")).toMatch(/^GenerateResponse 1: Message text, required — /);
    expect(hint("call GenerateResponse('a', |")).toMatch(/^GenerateResponse 2: Instructions text — /);
    expect(hint("call GenerateResponse(Temperature => |")).toMatch(/Temperature real/);
    expect(hint("call GenerateResponse(Connection => |")).toMatch(
      /: Connection text — Name of the connection/,
    );
    expect(hint("select lower(|")).toBeUndefined();
    expect(hint("call GenerateResponse('a'); |")).toBeUndefined();
  });
});

describe("files", () => {
  const folder = mkdtempSync(join(tmpdir(), "callsql-"));
  writeFileSync(join(folder, "cat.png"), "");
  mkdirSync(join(folder, "cats"));

  test("inside readfile('…'", async () => {
    expect(await completed(`select readfile('${folder}/ca|`)).toEqual([
      `select readfile('${folder}/cat.png'`,
      `select readfile('${folder}/cats/`,
    ]);
  });

  test("behind the commands that take one", async () => {
    expect(await completed(`.read ${folder}/cat.|`)).toEqual([`.read ${folder}/cat.png`]);
    expect(await completed(`.import ${folder}/cat.png tick|`)).toEqual([`.import ${folder}/cat.png tickets`]);
  });
});

describe("dot-commands", () => {
  test.each<readonly [string, readonly string[]]>([
    [".tab|", [".tables "]],
    ["  .qu|", ["  .quit"]],
    [".mode ma|", [".mode markdown"]],
    [".connection off|", [".connection offline"]],
    [".schema tick|", [".schema tickets"]],
    [".describe GenerateR|", [".describe GenerateResponse"]],
    [".param s|", [".param set"]],
    [".param set ci|", [".param set city"]],
    [".timer o|", [".timer on", ".timer off"]],
    [".help tim|", [".help timer"]],
    [".explain sel|", [".explain select"]],
    [".quit no|", []],
    [".tabels no|", []],
    [".explain call ModerateT|", [".explain call ModerateText("]],
    ["select 1;\n.tab|", ["select 1;\n.tables "]],
  ])("%j", async (marked, expected) => {
    expect(await completed(marked)).toEqual(expected);
  });
});
