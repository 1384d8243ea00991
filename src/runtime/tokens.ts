/**
 * Tokens of a text as OpenAI's models count them, for limits and for estimates shown to people; nothing is billed by it.
 * The tables of a tokenizer (2 MB, a third of a second) are loaded when a text is first counted, never for SQL alone.
 */
import { createRequire } from "node:module";
import type { Endpoint } from "../catalog/request.ts";

type Encoding = "cl100k_base" | "o200k_base";

/** Of the models of an endpoint; older chat models, which use cl100k_base too, are counted a little short. */
function encodingOf(endpoint: Endpoint): Encoding {
  return endpoint === "embeddings" ? "cl100k_base" : "o200k_base";
}

export function countTokens(text: string, endpoint: Endpoint): number {
  const count = tokenizerOf(encodingOf(endpoint));
  let tokens = 0;
  for (const [piece] of text.matchAll(pieces)) tokens += count(piece);
  return tokens;
}

/**
 * Tokenizing takes time by the square of a word's length: 100,000 times one character would take minutes. Texts are cut
 * before white space, where tokens begin anyway, and every 500 characters where there is none.
 */
const pieces = /[^]{1,500}(?=\s)|[^]{1,500}/gu;

type Tokenizer = (text: string) => number;

const require = createRequire(import.meta.url);
// Each by its full name, so that tools which look for dependencies see them.
const modules: Readonly<Record<Encoding, () => unknown>> = {
  cl100k_base: () => require("gpt-tokenizer/encoding/cl100k_base"),
  o200k_base: () => require("gpt-tokenizer/encoding/o200k_base"),
};
const loaded = new Map<Encoding, Tokenizer>();

function tokenizerOf(encoding: Encoding): Tokenizer {
  const before = loaded.get(encoding);
  if (before !== undefined) return before;
  const count = readTokenizer(modules[encoding]());
  loaded.set(encoding, count);
  return count;
}

/** Names of special tokens are plain text here, as they are to the API. */
function readTokenizer(module: unknown): Tokenizer {
  const { countTokens: count } = module as {
    countTokens: (text: string, options: { readonly disallowedSpecial: ReadonlySet<string> }) => number;
  };
  const options = { disallowedSpecial: new Set<string>() };
  return (text) => count(text, options);
}
