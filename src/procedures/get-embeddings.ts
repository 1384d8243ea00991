import { defineProcedure } from "../catalog/define.ts";
import { fromBase64 } from "../catalog/media.ts";
import { callError } from "../catalog/problem.ts";
import { readField, readNumber, readText } from "../catalog/read.ts";

export const getEmbeddings = defineProcedure({
  name: "GetEmbeddings",
  summary: "Turns text into an embedding vector.",
  source: "openai-connector, GetEmbeddings; API: POST /embeddings",
  endpoint: "embeddings",
  parameters: {
    Text: { type: "text", required: true, maxTokens: 8192, summary: "Text to embed." },
    Model: { type: "text", defaultModel: "embedding", summary: "Embedding model." },
    Dimensions: {
      type: "integer",
      min: 1,
      isExtension: true,
      source: "API: POST /embeddings, dimensions",
      summary: "Length of the vector; models of the third generation can shorten it.",
    },
  },
  primary: "Embedding",
  columns: {
    Embedding: { type: "blob", summary: "Vector, float32 little-endian, as sqlite-vec reads it." },
    Embedding_Index: {
      type: "integer",
      summary:
        "Place of the text in its call: 0, for a call takes one text, also when texts are sent together.",
    },
    Embedding_Dimensions: { type: "integer", summary: "Number of components." },
    Model_Used: { type: "text", summary: "The model that answered." },
    Usage_PromptTokens: { type: "integer", summary: "Tokens of this text." },
    Usage_TotalTokens: { type: "integer", summary: "Tokens of this text." },
  },
  pack: { by: ["Model", "Dimensions"], input: "input", inputsMax: 2048, tokensMax: 300_000, answers: "data" },
  examples: [
    "CALL GetEmbeddings(:Text, :Model)",
    "SELECT d.id, vec_length(e.Embedding) AS dimensions FROM docs d, GetEmbeddings(d.body, Dimensions => 256) e",
    "INSERT INTO vectors SELECT d.id, e.Embedding FROM docs d, GetEmbeddings(d.body) e",
  ],
  notes: [
    "Model is optional as documented; the API requires one, so the connection's embedding model is sent.",
  ],
  errors: {
    "call/empty-answer": "The answer holds no vector.",
    max_tokens_per_request: "Texts sent together have more than 300000 tokens.",
  },
  // base64 is a third of the size of numbers as text, and already the float32 the column holds.
  request: ({ Text, Model, Dimensions }) => ({
    input: Text,
    model: Model,
    dimensions: Dimensions,
    encoding_format: "base64",
  }),
  row: (body) => {
    const embedding = float32Bytes(readField(body, "data", 0, "embedding"));
    const model = readText(body, "model");
    const tokens = readNumber(body, "usage", "prompt_tokens");
    return {
      cells: {
        Embedding: embedding,
        Embedding_Index: embedding === undefined ? undefined : 0,
        Embedding_Dimensions: embedding === undefined ? undefined : embedding.length / 4,
        Model_Used: model,
        Usage_PromptTokens: tokens,
        Usage_TotalTokens: readNumber(body, "usage", "total_tokens"),
      },
      error: embedding === undefined ? callError("call/empty-answer", { what: "embedding" }) : undefined,
      usage: { inputTokens: tokens },
      model,
    };
  },
});

/** From base64 or an array of numbers: servers that do not know base64 send numbers. */
function float32Bytes(embedding: unknown): Uint8Array | undefined {
  if (typeof embedding === "string") {
    const bytes = fromBase64(embedding);
    return bytes === undefined || bytes.length % 4 !== 0 ? undefined : bytes;
  }
  if (!Array.isArray(embedding) || embedding.length === 0) return undefined;
  const bytes = Buffer.alloc(embedding.length * 4);
  for (const [index, component] of embedding.entries()) {
    if (typeof component !== "number") return undefined;
    bytes.writeFloatLE(component, index * 4);
  }
  return bytes;
}
