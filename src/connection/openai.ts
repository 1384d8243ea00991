/**
 * The OpenAI API, and servers that speak its protocol: sends one request, once, and says how it went.
 * Never throws, follows no redirect, reads no environment. Never retries, but for one case that cannot be paid twice: a 401
 * to a token that can be renewed. JSON travels over a pool of our own, files through the SDK (docs/decisions/0091).
 */
import type {
  ApiRequest,
  Connection,
  ConnectionModels,
  ModelListing,
  SendOptions,
  SendOutcome,
} from "../catalog/request.ts";
import { failureTexts } from "../diagnostics/messages/connect.ts";
import { azureBaseUrl, azurePath, type Azure } from "./azure.ts";
import { checkBaseUrl, openaiBaseUrl } from "./base-url.ts";
import { Deadline } from "./deadline.ts";
import type { Exchange, HttpRequest, Transport } from "./exchange.ts";
import { CredentialsError, failureOf } from "./failure.ts";
import { presentable } from "./mask.ts";
import { listingOf } from "./model-listing.ts";
import type { Network } from "./network.ts";
import { failure, readAnswer, type Asked } from "./read-answer.ts";
import { hasStoredFile, StoredFiles } from "./stored-files.ts";
import { openTransport } from "./transport.ts";
import { createUploader, formOf, hasUpload, type Uploader } from "./upload.ts";
import { errorText } from "../diagnostics/error-text.ts";

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

