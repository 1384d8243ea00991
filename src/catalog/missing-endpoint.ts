/** Tells a server that lacks an endpoint from one that lacks a model: both answer 404, and some answer 200. */
import type { ApiFailure } from "./request.ts";

export function isEndpointMissing({ kind, status, code, param, message }: ApiFailure): boolean {
  if (kind !== "http") return false;
  if (status === 405 || status === 501 || code === "unknown_url") return true;
  // Whoever names a parameter, a code of the API's or a model has read the request.
  const isRead = param !== undefined || /[a-z]/i.test(code ?? "") || /model|deployment/i.test(message);
  if (isRead) return false;
  if (status === 200) return speaksOfAddress.test(message);
  return status === 404 && (speaksOfAddress.test(message) || !/response|file/i.test(message));
}

/** As servers put it: `Invalid URL (POST /v1/responses)`, `Unexpected endpoint or method`, `404 page not found`, `File Not Found`. */
const speaksOfAddress = /\b(?:url|endpoint|route|page)\b|^\W*(?:file )?not found\W*$/i;
