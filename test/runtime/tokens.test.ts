/** Counting tokens: as the models do, in time that grows with the text, and only where a limit can be reached. */
import { describe, expect, test } from "vitest";
import { createCatalog } from "../../src/catalog/catalog.ts";
import type { Prepared } from "../../src/catalog/procedure.ts";
import { procedures } from "../../src/index.ts";
import { countTokens } from "../../src/runtime/tokens.ts";
import { models } from "../procedures/support/calls.ts";

describe("countTokens", () => {
  test("counts as the endpoint's models do", () => {
    expect(countTokens("hello world", "responses")).toBe(2);
    expect(countTokens("Die Würde des Menschen ist unantastbar.", "responses")).toBe(11);
    // cl100k_base cuts Chinese finer than o200k_base.
    const chinese = "人工智能正在改变世界";
    expect(countTokens(chinese, "embeddings")).toBeGreaterThan(countTokens(chinese, "responses"));
  });

  test("takes names of special tokens for text", () => {
    expect(countTokens("<|endoftext|>", "embeddings")).toBeGreaterThan(1);
  });

  test("ends soon on long repeats", () => {
    for (const text of ["漢字".repeat(50_000), "a".repeat(100_000), " ".repeat(100_000), "!".repeat(100_000)])
      expect(countTokens(text, "responses")).toBeGreaterThan(0);
  });
});

describe("a text to embed", () => {
  const embed = (text: string, model: string | null = null): Prepared | undefined =>
    createCatalog(procedures)
      .find("GetEmbeddings")
      ?.prepare([text, model], { models, defaults: {}, countTokens });
  const words = (count: number): string => "word ".repeat(count).trim();

  test("of 8,192 tokens passes, of more is refused before it is sent", () => {
    expect(embed(words(8192))).toMatchObject({ ok: true });
    expect(embed(words(8193))).toMatchObject({
      ok: false,
      error: {
        code: "call/too-many-tokens",
        message: `this model's maximum context length is 8192 tokens, however "Text" has 8193 tokens`,
      },
    });
  });

  test("for a model that is not listed is left to the service", () => {
    expect(embed(words(9000), "nomic-embed-text")).toMatchObject({
      ok: true,
    });
  });
});
