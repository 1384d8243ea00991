/**
 * Requests with files in them: forms, which the OpenAI SDK sends over `fetch`. The only constructor of its client. Its own
 * reading has no size limit, throws bare TypeErrors for broken bodies and loses what an error page said; so the fetch that
 * is given to it reads the whole answer here, and keeps it for whoever sent the request.
 */
import type OpenAI from "openai";
import type { Upload } from "../catalog/request.ts";
import type { Deadline } from "./deadline.ts";
import { readExchange, type Exchange } from "./exchange.ts";
import type { Network } from "./network.ts";

export interface UploaderOptions {
  readonly baseUrl: string;
  readonly query: Readonly<Record<string, string>>;
  readonly fetch: typeof globalThis.fetch;
  readonly network: Network | undefined;
  readonly bytesMax: number;
}

export interface FormRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly form: FormData;
}

export type Uploader = (request: FormRequest, deadline: Deadline) => Promise<Exchange>;

/** The SDK's own limit must never be the one that strikes: it does not cover bodies. */
const neverMs = 2 ** 31 - 1;

/** Loads the SDK: only who sends files pays for that. */
export async function createUploader(options: UploaderOptions): Promise<Uploader> {
  const { baseUrl, query, fetch, network, bytesMax } = options;
  const { OpenAI: Client } = await import("openai");
  const exchanges = new WeakMap<Response, Exchange>();
  const keepingFetch: typeof globalThis.fetch = async (input, init) => {
    // "manual" hands the redirect back with its status and target instead of following it or failing namelessly.
    const answer = await fetch(input, { ...init, redirect: "manual" });
    // The SDK gets a stand-in that is always 200: classification is ours.
    const standIn = new Response(null, { status: 200 });
    exchanges.set(standIn, await readExchange(answer, bytesMax));
    return standIn;
  };
  const client = withoutCustomHeaders(
    () =>
      new Client({
        apiKey: "none",
        baseURL: baseUrl,
        // null, not undefined: the SDK would otherwise look into the environment.
        adminAPIKey: null,
        organization: null,
        project: null,
        webhookSecret: null,
        maxRetries: 0,
        timeout: neverMs,
        logLevel: "off",
        fetch: keepingFetch,
        ...(network === undefined ? {} : { fetchOptions: { dispatcher: network.dispatcher } }),
        defaultQuery: query,
        // Ours come with each request.
        defaultHeaders: { Authorization: null },
      }),
  );
  return async ({ path, headers, form }, deadline) => {
    const { signal } = deadline;
    const settings = { signal, timeout: neverMs, headers: { "X-Stainless-Timeout": null, ...headers } };
    const response = await client.post(path, { ...settings, body: form }).asResponse();
    const exchange = exchanges.get(response);
    if (exchange === undefined) throw new Error("the SDK answered without asking");
    return exchange;
  };
}

/** The SDK merges OPENAI_CUSTOM_HEADERS into every client and has no option against it. */
function withoutCustomHeaders(construct: () => OpenAI): OpenAI {
  const { OPENAI_CUSTOM_HEADERS: hidden } = process.env;
  delete process.env["OPENAI_CUSTOM_HEADERS"];
  try {
    return construct();
  } finally {
    if (hidden !== undefined) process.env["OPENAI_CUSTOM_HEADERS"] = hidden;
  }
}

export function hasUpload(body: Readonly<Record<string, unknown>>): boolean {
  return Object.values(body).some(
    (value) => isUpload(value) || (Array.isArray(value) && value.some(isUpload)),
  );
}

/** As the SDK names parts: `name` for one value, `name[]` for each of several, `name[key]` for those of an object. */
export function formOf(body: Readonly<Record<string, unknown>>): FormData {
  const form = new FormData();
  const append = (name: string, value: unknown): void => {
    if (value === undefined || value === null) return;
    if (isUpload(value)) form.append(name, fileOf(value));
    else if (Array.isArray(value)) for (const item of value) append(`${name}[]`, item);
    else if (typeof value === "object")
      for (const [key, item] of Object.entries(value)) append(`${name}[${key}]`, item);
    else form.append(name, typeof value === "string" ? value : JSON.stringify(value));
  };
  for (const [name, value] of Object.entries(body)) append(name, value);
  return form;
}

function fileOf(upload: Upload): File {
  // A view on shared memory is no BlobPart; the copy also keeps the bytes as they are now.
  return new File([new Uint8Array(upload.bytes)], upload.filename, { type: upload.mimeType });
}

function isUpload(value: unknown): value is Upload {
  return (
    typeof value === "object" &&
    value !== null &&
    "kind" in value &&
    value.kind === "upload" &&
    "bytes" in value
  );
}
