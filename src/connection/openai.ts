/**
 * The OpenAI API, and servers that speak its protocol: sends one request, once, and says how it went.
 * The only constructor of the SDK's client. Never throws, follows no redirect, reads no environment. Never retries, but
 * for one case that cannot be paid twice: a 401 to a token that can be renewed.
 */
import type OpenAI from "openai";
import type {
  ApiRequest,
  Connection,
  ConnectionModels,
  ModelListing,
  SendOptions,
  SendOutcome,
  Upload,
} from "../catalog/request.ts";
import { failureTexts } from "../diagnostics/messages/connect.ts";
import { azureBaseUrl, azurePath, type Azure } from "./azure.ts";
import { checkBaseUrl, openaiBaseUrl } from "./base-url.ts";
import { startDeadline, type Deadline } from "./deadline.ts";
import { createExchanger, type Exchanger } from "./exchange.ts";
import { CredentialsError, failureOf } from "./failure.ts";
import { presentable } from "./mask.ts";
import { listingOf } from "./model-listing.ts";
import type { Network } from "./network.ts";
import { failure, readAnswer, type Asked } from "./read-answer.ts";
import { StoredFiles } from "./stored-files.ts";

/** Of a service that speaks the OpenAI protocol. */
export interface OpenAIConnectionOptions {
  readonly name: string;
  /** A key, or where to get one: asked before every request, so that tokens can be fresh. */
  readonly apiKey: string | (() => Promise<string>);
  /** After a 401: whether there is another key than the refused one now. */
  readonly renewKey?: ((refused: string) => Promise<boolean>) | undefined;
  /** How the key travels: by default `Authorization: Bearer`. */
  readonly keyHeader?: "bearer" | "api-key" | "none" | undefined;
  readonly baseUrl?: string | undefined;
  readonly organization?: string | undefined;
  readonly project?: string | undefined;
  readonly models?: Partial<ConnectionModels> | undefined;
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** Sent with every request; a function is asked once, before the first. */
  readonly headers?: Headers | (() => Promise<Headers>) | undefined;
  readonly azure?: Azure | undefined;
  /** Proxies and certificates of its own; opened at the first send. */
  readonly openNetwork?: (() => Promise<Network>) | undefined;
  /** Of one attempt, where the session sets none. */
  readonly timeoutMs?: number | undefined;
  /** Procedure → parameter → value where a call gives none. */
  readonly defaults?: Connection["defaults"] | undefined;
  /** Larger answers are refused while they are read. Default 64 MB. */
  readonly answerBytesMax?: number | undefined;
  /** Inputs that may share one request; by default what the API takes. */
  readonly packMax?: number | undefined;
}

type Headers = Readonly<Record<string, string>>;

/** 3-procedures: what a call without Model uses. */
export const openaiModels: ConnectionModels = {
  text: "gpt-6-luna",
  image: "gpt-image-2.6-flare",
  embedding: "text-embedding-3-small",
  moderation: "omni-moderation-latest",
  transcription: "gpt-transcribe",
  translation: "whisper-1",
  speech: "gpt-4o-mini-tts",
};

const answerBytesMaxDefault = 64 * 1024 * 1024;
/** The SDK's own limit must never be the one that strikes: it does not cover bodies. */
const neverMs = 2 ** 31 - 1;

