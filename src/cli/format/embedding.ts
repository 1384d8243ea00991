/** Embedding vectors as numbers: the columns hold float32, little-endian. */
import type { SqlValue } from "../../index.ts";
import { jsonOfNumber } from "../json.ts";
import type { Column } from "./column.ts";

/** The vector in this cell, if it is one. */
export function embeddingIn(value: SqlValue, column: Column): number[] | undefined {
  if (column.format !== "embedding" || !(value instanceof Uint8Array) || value.byteLength % 4 !== 0)
    return undefined;
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  return Array.from({ length: value.byteLength / 4 }, (_, index) => view.getFloat32(index * 4, true));
}

export function jsonOfEmbedding(vector: readonly number[]): string {
  return `[${vector.map((component) => jsonOfNumber(shortest(component))).join(", ")}]`;
}

/** `[0.013, -0.020, … 1536]`: enough to see that it is one, and how long. */
export function previewOfEmbedding(vector: readonly number[]): string {
  const shown = vector.slice(0, 2).map((component) => component.toFixed(3));
  if (vector.length <= 2) return `[${shown.join(", ")}]`;
  return `[${shown.join(", ")}, … ${vector.length}]`;
}

/** The fewest digits that give the same float32: 0.1, not 0.10000000149011612. */
function shortest(component: number): number {
  for (let digits = 6; digits < 9; digits++) {
    const candidate = Number(component.toPrecision(digits));
    if (Math.fround(candidate) === component) return candidate;
  }
  return component;
}
