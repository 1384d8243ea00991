/**
 * What the API refuses although the body's shape is right: models, sampling, lengths, formats. These are answers a
 * program may well provoke, so they are no `violations`. Source: reference/openai-api.md §3.
 */
import { extname } from "node:path";
import type { ErrorFields } from "./openai-bodies.ts";
import {
  countTokens,
  imagesOf,
  listOf,
  promptOf,
  recordOf,
  textOf,
  type RecordedRequest,
} from "./openai-request.ts";

export interface Refusal extends ErrorFields {
  readonly status: number;
}

export interface Known {
  /** Ids of stored responses. */
  readonly responseIds: ReadonlySet<string>;
  /** Ids of stored files. */
  readonly fileIds: ReadonlySet<string>;
  readonly missingModels: ReadonlySet<string>;
}

/** The API's refusal of a well-formed request, or undefined. */
export function refusalOf(request: RecordedRequest, known: Known): Refusal | undefined {
  const model = textOf(request.body["model"]);
  if (known.missingModels.has(model) || model.startsWith("missing-")) return modelNotFound(model);
  switch (request.endpoint) {
    case "responses":
      return refusedResponse(request, known);
    case "embeddings":
      return refusedEmbeddings(request);
    case "moderations":
      return refusedModeration(request);
    case "images/generations":
    case "images/edits":
      return refusedImage(request);
    case "audio/transcriptions":
    case "audio/translations":
      return refusedAudio(request);
    default:
      return undefined;
  }
}

function modelNotFound(model: string): Refusal {
  const message = `The model \`${model}\` does not exist or you do not have access to it.`;
  return { status: 404, message, code: "model_not_found" };
}

/** Models that take temperature and top_p: never, or only without reasoning. All others always do. */
const neverSampled = /^(?:o1|o3|o4-mini|gpt-5(?:-mini|-nano|-pro)?(?:-\d{4}.*)?$|gpt-6-astra|gpt-6\.1-sol)/;
const sampledWithoutReasoning = /^(?:gpt-5\.[1-6]|gpt-6-sol|gpt-6-luna|gpt-6\.1-terra)/;

function refusedResponse(request: RecordedRequest, known: Known): Refusal | undefined {
  const { body } = request;
  const model = textOf(body["model"]);
  const previous = body["previous_response_id"];
  if (model === "")
    return refuse("you must provide a model parameter", "model", "missing_required_parameter");
  if (typeof previous === "string" && !known.responseIds.has(previous)) {
    const message = `Previous response with id '${previous}' not found.`;
    return refuse(message, "previous_response_id", "previous_response_not_found");
  }
  const file = imagesOf(request).map((image) => recordOf(image)["file_id"]);
  const lost = file.find((id): id is string => typeof id === "string" && !known.fileIds.has(id));
  if (lost !== undefined) {
    return refuse(`File with id '${lost}' not found.`, "input", "image_file_not_found");
  }
  const effort = recordOf(body["reasoning"])["effort"];
  const isRefused = neverSampled.test(model) || (sampledWithoutReasoning.test(model) && effort !== "none");
  const sampling = ["temperature", "top_p"].find(
    (name) => typeof body[name] === "number" && body[name] !== 1,
  );
  if (isRefused && sampling !== undefined) {
    const message = `Unsupported parameter: '${sampling}' is not supported with this model.`;
    return refuse(message, sampling, "unsupported_parameter");
  }
  if (countTokens(promptOf(request)) > 400_000) {
    return refuse(
      "Your input exceeds the context window of this model. Please adjust your input and try again.",
      "input",
      "context_length_exceeded",
    );
  }
  return refusedSchema(recordOf(recordOf(body["text"])["format"]));
}

/** Strict structured output wants every property required and no others. */
function refusedSchema(format: Readonly<Record<string, unknown>>): Refusal | undefined {
  if (format["type"] !== "json_schema") return undefined;
  const name = textOf(format["name"]);
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(name)) {
    const message =
      "Invalid 'text.format.name': string does not match pattern. Expected a string that matches '^[a-zA-Z0-9_-]+$'.";
    return refuse(message, "text.format.name", "invalid_value");
  }
  const schema = recordOf(format["schema"]);
  const required = new Set(listOf(schema["required"]));
  const isClosed = schema["type"] === "object" && schema["additionalProperties"] === false;
  const isComplete = Object.keys(recordOf(schema["properties"])).every((property) => required.has(property));
  if (format["strict"] !== true || (isClosed && isComplete)) return undefined;
  const what = isClosed
    ? "'required' is required to be supplied and to be an array including every key in properties."
    : "'additionalProperties' is required to be supplied and to be false.";
  const message = `Invalid schema for response_format '${name}': In context=(), ${what}`;
  return refuse(message, "text.format.schema", "invalid_json_schema");
}

