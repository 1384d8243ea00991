/** What the test server answers when nobody told it otherwise: realistic bodies, each a function of its request. */
import { transcriptionAnswer, translationAnswer, speechAnswer } from "./openai-answers-audio.ts";
import { createdAtOf, responseBody } from "./openai-bodies.ts";
import {
  countTokens,
  hashOf,
  listOf,
  messageOf,
  numberOf,
  promptOf,
  recordOf,
  textOf,
  type Answer,
  type RecordedRequest,
} from "./openai-request.ts";
import { valueFor } from "./openai-structured.ts";
import { imageBytes, type ImageFormat } from "./tiny-media.ts";

export function defaultAnswer(request: RecordedRequest): Answer {
  switch (request.endpoint) {
    case "responses":
      return json(responseAnswer(request));
    case "embeddings":
      return json(embeddingsAnswer(request));
    case "moderations":
      return json(moderationsAnswer(request));
    case "images/generations":
    case "images/edits":
      return json(imagesAnswer(request));
    case "audio/transcriptions":
      return transcriptionAnswer(request);
    case "audio/translations":
      return translationAnswer(request);
    case "audio/speech":
      return speechAnswer(request);
    case "files":
      return json(fileAnswer(request));
    default:
      return json(modelsAnswer());
  }
}

function json(body: unknown): Answer {
  return { body, contentType: "application/json" };
}

function responseAnswer(request: RecordedRequest): object {
  const format = recordOf(recordOf(request.body["text"])["format"]);
  const message = messageOf(request);
  const text =
    format["type"] === "json_schema"
      ? JSON.stringify(valueFor(format["schema"], message))
      : `Reply ${hashOf(promptOf(request)).slice(0, 8)}: ${message.slice(0, 40)}`;
  const max = request.body["max_output_tokens"];
  if (typeof max !== "number" || countTokens(text) <= max) return responseBody(request, { text });
  const cut = text.slice(0, max * 4);
  return responseBody(request, { text: cut, status: "incomplete", incompleteReason: "max_output_tokens" });
}

function embeddingsAnswer(request: RecordedRequest): object {
  const { input, model, encoding_format: encoding } = request.body;
  const inputs = typeof input === "string" ? [input] : listOf(input);
  const dimensions = Number(request.body["dimensions"] ?? (model === "text-embedding-3-large" ? 3072 : 1536));
  const tokens = inputs.reduce<number>(
    (sum, item) => sum + countTokens(textOf(item, JSON.stringify(item))),
    0,
  );
  const data = inputs.map((item, index) => {
    const vector = vectorOf(textOf(item, JSON.stringify(item)), dimensions);
    const embedding = encoding === "base64" ? Buffer.from(vector.buffer).toString("base64") : [...vector];
    return { object: "embedding", index, embedding };
  });
  return { object: "list", data, model, usage: { prompt_tokens: tokens, total_tokens: tokens } };
}

/** A unit vector in which texts that share words are near: every word adds to eight places of its own. */
function vectorOf(text: string, dimensions: number): Float32Array<ArrayBuffer> {
  const vector = new Float32Array(dimensions);
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  for (const word of [...words, `\0${text}`]) {
    const weight = word.startsWith("\0") ? 0.2 : 1;
    const hash = hashOf(word);
    for (let place = 0; place < 8; place++) {
      const part = Number.parseInt(hash.slice(place * 8, place * 8 + 8), 16);
      const at = part % dimensions;
      vector[at] = (vector[at] ?? 0) + (part & 0x40000000 ? weight : -weight);
    }
  }
  const length = Math.hypot(...vector) || 1;
  return vector.map((value) => value / length);
}

/** Words that make a category flagged; all others stay near zero. */
const flaggedWords: Readonly<Record<string, RegExp>> = {
  harassment: /\b(?:idiot|moron)\b/i,
  "harassment/threatening": /\bor else\b/i,
  hate: /\bhate\b/i,
  "hate/threatening": /\bexterminate\b/i,
  illicit: /\b(?:launder|counterfeit)\b/i,
  "illicit/violent": /\bbomb\b/i,
  "self-harm": /\bsuicide\b/i,
  "self-harm/instructions": /\bhow to cut myself\b/i,
  "self-harm/intent": /\bend my life\b/i,
  sexual: /\bporn\b/i,
  "sexual/minors": /\bunderage\b/i,
  violence: /\b(?:kill|murder)\b/i,
  "violence/graphic": /\bgore\b/i,
};

