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
  return new Response(JSON.stringify(body), {
    status,
    headers: {
      "content-type": "application/json",
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
