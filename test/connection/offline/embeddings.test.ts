import { describe, expect, it } from "vitest";

import { countFirst } from "../../../bench/offline/rank.ts";
import { retrieval } from "../../../bench/offline/sets.ts";
import { client, failureOf, post } from "./client.ts";

const model = "offline-use-lite";

async function embed(...input: string[]): Promise<readonly (readonly number[])[]> {
  const { data } = await client.embeddings.create({ model, input });
  return data.map((item) => item.embedding);
}

function cosine(left: readonly number[] = [], right: readonly number[] = []): number {
  return left.reduce((sum, value, index) => sum + value * (right[index] ?? 0), 0);
}

describe("embeddings", () => {
  it("a paraphrase is nearer than an unrelated sentence", async () => {
    const [parcel, package_, piano] = await embed(
      "The parcel has not arrived.",
      "My package was never delivered.",
      "She plays the piano every evening.",
    );
    expect(cosine(parcel, package_)).toBeGreaterThan(cosine(parcel, piano) + 0.2);
  });

  it("questions find their help article first, two times of three", async () => {
    const articles = await embed(...retrieval.map(([article]) => article));
    const questions = await embed(...retrieval.map(([, question]) => question));
    expect(countFirst(articles, questions)).toBeGreaterThanOrEqual(8);
  });

  it("answers with the API's shape, 512 dimensions and a name nobody mistakes", async () => {
    const response = await client.embeddings.create({ model, input: ["Hello", "Good evening"] });
    expect(response).toMatchObject({
      object: "list",
      model,
      data: [
        { object: "embedding", index: 0 },
        { object: "embedding", index: 1 },
      ],
      usage: { prompt_tokens: 4, total_tokens: 4 },
    });
    expect(response.data.map((item) => item.embedding.length)).toEqual([512, 512]);
    expect(Math.hypot(...(response.data[0]?.embedding ?? []))).toBeCloseTo(1, 5);
  });

  it("base64 and floats carry the same numbers", async () => {
    const [decoded] = await embed("Where is my order?");
    const { data } = await client.embeddings.create({
      model,
      input: "Where is my order?",
      encoding_format: "float",
    });
    expect(data[0]?.embedding).toEqual(decoded);
  });

  it("the words after the encoder's window of 128 tokens still count", async () => {
    const start = "The weather was fine and we walked along the river. ".repeat(20);
    const [plain, longer] = await embed(
      start,
      start + "The invoice was charged twice to my card. ".repeat(10),
    );
    expect(cosine(plain, longer)).toBeLessThan(0.98);
  });

  it("a line break is a space", async () => {
    const [spaced, broken] = await embed("my order is late", "my order\n is\tlate");
    expect(broken).toEqual(spaced);
  });

  it("the empty string is refused as the API does", async () => {
    const error = await failureOf(embed("fine", ""));
    expect(error).toMatchObject({ status: 400, type: "invalid_request_error", param: "input" });
    expect(error.message).toContain("input[1]");
  });

  it.each(["这是什么", "привет, как дела", "مرحبا", "   ", "\u0000"])(
    "%j is refused: the model cannot read it",
    async (text) => {
      const error = await failureOf(embed(text));
      expect(error).toMatchObject({ status: 400, code: "not_available_offline" });
      expect(error.message).toContain("English only");
    },
  );

  it.each(["42", "?", "é", "ok", "x".repeat(2000)])("%j is odd but readable", async (text) => {
    expect((await embed(text))[0]).toHaveLength(512);
  });

  it("one megabyte is over the limit of tokens, and says so", async () => {
    const error = await failureOf(embed("all work and no play ".repeat(50_000)));
    expect(error).toMatchObject({ status: 400, code: "context_length_exceeded", param: "input" });
    expect(error.message).toContain("8192 tokens");
  });

  it("dimensions other than 512 are refused", async () => {
    const input = "Hello";
    expect(await failureOf(client.embeddings.create({ model, input, dimensions: 100 }))).toMatchObject({
      status: 400,
      param: "dimensions",
    });
    await expect(client.embeddings.create({ model, input, dimensions: 512 })).resolves.toBeDefined();
  });

  it("more than 2048 inputs, none, and tokens instead of text are refused", async () => {
    for (const input of [Array.from({ length: 2049 }, () => "a"), [], [[1, 2]]]) {
      const response = await post("embeddings", JSON.stringify({ model, input }));
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ error: { param: "input" } });
    }
  });
});
