/** POST /embeddings by the Universal Sentence Encoder lite: 512 dimensions, English. */
import type { JsonObject } from "../../catalog/json.ts";
import { invalidRequest } from "./api-error.ts";
import type { Backends } from "./backends.ts";
import { readNumber, readString, readTexts } from "./json-body.ts";
import { checkTokens } from "./tokens.ts";
import type { Vector } from "./vectors.ts";

export const embeddingModel = "offline-use-lite";

export async function createEmbeddings(
  body: JsonObject,
  { encoder }: Pick<Backends, "encoder">,
  { signal }: { signal: AbortSignal },
): Promise<JsonObject> {
  const texts = readTexts(body);
  const format = readString(body, "encoding_format") ?? "float";
  if (format !== "float" && format !== "base64") {
    throw invalidRequest("Invalid 'encoding_format': expected 'float' or 'base64'.", "encoding_format");
  }
  checkDimensions(readNumber(body, "dimensions"));
  const tokens = texts.reduce((sum, text) => sum + checkTokens(text, tokensMax, "input"), 0);
  const vectors = await encoder.encode(texts, signal);
  return {
    object: "list",
    data: vectors.map((vector, index) => ({
      object: "embedding",
      index,
      embedding: format === "base64" ? base64(vector) : Array.from(vector),
    })),
    model: embeddingModel,
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  };
}

function checkDimensions(dimensions: number | undefined): void {
  if (dimensions === undefined || dimensions === dimensionsOfModel) return;
  throw invalidRequest(
    `Invalid 'dimensions': '${embeddingModel}' always gives ${dimensionsOfModel} dimensions.`,
    "dimensions",
    "invalid_value",
  );
}

/** float32 little-endian, as the API sends it. */
function base64(vector: Vector): string {
  const bytes = Buffer.alloc(vector.length * 4);
  for (const [index, value] of vector.entries()) bytes.writeFloatLE(value, index * 4);
  return bytes.toString("base64");
}

const dimensionsOfModel = 512;
const tokensMax = 8192;
