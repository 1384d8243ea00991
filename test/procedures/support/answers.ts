/** Answers of the API with every field filled, one for each procedure, and the variants that are no success. */
import { audioBytes, imageBytes } from "../../support/tiny-media.ts";

export function response(text: string, changes: Readonly<Record<string, unknown>> = {}): unknown {
  return {
    id: "resp_1",
    object: "response",
    created_at: 1_790_000_000,
    completed_at: 1_790_000_002,
    status: "completed",
    error: null,
    incomplete_details: null,
    model: "gpt-6-luna-2026-10-06",
    service_tier: "default",
    output: [
      { type: "reasoning", id: "rs_1", summary: [] },
      message([{ type: "output_text", text, annotations: [] }]),
    ],
    usage: {
      input_tokens: 1000,
      input_tokens_details: { cached_tokens: 200, cache_write_tokens: 100 },
      output_tokens: 500,
      output_tokens_details: { reasoning_tokens: 300 },
      total_tokens: 1500,
    },
    ...changes,
  };
}

export function message(content: readonly unknown[], phase: string | null = null): unknown {
  return { type: "message", id: "msg_1", role: "assistant", status: "completed", phase, content };
}

export const refusal = response("", {
  output: [message([{ type: "refusal", refusal: "I cannot help with that." }])],
});

export const incomplete = response("half an ans", {
  status: "incomplete",
  incomplete_details: { reason: "max_output_tokens" },
});

export const failed = response("", {
  status: "failed",
  error: { code: "server_error", message: "The model had an error." },
  output: [],
  usage: null,
});

const flags = {
  harassment: true,
  "harassment/threatening": false,
  hate: false,
  "hate/threatening": false,
  illicit: false,
  "illicit/violent": false,
  "self-harm": false,
  "self-harm/instructions": false,
  "self-harm/intent": false,
  sexual: false,
  "sexual/minors": false,
  violence: true,
  "violence/graphic": false,
};

function eachFlag<T>(value: (key: string, isFlagged: boolean) => T): Record<string, T> {
  return Object.fromEntries(Object.entries(flags).map(([key, flag]) => [key, value(key, flag)]));
}

export const moderation = {
  id: "modr_1",
  model: "omni-moderation-latest",
  results: [
    {
      flagged: true,
      categories: flags,
      category_scores: eachFlag((_, isFlagged) => (isFlagged ? 0.9 : 0.01)),
      category_applied_input_types: eachFlag(() => ["text"]),
    },
  ],
};

export const embedding = {
  object: "list",
  data: [{ object: "embedding", index: 0, embedding: [0.5, -0.25, 1] }],
  model: "text-embedding-3-small",
  usage: { prompt_tokens: 8, total_tokens: 8 },
};

export const picture = imageBytes("png", { width: 8, height: 8 });

export const image = {
  created: 1_790_000_000,
  background: "opaque",
  output_format: "png",
  quality: "high",
  size: "1024x1024",
  data: [
    { b64_json: picture.toString("base64"), revised_prompt: "a fine cat", url: "https://images.example/1" },
  ],
  usage: {
    input_tokens: 60,
    input_tokens_details: { text_tokens: 50, image_tokens: 10 },
    output_tokens: 1000,
    output_tokens_details: { text_tokens: 0, image_tokens: 1000 },
    total_tokens: 1060,
  },
};

export const transcription = {
  text: "Hello there.",
  language: "english",
  languages: [{ code: "en" }],
  duration: 3.5,
  segments: [{ id: 0, start: 0, end: 3.5, text: "Hello there." }],
  words: [{ word: "Hello", start: 0, end: 0.5 }],
  logprobs: [{ token: "Hello", logprob: -0.1 }],
  usage: {
    type: "tokens",
    seconds: 4,
    input_tokens: 14,
    input_token_details: { text_tokens: 4, audio_tokens: 10 },
    output_tokens: 45,
    total_tokens: 59,
  },
};

export const translation = {
  text: "Hello there.",
  language: "english",
  duration: 3600,
  segments: [{ id: 0, start: 0, end: 3600, text: "Hello there." }],
};

/** As the connection puts a stream of speech together. */
export const speech = {
  audio: audioBytes("mp3").toString("base64"),
  usage: { input_tokens: 10, output_tokens: 200, total_tokens: 210 },
};

/** For each procedure a success in which every result column that can be filled is. */
export const successes: Readonly<Record<string, unknown>> = {
  GenerateResponse: response("Hello!"),
  ModerateText: moderation,
  GetEmbeddings: embedding,
  AnalyzeImage: response("A cat."),
  GenerateImage: image,
  EditImage: image,
  CreateTranscription: transcription,
  CreateTranslation: translation,
  GenerateAudio: speech,
  SummarizeText: response("Greetings."),
  ClassifyText: response('{"category":"greeting","confidence":0.75}'),
};
