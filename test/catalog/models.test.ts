import { describe, expect, test } from "vitest";
import { costOf, shippedModels, type Usage } from "../../src/catalog/models.ts";
import data from "../../src/catalog/models.json" with { type: "json" };
import { modelTableProblem, readModelTable } from "../../src/catalog/read-model-table.ts";
import { models, prepare, warningsOf } from "../procedures/support/calls.ts";

function cost(id: string, usage: Usage, today?: string): number | undefined {
  const model = shippedModels.find(id);
  return model === undefined ? undefined : costOf(model, usage, today)?.usd;
}

describe("the shipped table", () => {
  test("is what the schema of a table says", () => {
    expect(modelTableProblem(data)).toBeUndefined();
    expect(shippedModels.models).toEqual(readModelTable(data).models);
  });

  test("knows each of its own ids by one row", () => {
    for (const model of shippedModels.models)
      expect(shippedModels.find(model.id.replace("*", "x"))?.id).toBe(model.id);
  });

  test("knows the models a connection starts with, and that they stay", () => {
    for (const id of Object.values(models)) expect(shippedModels.find(id), id).toBeDefined();
    for (const id of [models.text, models.image, models.embedding, models.moderation]) {
      expect(shippedModels.find(id)?.retiresOn).toBeUndefined();
    }
  });

  test("names replacements that it knows and that do not end themselves", () => {
    for (const { id, replacement } of shippedModels.models) {
      if (replacement === undefined) continue;
      expect(shippedModels.find(replacement), id).toBeDefined();
      expect(shippedModels.find(replacement)?.retiresOn, id).toBeUndefined();
    }
  });

  test("takes dated snapshots for their model and no more", () => {
    expect(shippedModels.find("gpt-6-luna-2026-10-06")?.id).toBe("gpt-6-luna");
    expect(shippedModels.find("gpt-4o-2024-05-13")?.id).toBe("gpt-4o-2024-05-13");
    expect(shippedModels.find("gpt-6-luna-mini")).toBeUndefined();
    expect(shippedModels.find("my-gpt-4o")).toBeUndefined();
  });

  test("knows what runs on this machine, for nothing", () => {
    expect(cost("offline-use-lite", {})).toBe(0);
  });
});

describe("cost", () => {
  test.each<[string, string, Usage, number]>([
    ["plain text", "gpt-4o", { inputTokens: 1e6, outputTokens: 1e5 }, 3.5],
    ["cached input", "gpt-4o", { inputTokens: 1e6, cachedInputTokens: 1e6 }, 1.25],
    ["cache writes", "gpt-6-luna", { inputTokens: 2e5, cacheWriteTokens: 2e5 }, 0.025],
    ["a long prompt", "gpt-6-luna", { inputTokens: 1e6, outputTokens: 1e6 }, 0.2 + 0.75],
    ["web searches", "gpt-4o", { inputTokens: 0, webSearches: 3 }, 0.03],
    ["embeddings", "text-embedding-3-large", { inputTokens: 1e6 }, 0.13],
    [
      "images",
      "gpt-image-1.5",
      { inputTokens: 2e6, inputImageTokens: 1e6, outputTokens: 1e6, outputImageTokens: 1e6 },
      45,
    ],
    ["audio tokens", "gpt-4o-transcribe", { inputTokens: 1e6, inputAudioTokens: 1e6, outputTokens: 1e6 }, 16],
    ["audio time", "gpt-transcribe", { audioSeconds: 1800 }, 0.135],
    ["characters", "tts-1-hd", { characters: 1e5 }, 3],
    ["moderation", "omni-moderation-latest", {}, 0],
  ])("of %s is right to the cent", (_, id, usage, expected) => {
    expect(cost(id, usage)).toBeCloseTo(expected, 9);
  });

  test("is unknown without the usage the price counts, or without a price", () => {
    expect(cost("gpt-4o", {})).toBeUndefined();
    expect(cost("whisper-1", { inputTokens: 5 })).toBeUndefined();
    expect(cost("dall-e-2", { inputTokens: 5 })).toBeUndefined();
  });

  test("is that of the day when prices changed", () => {
    expect(cost("gpt-5.6-luna", { inputTokens: 1e5 }, "2026-07-29")).toBeCloseTo(0.1);
    expect(cost("gpt-5.6-luna", { inputTokens: 1e5 }, "2026-07-30")).toBeCloseTo(0.02);
  });

  test("says when its price was read", () => {
    const model = shippedModels.find("gpt-4o");
    expect(model && costOf(model, { inputTokens: 1 })?.asOf).toBe("2026-09-23");
  });
});

describe("a table of the user's own", () => {
  const own = readModelTable(
    {
      asOf: "2026-11-01",
      models: [
        {
          id: "gpt-4o",
          pattern: "^gpt-4o$",
          endpoints: ["responses"],
          prices: [{ perMillion: { input: 1 }, asOf: "2026-11-01", source: "contract" }],
        },
      ],
    },
    shippedModels,
  );

  test("comes before the shipped one", () => {
    expect(own.find("gpt-4o")?.prices[0]?.source).toBe("contract");
    expect(own.find("gpt-4o-mini")?.id).toBe("gpt-4o-mini");
  });

  test("is what a call prepared with it is priced by", () => {
    expect(prepare("GenerateResponse", { Message: "x", Model: "gpt-4o" }, { modelTable: own })).toMatchObject(
      {
        modelTable: own,
      },
    );
  });

  test("is refused when a field is misspelled", () => {
    expect(() => readModelTable({ asOf: "2026-11-01", models: [{ id: "x" }] })).toThrow();
  });
});

describe("warnings about a model", () => {
  const warnings = (Model: string, today?: string): string[] =>
    warningsOf("GenerateResponse", { Message: "x", Model }, today === undefined ? {} : { today });

  test("name one that is retired or will be within 90 days", () => {
    expect(warnings("gpt-4o", "2026-10-15")).toEqual([]);
    expect(warnings("gpt-4o", "2026-10-16")).toEqual(["call/model-retiring"]);
    expect(warnings("gpt-4o", "2027-01-14")).toEqual(["call/model-retired"]);
  });

  test("without a date go by the day the table was checked", () => {
    expect(warnings("gpt-4o")).toEqual(["call/model-retiring"]);
    expect(warnings("gpt-6-luna")).toEqual([]);
  });

  test("name an id that is not known, unless the connection itself is set to it", () => {
    expect(warnings("llama4")).toEqual(["call/unknown-model"]);
    expect(
      warningsOf("GenerateResponse", { Message: "x" }, { models: { ...models, text: "llama4" } }),
    ).toEqual([]);
  });
});
