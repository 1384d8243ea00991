/**
 * The offline connection: a `fetch` to put under the OpenAI SDK. It answers the API's protocol inside the process,
 * with small real models and plain algorithms, and never opens a socket. docs/offline.md says what it can do.
 */
import type { ConnectionModels } from "../../catalog/request.ts";
import { ApiError, invalidRequest, modelNotFound, notAvailableOffline } from "./api-error.ts";
import { createEmbeddings, embeddingModel } from "./embeddings.ts";
import { createEncoder, type Encoder } from "./encoder.ts";
import { type JsonObject, parseBody, readString } from "./json-body.ts";
import { createModerations, moderationModel } from "./moderations.ts";
import { replyError, replyJson } from "./reply.ts";
import { createResponse, textModel } from "./responses.ts";

export const offlineModels: ConnectionModels = {
  text: textModel,
  image: "offline-card",
  embedding: embeddingModel,
  moderation: moderationModel,
  transcription: "offline-moonshine-tiny",
  translation: "offline-translation",
  speech: "offline-flite",
};

/** One encoder for the process: its weights take 100 MB, and what one connection has read another need not. */
const processEncoder = createEncoder();

export function offlineFetch(encoder: Encoder = processEncoder): typeof globalThis.fetch {
  return async (input, init) => {
    const request = new Request(input, init);
    const path = new URL(request.url).pathname.replace(/^.*\/v1\//u, "");
    request.signal.throwIfAborted();
    const text = isText(request) ? await request.text() : "";
    const seed = `${request.method} ${path}\n${text}`;
    try {
      if (request.method === "GET" && path === "models") return replyJson(modelList(), 200, seed);
      const endpoint = findEndpoint(request.method, path);
      const body = parseBody(text);
      checkModel(body, endpoint.model);
      const answer = await endpoint.create(body, encoder, { signal: request.signal, seed });
      return replyJson(answer, 200, seed, readString(body, "model"));
    } catch (error) {
      if (error instanceof ApiError) return replyError(error, seed);
      throw error;
    }
  };
}

interface OfflineEndpoint {
  readonly model: string;
  create(
    body: JsonObject,
    encoder: Encoder,
    options: { signal: AbortSignal; seed: string },
  ): Promise<JsonObject>;
}

const endpointByPath = new Map<string, OfflineEndpoint>([
  [
    "embeddings",
    { model: embeddingModel, create: (body, encoder, { signal }) => createEmbeddings(body, encoder, signal) },
  ],
  ["moderations", { model: moderationModel, create: createModerations }],
  ["responses", { model: textModel, create: createResponse }],
]);

/** What GET /models says: the models that run here. */
function modelList(): JsonObject {
  const data = [...endpointByPath.values()].map(({ model }) => ({
    id: model,
    object: "model",
    created: 0,
    owned_by: "callsql",
  }));
  return { object: "list", data };
}

/** Endpoints of the API that need what this connection lacks. */
const unavailable = /^(?:images|audio|files|batches|chat|realtime|decisions)(?:\/|$)/u;

function findEndpoint(method: string, path: string): OfflineEndpoint {
  const endpoint = endpointByPath.get(path);
  if (endpoint !== undefined && method === "POST") return endpoint;
  if (unavailable.test(path)) {
    throw notAvailableOffline(`The offline connection has no ${path}.`);
  }
  throw new ApiError(404, null, `Invalid URL (${method} /v1/${path})`);
}

/** Uploads are refused unread. */
function isText(request: Request): boolean {
  return !(request.headers.get("content-type") ?? "").startsWith("multipart/");
}

/** Only names that say so: nobody may take these answers for a large model's. */
function checkModel(body: JsonObject, model: string): void {
  const requested = readString(body, "model");
  if (requested === undefined) {
    throw invalidRequest("Missing required parameter: 'model'.", "model", "missing_required_parameter");
  }
  if (!requested.startsWith("offline-")) throw modelNotFound(requested, model);
}
