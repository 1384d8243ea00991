/**
 * An answer's body as the ledger keeps it: JSON text, or bytes where it is binary. A vector comes as base64 inside of JSON
 * and makes up nearly all of it; it is kept as its bytes, a quarter smaller and many times faster to write and to read.
 * Gives back the same body, and the same text, to the letter.
 */
import { readField } from "../../catalog/read.ts";

export interface StoredAnswer {
  readonly response: string | Uint8Array;
  /** What stands at `data[0].embedding`, which is null in the response. */
  readonly vector: Uint8Array | null;
}

/** `read`: the bytes that a procedure has read from it, if any. */
export function storedAnswer(body: unknown, read: readonly unknown[] = []): StoredAnswer {
  if (body instanceof Uint8Array) return { response: body, vector: null };
  const text = readField(body, ...place);
  const vector = read.find((value) => value instanceof Uint8Array);
  const isApart = vector !== undefined && vector.length <= vectorBytesMax && base64Of(vector) === text;
  if (!isApart) return { response: JSON.stringify(body ?? null), vector: null };
  return { response: JSON.stringify(withEmbedding(body, null)), vector };
}

/** Throws SyntaxError for a response that is no JSON. */
export function bodyOf({ response, vector }: StoredAnswer): unknown {
  if (typeof response !== "string") return response;
  const body: unknown = JSON.parse(response);
  return vector === null ? body : withEmbedding(body, base64Of(vector));
}

/** In SQL over the ledger: `name(response, vector)` is the text of an answer whose vector stands apart. */
export const answerText = {
  name: "callsql_answer",
  of: (response: string, vector: Uint8Array): string => JSON.stringify(bodyOf({ response, vector })),
};

/** Of one text; those of a pack are taken apart before. */
const place = ["data", 0, "embedding"] as const;

/** Longer ones are shared among answers as they are, by their hash. */
const vectorBytesMax = 24_576;

function base64Of(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("base64");
}

/** Fields keep their order. */
function withEmbedding(body: unknown, embedding: string | null): unknown {
  const answered = readAnswered(body);
  const [first, ...others] = answered.data;
  return { ...answered, data: [{ ...first, embedding }, ...others] };
}

function readAnswered(body: unknown): { readonly data: readonly [object, ...unknown[]] } {
  return body as { readonly data: readonly [object, ...unknown[]] };
}
