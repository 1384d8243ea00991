import { describe, expect, it } from "vitest";

import { splitSentences } from "../../../src/connection/offline/sentences.ts";
import { countTokens, cutTokens } from "../../../src/connection/offline/tokens.ts";

describe("sentences", () => {
  it.each([
    ["One. Two! Three?", ["One.", "Two!", "Three?"]],
    [
      "Dr. Smith paid $3.50 to Acme Inc. in May. Fine.",
      ["Dr. Smith paid $3.50 to Acme Inc. in May.", "Fine."],
    ],
    ["wrapped\nby hand. Next", ["wrapped by hand.", "Next"]],
    ["Title\n\nBody text", ["Title", "Body text"]],
    ["Items:\n- apples\n- pears", ["Items:", "apples", "pears"]],
    ["👍 !!! ...", []],
    ["", []],
  ])("%j", (text, sentences) => {
    expect(splitSentences(text)).toEqual(sentences);
  });
});

describe("the token counter", () => {
  it.each([
    ["", 0],
    ["Hello, world!", 4],
    ["internationalisation", 4],
    ["1234567", 3],
  ])("%j has %i", (text, tokens) => {
    expect(countTokens(text)).toBe(tokens);
  });

  it("cuts where it counts", () => {
    expect(cutTokens("one two three", 2)).toBe("one two");
    expect(cutTokens("one two", 2)).toBe("one two");
  });
});
