/** A value as people read it (table, box, line, markdown) and as CSV carries it. */
import type { SqlValue } from "../../index.ts";
import type { Column } from "./column.ts";
import { embeddingIn, jsonOfEmbedding, previewOfEmbedding } from "./embedding.ts";
import { describeBytes } from "./media.ts";
import { safeText } from "./text.ts";

/** Safe for a terminal; may have several lines. */
export function shownValue(value: SqlValue, column: Column): string {
  if (value === null) return "NULL";
  if (typeof value === "string") return safeText(value);
  if (typeof value === "number") return numberText(value);
  if (typeof value === "bigint") return String(value);
  const vector = embeddingIn(value, column);
  return vector === undefined ? describeBytes(value) : previewOfEmbedding(vector);
}

/** Exact. null is an empty cell; bytes are base64. */
export function exactText(value: SqlValue, column: Column): string | null {
  if (value === null || typeof value === "string") return value;
  if (typeof value === "number") return numberText(value);
  if (typeof value === "bigint") return String(value);
  const vector = embeddingIn(value, column);
  return vector === undefined ? Buffer.from(value).toString("base64") : jsonOfEmbedding(vector);
}

/** Infinity as SQLite's own shell writes it. */
function numberText(value: number): string {
  return Number.isFinite(value) ? String(value) : value > 0 ? "Inf" : "-Inf";
}
