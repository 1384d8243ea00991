/**
 * The offline connection: a `fetch` to put under a connection. It answers the API's protocol inside the process,
 * with small real models and plain algorithms, and never opens a socket. docs/offline.md says what it can do.
 */
import type { JsonObject } from "../../catalog/json.ts";
import type { ConnectionModels } from "../../catalog/request.ts";
import { ApiError, modelNotFound, notAvailableOffline } from "./api-error.ts";
import type { Backends } from "./backends.ts";
import { createEdit, createImage, imageModel } from "./drawing/images.ts";
import { createEmbeddings, embeddingModel } from "./embeddings.ts";
import { readRequiredString } from "./json-body.ts";
import { createModerations, moderationModel } from "./moderations.ts";
import { replyError, replyJson } from "./reply.ts";
import { readRequest } from "./request-body.ts";
import { createResponse, textModel } from "./responses.ts";
import { createSpeech, speechModel } from "./speech/speech.ts";
import { createTranscription, transcriptionModel } from "./transcription/transcriptions.ts";
import { visionModel } from "./vision/vision.ts";

export const offlineModels: ConnectionModels = {
  text: textModel,
  image: imageModel,
  embedding: embeddingModel,
  moderation: moderationModel,
  transcription: transcriptionModel,
  translation: "offline-translation",
  speech: speechModel,
};

export function offlineFetch(backends: Backends): typeof globalThis.fetch {
  return async (input, init) => {
    const request = new Request(input, init);
    const { method, signal } = request;
    const path = new URL(request.url).pathname.replace(/^.*\/v1\//u, "");
    signal.throwIfAborted();
    let seed = `${method} ${path}`;
    try {
      if (method === "GET" && path === "models") return replyJson(modelList(), 200, seed);
      const endpoint = findEndpoint(method, path);
      const { body, digest } = await readRequest(request);
      seed += `\n${digest}`;
      checkModel(body, endpoint.model);
      const answer = await endpoint.create(body, backends, { signal, seed });
      if (answer instanceof Response) return answer;
      return replyJson(answer, 200, seed, readRequiredString(body, "model"));
    } catch (error) {
      if (error instanceof ApiError) return replyError(error, seed);
      throw error;
    }
  };
}

interface OfflineEndpoint {
  readonly model: string;
  /** The body of a JSON answer, or the whole answer. */
  create(
    body: JsonObject,
    backends: Backends,
    options: { signal: AbortSignal; seed: string },
  ): Promise<JsonObject | Response>;
}

const endpointByPath = new Map<string, OfflineEndpoint>([
  ["embeddings", { model: embeddingModel, create: createEmbeddings }],
  ["moderations", { model: moderationModel, create: createModerations }],
  ["responses", { model: textModel, create: createResponse }],
  ["images/generations", { model: imageModel, create: createImage }],
  ["images/edits", { model: imageModel, create: createEdit }],
  ["audio/speech", { model: speechModel, create: createSpeech }],
  ["audio/transcriptions", { model: transcriptionModel, create: createTranscription }],
]);

/** What GET /models says: the models that run here. */
function modelList(): JsonObject {
  const models = new Set([...[...endpointByPath.values()].map(({ model }) => model), visionModel]);
  const data = Array.from(models, (model) => ({
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
  if (path === "audio/translations") {
    throw notAvailableOffline("There is no model offline that translates speech.");
  }
  if (unavailable.test(path)) {
    throw notAvailableOffline(`The offline connection has no ${path}.`);
  }
  throw new ApiError(404, null, `Invalid URL (${method} /v1/${path})`);
}

/** Only names that say so: nobody may take these answers for a large model's. */
function checkModel(body: JsonObject, model: string): void {
  const requested = readRequiredString(body, "model");
  if (!requested.startsWith("offline-")) throw modelNotFound(requested, model);
}
