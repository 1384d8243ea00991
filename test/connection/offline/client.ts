/** The real OpenAI SDK over the offline connection, as the product uses it. */
import OpenAI, { APIError } from "openai";

import { backendsOf } from "../../../src/connection/offline/backends.ts";
import { offlineFetch } from "../../../src/connection/offline/offline.ts";
import { offlineFolder } from "../../../src/connection/offline/packages.ts";

export const baseURL = "http://offline.callsql.invalid/v1";

export const backends = backendsOf(offlineFolder(process.env));

export const client = new OpenAI({
  apiKey: "x",
  baseURL,
  fetch: offlineFetch(backends),
  maxRetries: 0,
});

/** The error a request ends with; fails when it does not end with one of the API's. */
export async function failureOf(request: Promise<unknown>): Promise<APIError> {
  const outcome = await request.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (outcome instanceof APIError) return outcome;
  throw new Error("expected the API to refuse this request", { cause: outcome });
}

/** Posts a body as it is; answers status, headers and text. */
export async function post(path: string, body: string, method = "POST"): Promise<Response> {
  const headers = { "content-type": "application/json" };
  return offlineFetch(backends)(`${baseURL}/${path}`, {
    method,
    headers,
    ...(method === "GET" ? {} : { body }),
  });
}