function refusedEmbeddings({ body }: RecordedRequest): Refusal | undefined {
  const inputs = typeof body["input"] === "string" ? [body["input"]] : listOf(body["input"]);
  const tokens = inputs.map((input) =>
    typeof input === "string" ? countTokens(input) : listOf(input).length,
  );
  if (inputs.includes("")) return refuse("Invalid 'input': input cannot be an empty string.", "input");
  const longest = Math.max(...tokens);
  if (longest > 8192) {
    const message = `This model's maximum context length is 8192 tokens, however you requested ${longest} tokens (${longest} in your prompt; 0 for the completion). Please reduce your prompt; or completion length.`;
    return refuse(message);
  }
  const sum = tokens.reduce((total, count) => total + count, 0);
  if (sum > 300_000) {
    const message = `Requested ${sum} tokens, max 300000 tokens per request`;
    return { ...refuse(message), type: "max_tokens_per_request", code: "max_tokens_per_request" };
  }
  if (body["model"] === "text-embedding-ada-002" && "dimensions" in body) {
    return refuse("This model does not support specifying dimensions.");
  }
  return undefined;
}

function refusedModeration({ body }: RecordedRequest): Refusal | undefined {
  const count = listOf(body["input"]).length;
  return count > 32 ? refuse(`Too many inputs: ${count}, at most 32 are allowed.`, "input") : undefined;
}

function refusedImage({ body, files }: RecordedRequest): Refusal | undefined {
  const model = textOf(body["model"], "dall-e-2");
  const gptOnly = ["background", "output_format", "output_compression", "moderation", "complexity"];
  const foreign = model.startsWith("dall-e")
    ? gptOnly.find((name) => name in body)
    : ["response_format", "style"].find((name) => name in body);
  if (foreign !== undefined) return refuse(`Unknown parameter: '${foreign}'.`, foreign, "unknown_parameter");
  if (body["background"] === "transparent" && body["output_format"] === "jpeg") {
    return refuse(
      "Transparent background is not supported for JPEG output format.",
      "background",
      "invalid_value",
    );
  }
  const tooLarge = files.find((file) => file.bytes.length > 50 * 1024 * 1024);
  if (tooLarge !== undefined) return { ...refuse("Image file is too large.", tooLarge.field), status: 413 };
  const unknown = files.find((file) => !/^image\/(?:png|jpeg|webp)$/.test(file.mimeType));
  if (unknown === undefined) return undefined;
  const message = `Invalid file '${unknown.field}': unsupported mimetype ('${unknown.mimeType}'). Supported file formats are 'image/jpeg', 'image/png', and 'image/webp'.`;
  return refuse(message, unknown.field, "unsupported_file_mimetype");
}

const audioFormats = ["flac", "m4a", "mp3", "mp4", "mpeg", "mpga", "oga", "ogg", "wav", "webm"];

function refusedAudio({ endpoint, body, files }: RecordedRequest): Refusal | undefined {
  const model = textOf(body["model"]);
  const file = files.find(({ field }) => field === "file");
  if (file !== undefined && file.bytes.length > 25 * 1024 * 1024) {
    const message = `Maximum content size limit (26214400) exceeded (${file.bytes.length} bytes read)`;
    return { status: 413, message, type: "server_error" };
  }
  if (file !== undefined && !audioFormats.includes(extname(file.filename).slice(1))) {
    return refuse(
      `Unrecognized file format. Supported formats: [${audioFormats.map((name) => `'${name}'`).join(", ")}]`,
    );
  }
  if (endpoint === "audio/translations") return model === "whisper-1" ? undefined : modelNotFound(model);
  const format = textOf(body["response_format"], "json");
  const allowed = formatsOf(model);
  if (!allowed.includes(format)) {
    const message = `response_format '${format}' is not compatible with model '${model}'. Use ${allowed.map((name) => `'${name}'`).join(" or ")} instead.`;
    return refuse(message, "response_format", "unsupported_value");
  }
  const isDiarizing = model === "gpt-4o-transcribe-diarize";
  if (isDiarizing && "prompt" in body)
    return refuse("Prompt is not supported with this model.", "prompt", "unsupported_parameter");
  if (listOf(body["timestamp_granularities"]).length > 0 && format !== "verbose_json") {
    return refuse(
      "timestamp_granularities requires response_format verbose_json.",
      "timestamp_granularities",
    );
  }
  return undefined;
}

function formatsOf(model: string): readonly string[] {
  if (model === "whisper-1") return ["json", "text", "srt", "verbose_json", "vtt"];
  if (model === "gpt-4o-transcribe-diarize") return ["json", "text", "diarized_json"];
  return ["json", "text"];
}

function refuse(message: string, param: string | null = null, code: string | null = null): Refusal {
  return { status: 400, message, param, code };
}
