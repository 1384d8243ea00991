/** Counting tokens: as the models do, in time that grows with the text, and only where a limit can be reached. */
import { describe, expect, test } from "vitest";
import { createCatalog } from "../../src/catalog/catalog.ts";
import type { Prepared } from "../../src/catalog/procedure.ts";
import { procedures } from "../../src/index.ts";
import { estimateTokens } from "../../src/runtime/dispatch/token-estimate.ts";
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

describe("the estimate that fills packs", () => {
  test.each([
    [
      "English",
      "All human beings are born free and equal in dignity and rights. They are endowed with reason.",
    ],
    ["German", "Die Würde des Menschen ist unantastbar. Sie zu achten und zu schützen ist Verpflichtung."],
    ["Russian", "Все люди рождаются свободными и равными в своем достоинстве и правах."],
    ["Chinese", "人人生而自由,在尊严和权利上一律平等。他们赋有理性和良心,并应以兄弟关系的精神相对待。"],
    ["Japanese", "すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。"],
    ["Korean", "모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다."],
    ["Arabic", "يولد جميع الناس أحرارًا متساوين في الكرامة والحقوق. وقد وهبوا عقلاً وضميرًا"],
    ["Hindi", "सभी मनुष्यों को गौरव और अधिकारों के मामले में जन्मजात स्वतन्त्रता और समानता प्राप्त है।"],
    ["code", 'if (found !== undefined) return { kind: "held", hold: found.map((one) => one.id) };'],
    ["JSON", '{"id": 17, "name": "Ada", "tags": ["a", "b"], "price": 12.50}'],
  ])("has no fewer tokens of %s than the model counts, and not twice as many", (_, text) => {
    const counted = countTokens(text.repeat(10), "embeddings");
    const estimated = estimateTokens(text.repeat(10));
    expect(estimated).toBeGreaterThanOrEqual(counted);
    expect(estimated).toBeLessThan(2 * counted);
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
