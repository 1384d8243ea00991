/** GetEmbeddings and ModerateText: the procedures the dispatcher packs. */
import { describe, expect, test } from "vitest";
import { embedding, moderation } from "./support/answers.ts";
import { answer, bodyOf, errorOf, find, prepare } from "./support/calls.ts";

describe("GetEmbeddings", () => {
  test("sends text, model and dimensions", () => {
    expect(
      bodyOf("GetEmbeddings", { Text: "hello", Model: "text-embedding-3-large", Dimensions: 256 }),
    ).toEqual({
      input: "hello",
      model: "text-embedding-3-large",
      dimensions: 256,
      encoding_format: "base64",
    });
  });

  test("gives the vector as float32 little-endian, from numbers and from base64", () => {
    const expected = Buffer.from(new Float32Array([0.5, -0.25, 1]).buffer);
    const encoded = { ...embedding, data: [{ index: 0, embedding: expected.toString("base64") }] };
    for (const body of [embedding, encoded]) {
      const { row, result } = answer("GetEmbeddings", body);
      expect(row).toMatchObject({ Embedding_Dimensions: 3, Usage_PromptTokens: 8 });
      expect(Buffer.from(row["Embedding"] as Uint8Array).equals(expected)).toBe(true);
      // 8 tokens at $0.02 per million.
      expect(result.costUsd).toBeCloseTo(0.16 / 1e6, 12);
    }
  });

  test.each([[[]], [["a"]], ["not base64!"], ["QUJD"], [null]])("takes %j for no embedding", (vector) => {
    const { row } = answer("GetEmbeddings", { ...embedding, data: [{ index: 0, embedding: vector }] });
    expect(row).toMatchObject({ Embedding: null, Error_Code: "call/empty-answer" });
  });

  test("refuses dimensions the model does not have", () => {
    const dimensions = (Model: string, Dimensions: number): string | undefined =>
      errorOf("GetEmbeddings", { Text: "hello", Model, Dimensions });
    expect(dimensions("text-embedding-ada-002", 100)).toBe("call/unsupported-parameter");
    expect(dimensions("text-embedding-3-small", 1537)).toBe("call/out-of-range");
    expect(dimensions("text-embedding-3-small", 1536)).toBeUndefined();
    expect(dimensions("nomic-embed", 99_999)).toBeUndefined();
  });

  test("may be packed by model and dimensions", () => {
    expect(find("GetEmbeddings").pack).toMatchObject({
      by: ["Model", "Dimensions"],
      input: "input",
      answers: "data",
    });
  });
});

describe("ModerateText", () => {
  test("sends text and model", () => {
    expect(bodyOf("ModerateText", { Text: "hello", Model: "text-moderation-latest" })).toEqual({
      input: "hello",
      model: "text-moderation-latest",
    });
  });

  test("gives flags as 0/1 and scores for all 13 categories, for free", () => {
    const { row, result } = answer("ModerateText", moderation);
    const names = Object.keys(row);
    for (const prefix of ["Category_", "Score_", "AppliedTo_"]) {
      expect(names.filter((name) => name.startsWith(prefix))).toHaveLength(13);
    }
    expect(row).toMatchObject({
      Flagged: 1,
      Category_Harassment: 1,
      Category_SelfHarm_Intent: 0,
      Score_Violence: 0.9,
      AppliedTo_Sexual_Minors: '["text"]',
      Categories_Json: null,
    });
    expect(result.costUsd).toBe(0);
  });

  test("shows a category of tomorrow as JSON", () => {
    const [first] = moderation.results;
    const results = [{ ...first, categories: { spam: true }, category_scores: { spam: 0.5 } }];
    const { row } = answer("ModerateText", { ...moderation, results });
    expect(row["Categories_Json"]).toBe('{"spam":{"flagged":true,"score":0.5}}');
  });

  test("warns of the model that was shut down", () => {
    expect(prepare("ModerateText", { Text: "x", Model: "text-moderation-latest" })).toMatchObject({
      warnings: [{ code: "call/model-retired", hint: expect.stringContaining("omni-moderation-latest") }],
    });
  });
});