function moderationsAnswer(request: RecordedRequest): object {
  const { input } = request.body;
  const list = listOf(input);
  // Strings are judged one by one; a list of text and image parts is one input.
  const isMultimodal = typeof list[0] === "object";
  const joined = list.map((part) => textOf(recordOf(part)["text"])).join("\n");
  const texts =
    typeof input === "string" ? [input] : isMultimodal ? [joined] : list.map((item) => textOf(item));
  const seesImage = list.some((part) => recordOf(part)["type"] === "image_url");
  return {
    id: `modr-${hashOf(request.body).slice(0, 32)}`,
    model: textOf(request.body["model"], "omni-moderation-latest"),
    results: texts.map((text) => moderationResult(text, seesImage)),
  };
}

function moderationResult(text: string, seesImage: boolean): object {
  const scores = Object.entries(flaggedWords).map(([name, words]) => {
    const share = numberOf(text + name) / 2 ** 32;
    return { name, score: words.test(text) ? 0.8 + share / 5 : share / 1000 };
  });
  const imageCategories = /^(?:self-harm|sexual$|violence)/;
  const applied = (name: string): string[] => [
    "text",
    ...(seesImage && imageCategories.test(name) ? ["image"] : []),
  ];
  return {
    flagged: scores.some(({ score }) => score >= 0.5),
    categories: Object.fromEntries(scores.map(({ name, score }) => [name, score >= 0.5])),
    category_scores: Object.fromEntries(scores.map(({ name, score }) => [name, score])),
    category_applied_input_types: Object.fromEntries(scores.map(({ name }) => [name, applied(name)])),
  };
}

const imageFormats: readonly ImageFormat[] = ["png", "jpeg", "webp", "gif", "svg"];

function imagesAnswer(request: RecordedRequest): object {
  const { body } = request;
  const isDallE = textOf(body["model"], "dall-e-2").startsWith("dall-e");
  const format = imageFormats.find((known) => known === body["output_format"]) ?? "png";
  const size = /^\d+x\d+$/.test(textOf(body["size"])) ? textOf(body["size"]) : "1024x1024";
  const [width = 1024, height = 1024] = size.split("x").map(Number);
  const seed = hashOf([body, ...request.files.map((file) => hashOf(file.bytes.toString("latin1")))]);
  const data = Array.from({ length: Number(body["n"] ?? 1) }, (_, index) => {
    if (isDallE && body["response_format"] !== "b64_json")
      return { url: `https://images.invalid/${seed}-${index}.png` };
    const bytes = imageBytes(format, { width, height, seed: `${seed}${index}` });
    const revised =
      body["model"] === "dall-e-3" ? { revised_prompt: `A picture: ${textOf(body["prompt"])}` } : {};
    return { b64_json: bytes.toString("base64"), ...revised };
  });
  if (isDallE) return { created: createdAtOf(request), data };
  const imageTokens = request.files.length * 1024;
  const textTokens = countTokens(textOf(body["prompt"]));
  const output = data.length * 1056;
  return {
    created: createdAtOf(request),
    background: body["background"] === "transparent" ? "transparent" : "opaque",
    data,
    output_format: format,
    quality: body["quality"] === "auto" ? "medium" : (body["quality"] ?? "medium"),
    size,
    usage: {
      input_tokens: textTokens + imageTokens,
      input_tokens_details: { text_tokens: textTokens, image_tokens: imageTokens },
      output_tokens: output,
      output_tokens_details: { text_tokens: 0, image_tokens: output },
      total_tokens: textTokens + imageTokens + output,
    },
  };
}

function fileAnswer(request: RecordedRequest): object {
  const [file] = request.files;
  const bytes = file?.bytes ?? Buffer.alloc(0);
  const createdAt = createdAtOf(request);
  const seconds = Number(recordOf(request.body["expires_after"])["seconds"] ?? 0);
  return {
    id: `file-${hashOf(bytes.toString("latin1")).slice(0, 24)}`,
    object: "file",
    bytes: bytes.length,
    created_at: createdAt,
    expires_at: seconds === 0 ? null : createdAt + seconds,
    filename: file?.filename ?? "",
    purpose: request.body["purpose"],
    status: "processed",
  };
}

function modelsAnswer(): object {
  const shutdownByModel = {
    "gpt-6-luna": null,
    "gpt-image-2.6-flare": null,
    "gpt-4o": "2027-01-14",
    o3: "2026-12-11",
  };
  const others = [
    "text-embedding-3-small",
    "text-embedding-3-large",
    "omni-moderation-latest",
    "gpt-transcribe",
  ];
  const dated = { ...shutdownByModel, "whisper-1": "2027-02-26", "gpt-4o-mini-tts": "2027-01-06" };
  return {
    object: "list",
    data: [...Object.entries(dated), ...others.map((id) => [id, null] as const)].map(([id, shutdown]) => ({
      id,
      object: "model",
      created: 1_780_000_000,
      owned_by: "system",
      shutdown_date: shutdown,
    })),
  };
}
