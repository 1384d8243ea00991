/** The user's own models: where they are found, what they change, and how a mistake in them is said. */
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openSession, DiagnosticError, type Diagnostic, type SqlValue } from "../../src/index.ts";
import { createOpenAIConnection } from "../../src/connection/openai.ts";
import { findModelTable } from "../../src/connection/models-file.ts";
import { startOpenAIServer, type OpenAIServer } from "../support/openai-server.ts";
import { lineOf as jsonLineOf, lineOfMistake } from "../../src/connection/json-line.ts";

const folder = mkdtempSync(join(tmpdir(), "callsql-models-"));
const own = {
  asOf: "2026-11-01",
  models: [
    {
      id: "our-llama",
      pattern: "^our-llama$",
      endpoints: ["responses" as const],
      fields: { service_tier: "flex" },
      prices: [
        { perMillion: { input: 1000, output: 2000 }, asOf: "2026-11-01", source: "our cluster" },
        { from: "2099-01-01", perMillion: { input: 1 }, asOf: "2026-11-01", source: "announced" },
      ],
    },
    { id: "gpt-4o", pattern: "^gpt-4o$", endpoints: ["responses" as const], prices: [] },
  ],
};

let server: OpenAIServer;
beforeAll(async () => {
  server = await startOpenAIServer();
});
afterAll(() => server.close());

function fileOf(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

async function mistakeOf(text: string): Promise<Diagnostic | undefined> {
  try {
    await findModelTable(fileOf("models.json", text), {});
    return undefined;
  } catch (error) {
    if (error instanceof DiagnosticError) return error.diagnostics[0];
    throw error;
  }
}

async function rows(models: string | typeof own | undefined, env: Record<string, string>, sql: string) {
  const connection = createOpenAIConnection({ name: "openai", apiKey: "sk-test", baseUrl: server.url });
  await using session = await openSession({ connection, env, ...(models === undefined ? {} : { models }) });
  const result = await session.execute(sql);
  return { rows: await result.all(), warnings: result.warnings.map(({ code }) => code) };
}

const known = "SELECT model, price FROM sys_models WHERE model IN ('our-llama', 'gpt-4o') ORDER BY model";

describe("models of the user's own", () => {
  test("are known to calls: their fields are sent, their price of the day counts, nothing is warned of", async () => {
    const call = "CALL GenerateResponse('hello there', Model => 'our-llama')";
    const { rows: found, warnings } = await rows(own, {}, call);
    const [row = {}] = found;
    const tokens = (name: string): number => Number(row[name]);
    const cost = tokens("Usage_InputTokens") / 1000 + (tokens("Usage_OutputTokens") * 2) / 1000;
    expect(row["Cost_Usd"]).toBeCloseTo(cost, 9);
    expect(row["Cost_As_Of"]).toBe("2026-11-01");
    expect(warnings).toEqual([]);
    expect(server.requests.at(-1)?.body).toMatchObject({ model: "our-llama", service_tier: "flex" });
  });

  test("stand in sys_models in the place of shipped ones of their id", async () => {
    const expected: Record<string, SqlValue>[] = [
      { model: "gpt-4o", price: null },
      { model: "our-llama", price: "USD 1 in per 1M tokens" },
    ];
    expect((await rows(own, {}, known)).rows).toEqual(expected);
    expect((await rows(fileOf("own.json", JSON.stringify(own)), {}, known)).rows).toEqual(expected);
  });

  test("are read from the configuration where none are named", async () => {
    const config = join(folder, "config");
    mkdirSync(join(config, "callsql"), { recursive: true });
    writeFileSync(join(config, "callsql", "models.json"), JSON.stringify(own));
    expect((await rows(undefined, { XDG_CONFIG_HOME: config }, known)).rows).toHaveLength(2);
    expect((await rows(undefined, { XDG_CONFIG_HOME: folder }, known)).rows).toHaveLength(1);
    const none = { ...own, models: [] };
    expect((await rows(none, { XDG_CONFIG_HOME: config }, known)).rows).toHaveLength(1);
  });
});

test("what a service lists is forgotten with the connection", async () => {
  const connection = createOpenAIConnection({ name: "openai", apiKey: "sk-test", baseUrl: server.url });
  await using session = await openSession({ connection, env: {} });
  const listing = async (): Promise<unknown> =>
    (await session.execute("SELECT listing FROM sys_models WHERE model = 'o3'")).first();
  expect(await listing()).toEqual({ listing: null });
  await session.refreshModels();
  expect(await listing()).toEqual({ listing: "listed" });
  await session.execute("SET connection = 'offline'");
  expect(await listing()).toEqual({ listing: null });
});

describe("a mistake in a models file", () => {
  const text = JSON.stringify(own, undefined, 2);
  const lineOf = (part: string): number => text.slice(0, text.indexOf(part)).split("\n").length;

  test.each([
    [
      "a misspelled key",
      text.replace('"perMillion"', '"perMilion"'),
      'models[0].prices[0].perMilion" is no key',
      "perMillion",
    ],
    [
      "a bad date",
      text.replace('"2099-01-01"', '"soon"'),
      'models[0].prices[1].from" invalid ISO date',
      "2099",
    ],
    [
      "a pattern that is none",
      text.replace("^our-llama$", "("),
      'models[0].pattern" is not a regular expression',
      '"pattern"',
    ],
    [
      "an unknown endpoint",
      text.replace('"responses"', '"chat"'),
      'models[0].endpoints[0]" invalid option',
      '"responses"',
    ],
  ])("names line and key: %s", async (_, changed, words, place) => {
    const found = await mistakeOf(changed);
    expect(found).toMatchObject({ code: "connect/bad-models", message: expect.stringContaining(words) });
    expect(found?.message).toContain(`models.json:${lineOf(place)}:`);
  });

  test.each([
    [[], 1],
    [["number", "deeper"], 2],
    [["list", 1], 5],
    [["list", 2, "key"], 6],
    [["list", 7], 3],
    [["text"], 8],
    [["absent"], 1],
  ])("the line of %j", (path, line) => {
    const json =
      '{\n"number": -1.5e3,\n"list": [\n{"a": [1, "]"]},\ntrue,\n{"key": null}\n],\n"text": "a \\"}"\n}';
    expect(jsonLineOf(json, path)).toBe(line);
  });

  test.each([
    ['{"a": 1,}', 1],
    ['{"a":\n"x\n', 2],
    ['{"a": 1}\n}', 2],
    ["\n\n}", 3],
    ['{"a":\n tru}', 2],
  ])("the line where %j is no JSON", (json, line) => {
    expect(lineOfMistake(json)).toBe(line);
  });

  test("is said of what is no JSON, no table, or not there", async () => {
    expect(await mistakeOf('{\n  "asOf": \n}')).toMatchObject({
      code: "connect/bad-models",
      message: expect.stringMatching(/models\.json:3 is not JSON: /),
    });
    expect(await mistakeOf("[]")).toMatchObject({ code: "connect/bad-models" });
    expect(await mistakeOf('{"models": []}')).toMatchObject({ message: expect.stringContaining('"asOf"') });
    await expect(findModelTable(join(folder, "none.json"), {})).rejects.toThrow("connect/unreadable-models");
    await expect(findModelTable(folder, {})).rejects.toThrow("connect/unreadable-models");
  });
});
