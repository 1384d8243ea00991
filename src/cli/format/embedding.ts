/** Embedding vectors as people see them. */
export { embeddingIn, jsonOfEmbedding } from "../../index.ts";

/** `[0.013, -0.020, … 1536]`: enough to see that it is one, and how long. */
export function previewOfEmbedding(vector: readonly number[]): string {
  const shown = vector.slice(0, 2).map((component) => component.toFixed(3));
  if (vector.length <= 2) return `[${shown.join(", ")}]`;
  return `[${shown.join(", ")}, … ${vector.length}]`;
}
