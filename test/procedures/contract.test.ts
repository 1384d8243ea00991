/** What must hold of every procedure in the catalogue, whoever adds one. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { coerce } from "../../src/catalog/coerce.ts";
import { kindOf } from "../../src/catalog/describe.ts";
import type { SqlValue } from "../../src/catalog/value.ts";
import { procedures } from "../../src/procedures/index.ts";
import { successes } from "./support/answers.ts";
import {
  answer,
  bodyOf,
  catalog,
  find,
  minimalOf,
  models,
  named,
  outcome,
  prepare,
  schemaProblem,
} from "./support/calls.ts";

test("the catalogue holds the eleven documented procedures", () => {
  expect(procedures.map((procedure) => procedure.name)).toEqual([
    "GenerateResponse",
    "ModerateText",
    "GetEmbeddings",
    "AnalyzeImage",
    "GenerateImage",
    "EditImage",
    "CreateTranscription",
    "CreateTranslation",
    "GenerateAudio",
    "SummarizeText",
    "ClassifyText",
  ]);
});

describe.each(procedures.map((procedure) => [procedure.name, procedure] as const))(
  "%s",
  (name, procedure) => {
    test("says what it and everything in it is", () => {
      expect(procedure.summary).toMatch(/^[A-Z].*\.$/);
      expect(procedure.source).toContain("API: POST /");
      expect(procedure.examples.length).toBeGreaterThan(1);
      for (const item of [...procedure.parameters, ...procedure.columns]) {
        expect(item.summary, item.name).toMatch(/[.…]$/);
      }
    });

    test("places documented parameters before extensions, positions from 0", () => {
      expect(procedure.parameters.map((parameter) => parameter.position)).toEqual(
        procedure.parameters.map((_, index) => index),
      );
      const marks = procedure.parameters.map((parameter) => parameter.isExtension === true);
      expect(marks).toEqual(marks.toSorted((a, b) => Number(a) - Number(b)));
    });

    test("finds parameters by name and alias in any case", () => {
      for (const parameter of procedure.parameters) {
        for (const spelling of [parameter.name, ...(parameter.aliases ?? [])]) {
          expect(procedure.findParameter(spelling.toUpperCase())).toBe(parameter);
        }
      }
      expect(procedure.findParameter("Nonsense")).toBeUndefined();
    });

    test("has defaults within their own limits", () => {
      for (const parameter of procedure.parameters) {
        if (parameter.default === undefined) continue;
        expect(coerce(parameter, String(parameter.default))).toEqual({ ok: true, value: parameter.default });
      }
    });

    test("has its primary column first and overloads that exist", () => {
      expect(procedure.primary).toBe(0);
      for (const { when, use } of procedure.overloads) {
        expect(find(use).findParameter(when)).toBeDefined();
      }
    });

    test("sends a minimal call that the API's schema accepts", () => {
      expect(schemaProblem(name, minimalOf(name))).toBeUndefined();
    });

    test("does not send a parameter that is NULL or absent", () => {
      const body = bodyOf(name, minimalOf(name));
      expect(Object.values(body)).not.toContain(undefined);
      expect(Object.values(body)).not.toContain(null);
      for (const parameter of procedure.parameters) {
        if (parameter.required === true) continue;
        expect(bodyOf(name, { ...minimalOf(name), [parameter.name]: null })).toEqual(body);
      }
    });

    test("answers NULL for a required parameter with an error of the call", () => {
      for (const parameter of procedure.parameters) {
        if (parameter.required !== true) continue;
        const prepared = prepare(name, { ...minimalOf(name), [parameter.name]: null });
        expect(prepared).toMatchObject({
          ok: false,
          error: { code: "call/missing-value", param: parameter.name },
        });
      }
    });

    test("takes a session default where the argument is NULL, and lets the argument win", () => {
      for (const parameter of procedure.parameters) {
        const value = minimalOf(name)[parameter.name];
        if (parameter.required !== true || value === undefined) continue;
        const defaults = { [parameter.name.toLowerCase()]: value };
        const without = { ...minimalOf(name), [parameter.name]: null };
        expect(prepare(name, without, { defaults })).toMatchObject({ ok: true });
      }
    });

    test("fills every result column it declares from a full answer", () => {
      const { row, result } = answer(name, successes[name], minimalOf(name), "gpt-x");
      expect(result.error).toBeUndefined();
      expect(row).toMatchObject({
        Status: "completed",
        Http_Status: 200,
        Request_Id: "req_1",
        Attempts: 1,
        Error_Code: null,
      });
      const neverFilled = ["Response_Refusal", "Incomplete_Reason", "Categories_Json"];
      const empty = procedure.columns
        .filter((column) => kindOf(procedure, column) === "result" && row[column.name] === null)
        .map((column) => column.name);
      expect(empty.filter((column) => !neverFilled.includes(column))).toEqual([]);
    });

    test("echoes the arguments, defaults included, under their own names", () => {
      const { row } = answer(name, successes[name]);
      for (const [parameter, value] of Object.entries(minimalOf(name))) {
        const isList = find(name).findParameter(parameter)?.type === "json";
        expect(row[parameter]).toEqual(isList ? '["greeting","complaint"]' : value);
      }
      if (row["Model"] !== undefined) expect(row["Model"]).not.toBeNull();
    });

    test("costs nothing and says so when a model on this machine answered", () => {
      const success = successes[name];
      const body =
        success instanceof Uint8Array ? success : Object.assign({}, success, { model: "offline-x" });
      const { row } = answer(name, body, minimalOf(name), "offline-x");
      expect(row).toMatchObject({ Model_Used: "offline-x", Cost_Usd: 0 });
    });

    test("gives a full row with the error for a failed request", () => {
      const { row, result } = outcome(name, {
        failure: {
          kind: "http",
          status: 429,
          code: "rate_limit_exceeded",
          type: "requests",
          message: "slow down",
          requestId: "req_9",
        },
        attempts: 3,
        durationMs: 40,
      });
      expect(result).toMatchObject({ error: { code: "rate_limit_exceeded" }, costUsd: 0 });
      expect(row).toMatchObject({
        Status: "failed",
        Error_Code: "rate_limit_exceeded",
        Error_Type: "requests",
        Error_Message: "slow down",
        Http_Status: 429,
        Request_Id: "req_9",
        Attempts: 3,
      });
      expect(row[procedure.columns[0]?.name ?? ""]).toBeNull();
    });

    test("gives a full row for a call that was never sent", () => {
      const prepared = prepare(name, {});
      if (prepared.ok) throw new Error("nothing is required");
      const row = named(procedure, procedure.errorRow(prepared.arguments, prepared.error));
      expect(row).toMatchObject({
        Status: "failed",
        Error_Code: "call/missing-value",
        Attempts: null,
        Cost_Usd: null,
      });
    });

    test("makes an error row of an answer without content", () => {
      for (const body of [{}, { data: [], results: [], output: "no" }, null, "text", new Uint8Array()]) {
        const { result, row } = answer(name, body);
        expect(result.error?.code).toMatch(/^call\/(empty|bad)-answer$/);
        expect(row["Status"]).toBe("failed");
      }
    });

    test("prepare never throws, whatever the values", () => {
      const value: fc.Arbitrary<SqlValue | undefined> = fc.oneof(
        fc.constantFrom(
          null,
          undefined,
          "",
          "0",
          "1e3",
          "true",
          "{}",
          "[]",
          "a, b",
          "gpt-4o",
          "o3",
          "1024x1024",
        ),
        fc.string({ unit: "binary", maxLength: 40 }),
        fc.double(),
        fc.integer(),
        fc.bigInt(),
        fc.uint8Array({ maxLength: 40 }),
        fc.constantFrom(...Object.values(minimalOf(name)).filter((item) => item !== undefined)),
      );
      const values = fc.array(value, { maxLength: procedure.parameters.length + 1 });
      fc.assert(
        fc.property(values, (given) => {
          const prepared = procedure.prepare(given, { models, defaults: {} });
          if (prepared.ok) return;
          expect(prepared.error.code).toMatch(/^call\//);
          expect(prepared.error.message).not.toContain("\n");
          expect(procedure.errorRow(prepared.arguments, prepared.error)).toHaveLength(
            procedure.columns.length,
          );
        }),
        { numRuns: 150 },
      );
    });

    test("result never throws, whatever the answer", () => {
      fc.assert(
        fc.property(fc.jsonValue(), (body) => {
          expect(answer(name, body).row["Status"]).toMatch(/^(completed|failed|incomplete)$/);
        }),
        { numRuns: 60 },
      );
    });
  },
);

test("names and aliases of procedures are found in any case", () => {
  expect(catalog.find("getembeddings")?.name).toBe("GetEmbeddings");
  expect(catalog.find("nothing")).toBeUndefined();
});