export function createOpenAIConnection(options: OpenAIConnectionOptions): Connection {
  const given = checkBaseUrl(options.baseUrl ?? openaiBaseUrl);
  const baseUrl = options.azure === undefined ? given : azureBaseUrl(given);
  const secrets = new Secrets();
  const files = new StoredFiles();
  let opening: Promise<Wire> | undefined;
  let wire: Wire | undefined;
  const open = async (): Promise<Wire> => {
    opening ??= openWire(options, { baseUrl, secrets });
    try {
      return (wire = await opening);
    } catch (error) {
      // What could not be opened now may be there the next time: a headers command that failed, say.
      opening = undefined;
      throw error;
    }
  };
  const attempt = async (
    { signal, timeoutMs }: SendOptions,
    work: (ask: Ask) => Promise<SendOutcome>,
  ): Promise<SendOutcome> => {
    const deadline = new Deadline(signal, timeoutMs);
    try {
      const ready = wire ?? (await deadline.race(open()));
      const outcome = await work((question) => exchange(ready, question, deadline));
      if (outcome.ok || outcome.failure.status !== 401 || options.renewKey === undefined) return outcome;
      const isRenewed = await deadline.race(options.renewKey(secrets.newest));
      return isRenewed ? await work((question) => exchange(ready, question, deadline)) : outcome;
    } catch (error) {
      return failure(failureOf(error, { deadline, timeoutMs, baseUrl, secrets, proxy: wire?.proxy }));
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
    send: (request, sendOptions) =>
      attempt(sendOptions, (ask) =>
        hasStoredFile(request.body)
          ? sendWithFiles(request, files, ask)
          : ask({ method: "post", endpoint: request.endpoint, body: request.body }),
      ),
    listModels: async (sendOptions): Promise<ModelListing> =>
      listingOf(await attempt(sendOptions, (ask) => ask({ method: "get", endpoint: "models", body: {} }))),
    close: async () => (await opening?.catch(() => undefined))?.close(),
  };
}

/** What is opened for the first request and used by all. */
interface Wire {
  readonly transport: Transport;
  /** Made when the first file is sent. */
  readonly uploader: () => Promise<Uploader>;
  /** Of every request, but for the key. */
  readonly headers: Headers;
  readonly origin: string;
  /** Before the endpoint. */
  readonly root: string;
  /** Of every request; empty, or with its question mark. */
  readonly query: string;
  /** On the way there. */
  readonly proxy: string | undefined;
  readonly secrets: Secrets;
  readonly options: OpenAIConnectionOptions;
  readonly close: () => Promise<void>;
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
  wire: Wire,
  { method, endpoint, body }: Question,
  deadline: Deadline,
): Promise<SendOutcome> {
  deadline.throwIfEnded();
  const { azure, apiKey, keyHeader } = wire.options;
  const path = azure === undefined ? `/${endpoint}` : azurePath(endpoint, body, azure);
  let key = "";
  if (typeof apiKey === "string") key = apiKey;
  else if (keyHeader !== "none") key = await deadline.race(fetchKey(apiKey, wire.secrets));
  const headers = headersFor(wire, key, acceptOf(endpoint, body));
  const answer = hasUpload(body)
    ? await upload(wire, { path, headers, form: formOf(body) }, deadline)
    : await talk(
        wire,
        { path, headers, body: method === "get" ? undefined : jsonOf(endpoint, body) },
        deadline,
      );
  return readAnswer({ endpoint, body }, answer, wire.secrets);
}

interface JsonRequest {
  readonly path: string;
  readonly headers: Headers;
  readonly body: string | undefined;
}

function talk(wire: Wire, request: JsonRequest, deadline: Deadline): Promise<Exchange> {
  const { origin, root, query, transport } = wire;
  const { headers, body } = request;
  const path = `${root}${request.path}${query}`;
  const asked: HttpRequest =
    body === undefined
      ? { method: "GET", origin, path, headers }
      : { method: "POST", origin, path, headers: { ...headers, "content-type": "application/json" }, body };
  return transport(asked, deadline);
}

async function upload(wire: Wire, request: Parameters<Uploader>[0], deadline: Deadline): Promise<Exchange> {
  return await deadline.race(wire.uploader().then((send) => send(request, deadline)));
}

function queryOf({ azure }: OpenAIConnectionOptions): Readonly<Record<string, string>> {
  return azure === undefined ? {} : { "api-version": azure.apiVersion };
}

function jsonOf(endpoint: string, body: Asked["body"]): string {
  // A third of the bytes, and exact: no detour of float32 over decimal digits.
  const isFloats = endpoint === "embeddings" && body["encoding_format"] === undefined;
  return JSON.stringify(isFloats ? { ...body, encoding_format: "base64" } : body);
}

function acceptOf(endpoint: string, body: Asked["body"]): string {
  if (endpoint !== "audio/speech") return "application/json";
  return body["stream_format"] === "sse" ? "text/event-stream" : "application/octet-stream";
}

/** Throws CredentialsError for a key that cannot be sent. */
function headersFor({ headers, options, secrets }: Wire, key: string, accept: string): Headers {
  if (options.keyHeader === "none") return { ...headers, accept };
  checkKey(key, secrets);
  if (options.keyHeader === "api-key") return { ...headers, accept, "api-key": key };
  // A header of the user's own wins.
  return { ...headers, accept, authorization: headers["authorization"] ?? `Bearer ${key}` };
}

/** At the first send: a statement without calls pays for none of it. */
async function openWire(
  options: OpenAIConnectionOptions,
  { baseUrl, secrets }: { baseUrl: string; secrets: Secrets },
): Promise<Wire> {
  const { organization, project, fetch, answerBytesMax: bytesMax = answerBytesMaxDefault } = options;
  const network = await options.openNetwork?.();
  const given = Object.entries(await headersOf(options.headers));
  const headers = {
    "user-agent": "callsql",
    ...(organization === undefined ? {} : { "openai-organization": organization }),
    ...(project === undefined ? {} : { "openai-project": project }),
    ...Object.fromEntries(given.map(([name, value]) => [name.toLowerCase(), value])),
  };
  const { origin, pathname: root } = new URL(baseUrl);
  const { transport, close } = await openTransport({ fetch, network, bytesMax, origin });
  const query = queryOf(options);
  const queryText = new URLSearchParams(query).toString();
  let uploader: Promise<Uploader> | undefined;
  const makeUploader = (): Promise<Uploader> =>
    createUploader({ baseUrl, query, fetch: fetch ?? globalThis.fetch, network, bytesMax });
  return {
    transport,
    uploader: () => (uploader ??= makeUploader()),
    headers,
    origin,
    root,
    query: queryText === "" ? "" : `?${queryText}`,
    proxy: network?.proxyOf(baseUrl),
    secrets,
    options,
    close,
  };
}

async function headersOf(headers: OpenAIConnectionOptions["headers"]): Promise<Headers> {
  if (typeof headers !== "function") return headers ?? {};
  try {
    return await headers();
  } catch (error) {
    const reason = errorText(error);
    throw new CredentialsError(failureTexts.noCredentials({ reason: presentable(reason) }), { cause: error });
  }
}

async function fetchKey(apiKey: () => Promise<string>, secrets: Secrets): Promise<string> {
  try {
    return await apiKey();
  } catch (error) {
    const reason = errorText(error);
    throw new CredentialsError(failureTexts.noCredentials({ reason: presentable(reason, secrets) }));
  }
}

function checkKey(key: string, secrets: Secrets): void {
  secrets.add(key);
  if (!/^[\x21-\x7e]+$/.test(key)) throw new CredentialsError(failureTexts.badKey());
}

/** The keys in use, for masking. Tokens are renewed; an answer to an older one may still come. */
class Secrets implements Iterable<string> {
  /** The newest first. */
  #recent: readonly string[] = [];

  add(secret: string): void {
    if (secret === this.newest) return;
    this.#recent = [secret, ...this.#recent.filter((known) => known !== secret)].slice(0, 8);
  }

  /** Empty before the first. */
  get newest(): string {
    return this.#recent[0] ?? "";
  }

  [Symbol.iterator](): Iterator<string> {
    return this.#recent.values();
  }
}
