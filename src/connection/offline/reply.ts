/**
 * HTTP answers as the API gives them. Everything in them follows from the request: the same request gives the same
 * bytes, so ids are hashes and the clock is never read.
 */
import { createHash } from "node:crypto";

import type { ApiError } from "./api-error.ts";

export function makeId(prefix: string, seed: string): string {
  return prefix + createHash("sha256").update(prefix).update(seed).digest("hex").slice(0, 40);
}

/** `seed` identifies the request: method, path and body. */
export function replyJson(body: unknown, status: number, seed: string): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: {
      "content-type": "application/json",
      "openai-version": "2020-10-01",
      "x-request-id": makeId("req_", seed),
    },
  });
}

export function replyError(error: ApiError, seed: string): Response {
  const { message, param, code } = error;
  return replyJson({ error: { message, type: "invalid_request_error", param, code } }, error.status, seed);
}
