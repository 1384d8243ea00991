/** POST /audio/speech by Flite: four English voices behind the API's names. */
import { isJsonObject, type JsonObject } from "../../../catalog/json.ts";
import { invalidRequest, notAvailableOffline } from "../api-error.ts";
import { noAac, type SpeechFormat, speechFormats } from "../audio/encode.ts";
import { readChoice, readNumberWithin, readRequiredString, readString } from "../json-body.ts";
import { isMostlyLatin } from "../latin.ts";
import { replyBytes, replyEvents } from "../reply.ts";
import { countTokens } from "../tokens.ts";
import type { WorkerPool } from "../worker-pool.ts";

export const speechModel = "offline-flite";

export interface SpeechTask {
  readonly text: string;
  /** One of Flite's. */
  readonly voice: string;
  /** 1 is normal. */
  readonly speed: number;
  readonly format: SpeechFormat;
}

export interface Speech {
  readonly bytes: Uint8Array;
  readonly seconds: number;
}

export async function createSpeech(
  body: JsonObject,
  { speaker }: { readonly speaker: WorkerPool<SpeechTask, Speech> },
  { signal, seed }: { signal: AbortSignal; seed: string },
): Promise<Response> {
  const task = readTask(body);
  const isStream = readChoice(body, "stream_format", ["audio", "sse"]) === "sse";
  const { bytes, seconds } = await speaker.run(task, signal);
  if (!isStream) return replyBytes(bytes, mimeTypes[task.format], seed, speechModel);
  const inputTokens = countTokens(task.text);
  const outputTokens = Math.ceil(seconds * tokensPerSecond);
  const usage = {
    input_tokens: inputTokens,
    output_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
  };
  const audio = Buffer.from(bytes).toString("base64");
  const events = [
    { type: "speech.audio.delta", audio },
    { type: "speech.audio.done", usage },
  ];
  return replyEvents(events, seed, speechModel);
}

function readTask(body: JsonObject): SpeechTask {
  const input = readRequiredString(body, "input");
  if (input === "") {
    throw invalidRequest(
      "Invalid 'input': string too short. Expected a string with minimum length 1.",
      "input",
    );
  }
  const length = Array.from(input).length;
  if (length > inputMax) {
    throw invalidRequest(
      `Invalid 'input': string too long. Expected a string with maximum length ${inputMax}, but got a string with length ${length} instead.`,
      "input",
      "string_above_max_length",
    );
  }
  const speed = readNumberWithin(body, "speed", { min: 0.25, max: 4 }) ?? 1;
  const format = readChoice(body, "response_format", speechFormats) ?? "mp3";
  if (format === "aac") throw noAac();
  if ((readString(body, "instructions") ?? "") !== "") {
    throw notAvailableOffline("The offline voices cannot be told how to speak.", "instructions");
  }
  return { text: speakable(input), voice: readVoice(body), speed, format };
}

/** Each of the API's names is one of Flite's voices: two women's and men's names of the API sound alike here. */
const voices: Readonly<Record<string, string>> = {
  alloy: "slt",
  ash: "rms",
  ballad: "awb",
  cedar: "rms",
  coral: "slt",
  echo: "rms",
  fable: "awb",
  marin: "slt",
  nova: "slt",
  onyx: "kal16",
  sage: "slt",
  shimmer: "slt",
  verse: "rms",
};

function readVoice(body: JsonObject): string {
  if (isJsonObject(body["voice"])) {
    throw notAvailableOffline("The offline connection has no custom voices.", "voice");
  }
  const name = readRequiredString(body, "voice");
  const voice = voices[name];
  if (voice !== undefined) return voice;
  throw invalidRequest(
    `Invalid value: '${name}'. Supported values are: ${Object.keys(voices)
      .map((each) => `'${each}'`)
      .join(", ")}.`,
    "voice",
    "invalid_value",
  );
}

/** Flite reads ASCII: letters lose their accents, typographic signs become plain ones, others a pause. */
function speakable(input: string): string {
  const plain = [...replacements]
    .reduce((text, [sign, replacement]) => text.replaceAll(sign, replacement), input.normalize("NFKD"))
    .replace(/\p{M}/gu, "")
    .replace(/[^\x20-\x7e]+/gu, " ")
    .trim();
  if (isMostlyLatin(input) && /[A-Za-z0-9]/.test(plain)) return plain;
  throw notAvailableOffline(
    "The offline voices speak English only, and find nothing to say in this text.",
    "input",
  );
}

const replacements = new Map([
  ["‘", "'"],
  ["’", "'"],
  ["“", '"'],
  ["”", '"'],
  ["–", ", "],
  ["—", ", "],
  ["…", "."],
  ["€", " euro "],
  ["ß", "ss"],
  ["æ", "ae"],
  ["ø", "o"],
  ["ł", "l"],
  ["đ", "d"],
]);

const mimeTypes: Readonly<Record<SpeechFormat, string>> = {
  mp3: "audio/mpeg",
  opus: "audio/ogg",
  aac: "audio/aac",
  flac: "audio/flac",
  wav: "audio/wav",
  pcm: "audio/pcm",
};

const inputMax = 4096;
/** What the API counts of spoken audio. */
const tokensPerSecond = 20;
