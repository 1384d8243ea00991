/** Answers of the audio endpoints: transcriptions in every format, translations, speech. */
import {
  countTokens,
  hashOf,
  listOf,
  numberOf,
  textOf,
  type Answer,
  type RecordedRequest,
} from "./openai-request.ts";
import { audioBytes, audioMimeTypes, type AudioFormat } from "./tiny-media.ts";

const sentences = [
  "The quick brown fox jumps over the lazy dog.",
  "Please call me back about the invoice.",
  "We meet on Tuesday at nine in the morning.",
  "The package arrived damaged and I would like a refund.",
];

export function transcriptionAnswer(request: RecordedRequest): Answer {
  const model = textOf(request.body["model"]);
  const spoken = spokenIn(request);
  return inFormat(request, spoken, {
    json: {
      text: spoken.text,
      ...languagesOf(model),
      ...logprobsOf(request, spoken),
      usage: usageOf(model, spoken),
    },
    verbose: { usage: { type: "duration", seconds: Math.ceil(spoken.seconds) }, ...wordsOf(request, spoken) },
  });
}

/** Translations have no usage. */
export function translationAnswer(request: RecordedRequest): Answer {
  const spoken = spokenIn(request);
  return inFormat(request, spoken, { json: { text: spoken.text }, verbose: {} });
}

const speechFormats: readonly AudioFormat[] = ["mp3", "opus", "aac", "flac", "wav", "pcm"];

export function speechAnswer(request: RecordedRequest): Answer {
  const format = speechFormats.find((known) => known === request.body["response_format"]) ?? "mp3";
  const bytes = audioBytes(format, hashOf(request.body));
  if (request.body["stream_format"] !== "sse") return { body: bytes, contentType: audioMimeTypes[format] };
  const input = countTokens(textOf(request.body["input"]));
  const usage = { input_tokens: input, output_tokens: input * 10, total_tokens: input * 11 };
  const events = [
    { type: "speech.audio.delta", audio: bytes.toString("base64") },
    { type: "speech.audio.done", usage },
  ];
  const lines = events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
  return { body: lines.join(""), contentType: "text/event-stream; charset=utf-8" };
}

interface Spoken {
  readonly text: string;
  readonly seconds: number;
}

function spokenIn(request: RecordedRequest): Spoken {
  const file = request.files.find(({ field }) => field === "file");
  const bytes = file?.bytes ?? Buffer.alloc(0);
  const isWav = bytes.subarray(0, 4).toString("latin1") === "RIFF" && bytes.length > 44;
  const seconds = isWav ? (bytes.length - 44) / bytes.readUInt32LE(28) : Math.max(1, bytes.length / 16_000);
  const first = sentences[numberOf(bytes.toString("latin1")) % sentences.length] ?? "";
  return {
    text: `${first} [${hashOf(bytes.toString("latin1")).slice(0, 6)}]`,
    seconds: Math.round(seconds * 100) / 100,
  };
}

function inFormat(
  request: RecordedRequest,
  spoken: Spoken,
  { json, verbose }: { json: object; verbose: object },
): Answer {
  const end = spoken.seconds;
  switch (request.body["response_format"]) {
    case "text":
      return plain(`${spoken.text}\n`);
    case "srt":
      return plain(`1\n${clock(0, ",")} --> ${clock(end, ",")}\n${spoken.text}\n\n`);
    case "vtt":
      return plain(`WEBVTT\n\n${clock(0, ".")} --> ${clock(end, ".")}\n${spoken.text}\n\n`);
    case "verbose_json": {
      const task = request.endpoint === "audio/translations" ? "translate" : "transcribe";
      const common = { task, language: "english", duration: end, text: spoken.text };
      return body({ ...common, segments: [segmentOf(spoken, request)], ...verbose });
    }
    case "diarized_json": {
      const segment = {
        id: "seg_0",
        type: "transcript.text.segment",
        start: 0,
        end,
        speaker: "A",
        text: spoken.text,
      };
      return body({ task: "transcribe", duration: end, segments: [segment], ...json });
    }
    default:
      return body(json);
  }
}

function segmentOf(spoken: Spoken, request: RecordedRequest): object {
  return {
    id: 0,
    seek: 0,
    start: 0,
    end: spoken.seconds,
    text: ` ${spoken.text}`,
    tokens: [50364, 440, 50464],
    temperature: Number(request.body["temperature"] ?? 0),
    avg_logprob: -0.21,
    compression_ratio: 1.1,
    no_speech_prob: 0.01,
  };
}

function wordsOf(request: RecordedRequest, spoken: Spoken): object {
  if (!listOf(request.body["timestamp_granularities"]).includes("word")) return {};
  const words = spoken.text.split(" ");
  const step = spoken.seconds / words.length;
  return { words: words.map((word, index) => ({ word, start: index * step, end: (index + 1) * step })) };
}

function usageOf(model: string, spoken: Spoken): object {
  if (!model.startsWith("gpt-4o")) return { type: "duration", seconds: Math.ceil(spoken.seconds) };
  const audio = Math.ceil(spoken.seconds * 10);
  const output = countTokens(spoken.text);
  return {
    type: "tokens",
    total_tokens: audio + output,
    input_tokens: audio,
    input_token_details: { text_tokens: 0, audio_tokens: audio },
    output_tokens: output,
  };
}

function languagesOf(model: string): object {
  return model === "gpt-transcribe" ? { languages: [{ code: "en" }] } : {};
}

function logprobsOf(request: RecordedRequest, spoken: Spoken): object {
  if (!listOf(request.body["include"]).includes("logprobs")) return {};
  return {
    logprobs: spoken.text
      .split(" ")
      .map((token) => ({ token, logprob: -0.01, bytes: [...Buffer.from(token)] })),
  };
}

function clock(seconds: number, point: string): string {
  return new Date(Math.round(seconds * 1000)).toISOString().slice(11, 23).replace(".", point);
}

function plain(text: string): Answer {
  return { body: text, contentType: "text/plain; charset=utf-8" };
}

function body(value: object): Answer {
  return { body: value, contentType: "application/json" };
}