export function createOpenAIConnection(options: OpenAIConnectionOptions): Connection {
  const given = checkBaseUrl(options.baseUrl ?? openaiBaseUrl);
  const baseUrl = options.azure === undefined ? given : azureBaseUrl(given);
  const exchanger = createExchanger(
    options.fetch ?? globalThis.fetch,
    options.answerBytesMax ?? answerBytesMaxDefault,
  );
  const secrets = new Secrets();
  const files = new StoredFiles();
  let wire: Promise<Wire> | undefined;
  const attempt = async (
    { signal, timeoutMs }: SendOptions,
    work: (ask: Ask) => Promise<SendOutcome>,
  ): Promise<SendOutcome> => {
    const deadline = startDeadline(signal, timeoutMs);
    try {
      wire ??= openWire(options, { baseUrl, exchanger, secrets });
      // What could not be opened now may be there the next time: a headers command that failed, say.
      wire.catch(() => (wire = undefined));
      const ready = await deadline.race(wire);
      const outcome = await work((question) => exchange(ready, question, deadline));
      if (outcome.ok || outcome.failure.status !== 401 || options.renewKey === undefined) return outcome;
      const isRenewed = await deadline.race(options.renewKey(secrets.newest));
      return isRenewed ? await work((question) => exchange(ready, question, deadline)) : outcome;
    } catch (error) {
      return failure(failureOf(error, { deadline, timeoutMs, baseUrl, secrets }));
    } finally {
      deadline.clear();
    }
  };
  return {
    name: options.name,
    identity: [baseUrl, options.organization ?? "", options.project ?? "", options.azure?.apiVersion ?? ""]
      .join(" ")
      .trim(),
    models: { ...openaiModels, ...options.models },
    ...(options.packMax === undefined ? {} : { packMax: options.packMax }),
    ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
    ...(options.defaults === undefined ? {} : { defaults: options.defaults }),
    send: (request, sendOptions) => attempt(sendOptions, (ask) => sendWithFiles(request, files, ask)),
    listModels: async (sendOptions): Promise<ModelListing> =>
      listingOf(await attempt(sendOptions, (ask) => ask({ method: "get", endpoint: "models", body: {} }))),
    close: async () => (await wire?.catch(() => undefined))?.network?.close(),
  };
}

/** What is opened for the first request and used by all. */
interface Wire {
  readonly client: OpenAI;
  readonly exchanger: Exchanger;
  readonly secrets: Secrets;
  readonly options: OpenAIConnectionOptions;
  readonly network: Network | undefined;
}

/** One question to the service; several of one attempt share its deadline. */
type Ask = (question: Question) => Promise<SendOutcome>;

interface Question extends Asked {
  readonly method: "get" | "post";
}

/** Files the body refers to are stored first. What the service forgot in the meantime is stored again next time. */
async function sendWithFiles(request: ApiRequest, files: StoredFiles, ask: Ask): Promise<SendOutcome> {
  const { endpoint } = request;
  const stored = await files.store(request.body, (body) => ask({ method: "post", endpoint: "files", body }));
  if (!stored.ok) return failure(stored.failure);
  const outcome = await ask({ method: "post", endpoint, body: stored.body });
  if (!outcome.ok && outcome.failure.kind === "http") files.forget(stored.ids);
  return outcome;
}

async function exchange(
  { client, exchanger, secrets, options }: Wire,
  { method, endpoint, body }: Question,
  deadline: Deadline,
): Promise<SendOutcome> {
  deadline.signal.throwIfAborted();
  const { azure, keyHeader } = options;
  const settings = {
    signal: deadline.signal,
    timeout: neverMs,
    headers: {
      "X-Stainless-Timeout": null,
      ...acceptOf(endpoint, body),
      ...(keyHeader === "api-key" ? { "api-key": await keyOf(options.apiKey, secrets) } : {}),
    },
  };
  const path = azure === undefined ? `/${endpoint}` : azurePath(endpoint, body, azure);
  const asked =
    method === "get"
      ? client.get(path, settings)
      : client.post(path, { ...settings, body: bodyOf({ endpoint, body }) });
  const answer = exchanger.take(await deadline.race(asked.asResponse()));
  if (answer === undefined) throw new Error("the SDK answered without asking");
  return readAnswer({ endpoint, body }, answer, secrets);
}

function acceptOf(endpoint: string, body: Asked["body"]): Record<string, string> {
  if (endpoint !== "audio/speech") return {};
  return { Accept: body["stream_format"] === "sse" ? "text/event-stream" : "application/octet-stream" };
}

