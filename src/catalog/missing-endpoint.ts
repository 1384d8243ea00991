/** Tells a server that lacks an endpoint from one that lacks a model: both answer 404. */
import type { ApiFailure } from "./request.ts";

export function isEndpointMissing({ kind, status, code, param, message }: ApiFailure): boolean {
  if (kind !== "http") return false;
  if (status === 405 || status === 501) return true;
  // Whoever names a parameter, a code of the API's or a model has read the request.
  const isNamed = param !== undefined || /[a-z]/i.test(code ?? "");
  return status === 404 && !isNamed && !/model|deployment|response|file/i.test(message);
}
