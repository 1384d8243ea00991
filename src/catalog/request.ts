/**
 * What a procedure asks of the API and what it gets back, as plain data: no client, no I/O.
 * The connection turns an ApiRequest into HTTP, and HTTP into an ApiAnswer or an ApiFailure.
 */

/** Endpoint names are paths below the base URL, without the leading slash. All are POST. */
export type Endpoint =
  | "responses"
  | "moderations"
  | "embeddings"
  | "images/generations"
  | "images/edits"
  | "audio/transcriptions"
  | "audio/translations"
  | "audio/speech";

/** All of them. */
export const endpoints = [
  "responses",
  "moderations",
  "embeddings",
  "images/generations",
  "images/edits",
  "audio/transcriptions",
  "audio/translations",
  "audio/speech",
] as const satisfies readonly Endpoint[];

/** What a procedure asks of the API, and a connection sends. */
export interface ApiRequest {
  readonly endpoint: Endpoint;
  /** API field → value, `undefined` already removed. For multipart endpoints (images/edits, audio/transcriptions,
   * audio/translations) a value may be an Upload or an array of Uploads; elsewhere a StoredFile may stand anywhere. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** A file part of a multipart request. */
export interface Upload {
  readonly kind: "upload";
  readonly bytes: Uint8Array;
  /** With the extension the API reads the format from, e.g. `audio.mp3`. */
  readonly filename: string;
  readonly mimeType: string;
}

/** Stands where a JSON body wants a `file_id`: whoever sends the request stores the file first (POST /files) and puts
 * its id here. Equal bytes are one file, so the key of a request goes by the bytes. */
export interface StoredFile {
  readonly kind: "stored-file";
  readonly purpose: "vision";
  readonly file: Upload;
}

/** A 2xx answer. */
export interface ApiAnswer {
  /** The parsed JSON body, or the bytes of a binary one (audio/speech). Speech that came as events is
   * `{ audio: base64, usage }`: its pieces put together, and what it used. */
  readonly body: unknown;
  readonly status: number;
  /** `x-request-id`. */
  readonly requestId?: string;
  /** `content-type`, lower case, without parameters. */
  readonly contentType: string;
  /** The model that answered, where a header says so (`openai-model`): bodies of images and audio do not. */
  readonly model?: string;
  readonly rateLimit?: RateLimit;
}

/** How much of the service's limits is left, from `x-ratelimit-…`. */
export interface RateLimit {
  readonly requests?: RateWindow | undefined;
  readonly tokens?: RateWindow | undefined;
}

/** One limit, and how much of it is left. */
export interface RateWindow {
  /** A minute. */
  readonly limit?: number | undefined;
  readonly remaining?: number | undefined;
  /** Until all of it is there again. */
  readonly resetMs?: number | undefined;
}

/** Anything that is not a usable answer. Texts are masked: they never contain a key. */
export interface ApiFailure {
  /** http: the API answered with an error status. network: no answer (refused, reset, DNS). timeout: the deadline
   * passed. bad-answer: a 2xx whose body was cut, empty, not JSON or too large. redirect: a 3xx, never followed.
   * cancelled: the caller's signal. unavailable: this connection does not offer that (offline). credentials: the
   * key could not be had. proxy: one on the way lets nobody through, or not us. */
  readonly kind:
    | "http"
    | "network"
    | "timeout"
    | "bad-answer"
    | "redirect"
    | "cancelled"
    | "unavailable"
    | "credentials"
    | "proxy";
  /** The API's words, or ours; one line, at most 1,000 characters. */
  readonly message: string;
  readonly status?: number;
  /** `error.code`, `error.type`, `error.param` of the API's error body. */
  readonly code?: string;
  readonly type?: string;
  readonly param?: string;
  readonly requestId?: string;
  /** From `retry-after(-ms)`; milliseconds from now, undefined when absent or unreadable. */
  readonly retryAfterMs?: number;
  /** `x-should-retry`, when the API sent it. */
  readonly shouldRetry?: boolean;
  /** For `network`: no connection was made, so the service cannot have seen the request. */
  readonly isUnreached?: boolean;
  /** For `unavailable` and `proxy`: what to configure instead. */
  readonly hint?: string;
  readonly rateLimit?: RateLimit;
}

/** What a connection gives for a request: it never throws. */
export type SendOutcome =
  | { readonly ok: true; readonly answer: ApiAnswer }
  | { readonly ok: false; readonly failure: ApiFailure };

/** How long one exchange may take, and what ends it. */
export interface SendOptions {
  readonly signal: AbortSignal;
  /** Of the whole exchange, body included. */
  readonly timeoutMs: number;
}

/** A model as the service lists it. */
export interface ListedModel {
  readonly id: string;
  /** `YYYY-MM-DD`, the first day without it; absent while none is set. */
  readonly shutdownDate?: string;
}

/** What a service's list of models comes to. */
export type ModelListing =
  | { readonly ok: true; readonly models: readonly ListedModel[] }
  | { readonly ok: false; readonly failure: ApiFailure };

/** Where requests go. Implemented in src/connection, or by the user of the library. */
export interface Connection {
  /** As the user names it: `openai`, `offline`. */
  readonly name: string;
  /** Part of every call's key: base URL, organisation and project; no secret. */
  readonly identity: string;
  /** Default models of this connection by purpose. */
  readonly models: ConnectionModels;
  /** Inputs that may share one request, where that is fewer than the API takes. */
  readonly packMax?: number;
  /** Of one attempt, where the session's `timeout` is not set. */
  readonly timeoutMs?: number;
  /** Procedure → parameter → value where neither the call nor SET DEFAULT gives one. */
  readonly defaults?: Readonly<Record<string, Readonly<Record<string, string | number>>>>;
  /** One attempt. Never throws; never retries. `timeoutMs` covers the whole exchange, body included. */
  send(request: ApiRequest, options: SendOptions): Promise<SendOutcome>;
  /** The models the service has, where it can say: GET /models, one attempt. Never throws. */
  listModels?(options: SendOptions): Promise<ModelListing>;
  /** Releases sockets and workers. */
  close?(): Promise<void>;
}

/** A connection as plain data, without what it takes to send. */
export type ConnectionFacts = Pick<Connection, "name" | "identity" | "models" | "packMax" | "defaults">;

/** Model ids used where a call names none (3-procedures: shipped default models). */
export interface ConnectionModels {
  readonly text: string;
  readonly image: string;
  readonly embedding: string;
  readonly moderation: string;
  readonly transcription: string;
  readonly translation: string;
  readonly speech: string;
}