/** Loaded at the first send: a statement without calls does not pay for the SDK. */
async function openWire(
  options: OpenAIConnectionOptions,
  { baseUrl, exchanger, secrets }: { baseUrl: string; exchanger: Exchanger; secrets: Secrets },
): Promise<Wire> {
  const { OpenAI } = await import("openai");
  const network = await options.openNetwork?.();
  const headers = await headersOf(options.headers);
  const isBearer = (options.keyHeader ?? "bearer") === "bearer";
  const client = withoutCustomHeaders(
    () =>
      new OpenAI({
        apiKey: isBearer ? () => keyOf(options.apiKey, secrets) : "none",
        baseURL: baseUrl,
        // null, not undefined: the SDK would otherwise look into the environment.
        adminAPIKey: null,
        organization: options.organization ?? null,
        project: options.project ?? null,
        webhookSecret: null,
        maxRetries: 0,
        timeout: neverMs,
        logLevel: "off",
        fetch: exchanger.fetch,
        ...(network === undefined ? {} : { fetchOptions: { dispatcher: network.dispatcher } }),
        ...(options.azure === undefined ? {} : { defaultQuery: { "api-version": options.azure.apiVersion } }),
        defaultHeaders: { ...(isBearer ? {} : { Authorization: null }), ...headers },
      }),
  );
  return { client, exchanger, secrets, options, network };
}

async function headersOf(headers: OpenAIConnectionOptions["headers"]): Promise<Headers> {
  if (typeof headers !== "function") return headers ?? {};
  try {
    return await headers();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CredentialsError(failureTexts.noCredentials({ reason: presentable(reason) }), { cause: error });
  }
}

/** The SDK merges OPENAI_CUSTOM_HEADERS into every client and has no option against it. */
function withoutCustomHeaders<T>(construct: () => T): T {
  const { OPENAI_CUSTOM_HEADERS: hidden } = process.env;
  delete process.env["OPENAI_CUSTOM_HEADERS"];
  try {
    return construct();
  } finally {
    if (hidden !== undefined) process.env["OPENAI_CUSTOM_HEADERS"] = hidden;
  }
}

async function keyOf(apiKey: OpenAIConnectionOptions["apiKey"], secrets: Secrets): Promise<string> {
  let key: string;
  try {
    key = typeof apiKey === "string" ? apiKey : await apiKey();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CredentialsError(failureTexts.noCredentials({ reason: presentable(reason, secrets) }));
  }
  secrets.add(key);
  if (!/^[\x21-\x7e]+$/.test(key)) throw new CredentialsError(failureTexts.badKey());
  return key;
}

/** The keys in use, for masking. Tokens are renewed; an answer to an older one may still come. */
class Secrets implements Iterable<string> {
  readonly #recent = new Set<string>();

  add(secret: string): void {
    this.#recent.delete(secret);
    this.#recent.add(secret);
    const [oldest] = this.#recent;
    if (this.#recent.size > 8 && oldest !== undefined) this.#recent.delete(oldest);
  }

  /** Empty before the first. */
  get newest(): string {
    return [...this.#recent].at(-1) ?? "";
  }

  [Symbol.iterator](): Iterator<string> {
    return this.#recent.values();
  }
}

/** JSON, or a form where there is a file in it. */
function bodyOf({ endpoint, body }: Asked): FormData | Readonly<Record<string, unknown>> {
  if (endpoint === "embeddings" && body["encoding_format"] === undefined) {
    // A third of the bytes, and exact: no detour of float32 over decimal digits.
    return { ...body, encoding_format: "base64" };
  }
  const hasUpload = Object.values(body).some(
    (value) => isUpload(value) || (Array.isArray(value) && value.some(isUpload)),
  );
  return hasUpload ? formOf(body) : body;
}

/** As the SDK names parts: `name` for one value, `name[]` for each of several, `name[key]` for those of an object. */
function formOf(body: Readonly<Record<string, unknown>>): FormData {
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
