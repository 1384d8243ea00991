/** One request as the test server got it, and small readers for its body. */
import { createHash } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { FilePart } from "./openai-multipart.ts";

export interface RecordedRequest {
  /** From 1, in order of arrival, since the start or the last reset(). */
  readonly number: number;
  /** The path below /v1, e.g. `images/edits`. */
  readonly endpoint: string;
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  /** JSON body, or the fields of a multipart one with numbers and booleans read. */
  readonly body: Readonly<Record<string, unknown>>;
  /** File parts with their bytes. */
  readonly files: readonly FilePart[];
  /** Multipart part names as sent, e.g. `image[]`. */
  readonly partNames: readonly string[];
  /** Milliseconds since 1970. */
  readonly receivedAt: number;
  /** Milliseconds since 1970; undefined while it is being answered. */
  endedAt?: number;
  /** What was answered; undefined when nothing was (reset, hang). */
  status?: number;
  /** Kinds of the faults that were applied. */
  faults: string[];
  /** Whether the real service would bill it: the work was done, even if the answer was then lost. */
  charged: boolean;
}

/** What goes out: a string or bytes as they are, anything else as JSON. */
export interface Answer {
  readonly body: unknown;
  readonly contentType: string;
}

/** Stable hex digest of a value: what makes answers deterministic. */
export function hashOf(value: unknown): string {
  return createHash("sha256")
    .update(typeof value === "string" ? value : JSON.stringify(value))
    .digest("hex");
}

/** 0 … 2^32-1, from the same digest. */
export function numberOf(value: unknown): number {
  return Number.parseInt(hashOf(value).slice(0, 8), 16);
}

/** About what a tokenizer finds: four characters a token. */
export function countTokens(text: string): number {
  return Math.ceil(text.length / 4);
}

export function textOf(value: unknown, otherwise = ""): string {
  return typeof value === "string" ? value : otherwise;
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
}

/** All text the request gives a language model, in order. */
export function promptOf(request: RecordedRequest): string {
  const { input, instructions } = request.body;
  const parts = typeof input === "string" ? [input] : listOf(input).flatMap(messageTexts);
  return [...(typeof instructions === "string" ? [instructions] : []), ...parts].join("\n");
}

/** The text of the last message only. */
export function messageOf(request: RecordedRequest): string {
  const { input } = request.body;
  return typeof input === "string" ? input : (listOf(input).flatMap(messageTexts).at(-1) ?? "");
}

export function imagesOf(request: RecordedRequest): readonly unknown[] {
  return listOf(request.body["input"])
    .flatMap((message) => listOf(recordOf(message)["content"]))
    .filter((part) => recordOf(part)["type"] === "input_image");
}

function messageTexts(message: unknown): string[] {
  const { content } = recordOf(message);
  if (typeof content === "string") return [content];
  return listOf(content)
    .map((part) => textOf(recordOf(part)["text"]))
    .filter((text) => text !== "");
}
