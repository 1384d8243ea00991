/**
 * HTTP answers as the API gives them. Everything in them follows from the request: the same request gives the same
 * bytes, so ids are hashes and the clock is never read.
 */
import { createHash } from "node:crypto";

import type { ApiError } from "./api-error.ts";

export function makeId(prefix: string, seed: string): string {
  return prefix + createHash("sha256").update(prefix).update(seed).digest("hex").slice(0, 40);
}

/** `seed` identifies the request: method, path and body. `model` is what answered, as the API's header says it. */
export function replyJson(body: unknown, status: number, seed: string, model?: string): Response {
  return reply(JSON.stringify(body), { status, contentType: "application/json", seed, model });
}

export function replyText(text: string, seed: string, model: string): Response {
  return reply(text, { status: 200, contentType: "text/plain; charset=utf-8", seed, model });
}

export function replyBytes(bytes: Uint8Array, contentType: string, seed: string, model: string): Response {
  return reply(new Uint8Array(bytes), { status: 200, contentType, seed, model });
}

/** Server-sent events, all at once. */
export function replyEvents(
  events: readonly { readonly type: string }[],
  seed: string,
  model: string,
): Response {
  const text = events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join("");
  return reply(text, { status: 200, contentType: "text/event-stream; charset=utf-8", seed, model });
}

interface ReplyOptions {
  readonly status: number;
  readonly contentType: string;
  readonly seed: string;
  readonly model: string | undefined;
}

function reply(
  body: string | Uint8Array<ArrayBuffer>,
  { status, contentType, seed, model }: ReplyOptions,
): Response {
  return new Response(body, {
    status,
    headers: {
      "content-type": contentType,
      "openai-version": "2020-10-01",
      "x-request-id": makeId("req_", seed),
      ...(model === undefined ? {} : { "openai-model": model }),
    },
  });
}

export function replyError(error: ApiError, seed: string): Response {
  const { message, param, code } = error;
  return replyJson({ error: { message, type: "invalid_request_error", param, code } }, error.status, seed);
}
