import { describe, expect, test } from "vitest";
import { createCatalog } from "../../src/catalog/catalog.ts";
import { defineProcedure } from "../../src/catalog/define.ts";
import type { ParameterDefinitions } from "../../src/catalog/definition.ts";
import type { Procedure } from "../../src/catalog/procedure.ts";
import { readText } from "../../src/catalog/read.ts";
import { commonColumns } from "../../src/catalog/result.ts";
import { models } from "../procedures/support/calls.ts";

function echoProcedure(parameters: ParameterDefinitions): Procedure {
  return defineProcedure({
    name: "Echo",
    summary: "Gives back what it gets.",
    source: "this test",
    endpoint: "responses",
    parameters,
    primary: "Result",
    columns: { Result: { type: "text", summary: "Text." } },
    examples: [],
    request: (args) => ({ ...args }),
    row: (body) => ({ cells: { Result: readText(body, "text") } }),
  });
}

const summary = "";

describe("defineProcedure", () => {
  test("moves extensions behind documented parameters", () => {
    const echo = echoProcedure({
      Own: { type: "text", summary, isExtension: true },
      First: { type: "text", summary },
      Second: { type: "text", summary },
    });
    expect(echo.parameters.map((parameter) => parameter.name)).toEqual(["First", "Second", "Own"]);
  });

  test("puts result, tail and echo columns in this order, with SQLite's types", () => {
    const echo = echoProcedure({ Flag: { type: "boolean", summary }, File: { type: "bytes", summary } });
    expect(echo.columns.map((column) => column.name)).toEqual([
      "Result",
      ...Object.keys(commonColumns),
      "Flag",
      "File",
    ]);
    expect(echo.columns.slice(-2).map((column) => column.type)).toEqual(["integer", "blob"]);
  });

  test("refuses two parameters, or a column and a parameter, of one name", () => {
    expect(() =>
      echoProcedure({ A: { type: "text", summary }, B: { type: "text", aliases: ["a"], summary } }),
    ).toThrow(/two parameters/);
    expect(() => echoProcedure({ result: { type: "text", summary } })).toThrow(/two columns/);
  });

  test("applies argument, session default and shipped default in this order", () => {
    const echo = echoProcedure({ A: { type: "integer", default: 1, aliases: ["Alpha"], summary } });
    const given = (value: number | null, defaults: Record<string, number>): unknown =>
      echo.prepare([value], { models, defaults }).arguments["A"];
    expect(given(3, { A: 2 })).toBe(3);
    expect(given(null, { A: 2 })).toBe(2);
    expect(given(null, { alpha: 2 })).toBe(2);
    expect(given(null, {})).toBe(1);
  });

  test("checks a session default like an argument", () => {
    const echo = echoProcedure({ A: { type: "integer", max: 9, summary } });
    expect(echo.prepare([], { models, defaults: { A: 10 } })).toMatchObject({ ok: false });
  });

  test("echoes a refused value as it was given", () => {
    const echo = echoProcedure({ A: { type: "integer", summary }, B: { type: "text", summary } });
    const prepared = echo.prepare([2n ** 60n, "x"], { models, defaults: {} });
    expect(prepared).toMatchObject({ ok: false, arguments: { A: String(2n ** 60n), B: "x" } });
  });

  test("stores booleans as 0/1, objects as JSON, and no NaN", () => {
    const echo = echoProcedure({
      Flag: { type: "boolean", summary },
      List: { type: "json", isList: true, summary },
    });
    const prepared = echo.prepare(["on", "a, b"], { models, defaults: {} });
    if (!prepared.ok) throw new Error(prepared.error.message);
    const answer = { body: { text: "hi" }, status: 200, contentType: "application/json" };
    const { row } = echo.result(prepared, { answer, attempts: 1, durationMs: Number.NaN });
    expect(row[0]).toBe("hi");
    expect(row.slice(-2)).toEqual([1, '["a","b"]']);
    expect(row[echo.columns.findIndex((column) => column.name === "Duration_Ms")]).toBeNull();
  });
});

describe("a request that failed", () => {
  const echo = echoProcedure({});
  const prepared = echo.prepare([], { models, defaults: {} });

  test.each([
    ["http", "call/http-error", 0],
    ["network", "call/network", undefined],
    ["timeout", "call/timeout", undefined],
    ["bad-answer", "call/bad-answer", undefined],
    ["redirect", "call/redirect", 0],
    ["cancelled", "call/cancelled", undefined],
    ["unavailable", "call/not-available-offline", 0],
    ["credentials", "call/credentials", 0],
  ] as const)("of kind %s has the code %s where the API gave none", (kind, code, costUsd) => {
    if (!prepared.ok) throw new Error("nothing to refuse");
    const result = echo.result(prepared, {
      failure: { kind, message: "so it is" },
      attempts: 1,
      durationMs: 1,
    });
    expect(result.error).toMatchObject({ code, message: expect.stringContaining("so it is") });
    expect(result.costUsd).toBe(costUsd);
  });

  test("keeps the API's own code and gains our hint", () => {
    if (!prepared.ok) throw new Error("nothing to refuse");
    const failure = { kind: "http", message: "no credit", code: "insufficient_quota", status: 429 } as const;
    const { error } = echo.result(prepared, { failure, attempts: 1, durationMs: 1 });
    expect(error).toMatchObject({
      code: "insufficient_quota",
      message: "no credit",
      hint: expect.stringContaining("credit"),
    });
  });
});

test("a catalogue refuses two procedures of one name, in any case", () => {
  const echo = echoProcedure({});
  expect(() => createCatalog([echo, { ...echo, name: "ECHO" }])).toThrow(/two procedures/);
});
