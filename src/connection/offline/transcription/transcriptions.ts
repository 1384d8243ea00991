/** POST /audio/transcriptions by Moonshine Tiny: English, with segments, without speakers and without times of words. */
import type { JsonObject } from "../../../catalog/json.ts";
import { deflateSync } from "node:zlib";

import { audioFormats } from "../../../catalog/media.ts";
import { ApiError, invalidRequest, notAvailableOffline } from "../api-error.ts";
import { readChoice, readString, readUpload } from "../json-body.ts";
import { replyJson, replyText } from "../reply.ts";
import type { WorkerPool } from "../worker-pool.ts";
import type { Heard } from "./moonshine.ts";

export const transcriptionModel = "offline-moonshine-tiny";

export interface TranscriptionTask {
  readonly bytes: Uint8Array;
}

export interface Transcription {
  /** Of the whole recording. */
  readonly seconds: number;
  readonly segments: readonly Segment[];
}

/** `start` and `end` in seconds. */
export interface Segment extends Heard {
  readonly start: number;
  readonly end: number;
}

export async function createTranscription(
  body: JsonObject,
  { listener }: { readonly listener: WorkerPool<TranscriptionTask, Transcription> },
  { signal, seed }: { signal: AbortSignal; seed: string },
): Promise<Response> {
  const format = readChoice(body, "response_format", formats) ?? "json";
  if (format === "diarized_json") {
    throw notAvailableOffline("The offline model cannot tell speakers apart.", "response_format");
  }
  refuseUnavailable(body);
  const bytes = readRecording(body);
  const transcription = await listener.run({ bytes }, signal);
  const text = transcription.segments.map((segment) => segment.text).join(" ");
  const usage = { type: "duration", seconds: Math.ceil(transcription.seconds) };
  switch (format) {
    case "json":
      return replyJson({ text, usage }, 200, seed, transcriptionModel);
    case "verbose_json":
      return replyJson({ ...verbose(transcription), text, usage }, 200, seed, transcriptionModel);
    case "text":
      return replyText(`${text}\n`, seed, transcriptionModel);
    case "srt":
    case "vtt":
      return replyText(subtitles(transcription.segments, format), seed, transcriptionModel);
  }
}

function readRecording(body: JsonObject): Uint8Array {
  const { filename, bytes } = readUpload(body, "file");
  if (bytes.length > bytesMax) {
    throw new ApiError(
      413,
      null,
      `Maximum content size limit (${bytesMax}) exceeded (${bytes.length} bytes read)`,
    );
  }
  const extension = filename.slice(filename.lastIndexOf(".") + 1).toLowerCase();
  if (!audioFormats.some((format) => format === extension)) {
    throw invalidRequest(
      `Unrecognized file format. Supported formats: ${JSON.stringify(audioFormats)}`,
      "file",
      "invalid_value",
    );
  }
  return bytes;
}

/** What would be silently wrong if it were ignored. */
function refuseUnavailable(body: JsonObject): void {
  const languages = [body["language"], body["languages"]].flat().filter((each) => typeof each === "string");
  if (languages.some((language) => !english.test(language))) {
    throw notAvailableOffline("The offline model understands English only.", "language");
  }
  if ((readString(body, "prompt") ?? "") !== "") {
    throw notAvailableOffline("The offline model takes no prompt.", "prompt");
  }
  if ([body["timestamp_granularities"]].flat().includes("word")) {
    throw notAvailableOffline("The offline model gives no times of words.", "timestamp_granularities");
  }
  if (body["stream"] === "true") {
    throw notAvailableOffline("The offline connection does not stream.", "stream");
  }
  const temperature = Number(body["temperature"] ?? 0);
  if (!(temperature >= 0 && temperature <= 1)) {
    throw invalidRequest("Invalid 'temperature': expected a number from 0 to 1.", "temperature");
  }
}

function verbose({ seconds, segments }: Transcription): JsonObject {
  return {
    task: "transcribe",
    language: "english",
    duration: rounded(seconds),
    segments: segments.map((segment, id) => ({
      id,
      seek: Math.round(segment.start * 100),
      start: rounded(segment.start),
      end: rounded(segment.end),
      text: ` ${segment.text}`,
      tokens: segment.tokens,
      temperature: 0,
      avg_logprob: segment.meanLogProbability,
      compression_ratio: Buffer.byteLength(segment.text) / deflateSync(segment.text).length,
      no_speech_prob: 0,
    })),
  };
}

function subtitles(segments: readonly Segment[], format: "srt" | "vtt"): string {
  const point = format === "srt" ? "," : ".";
  const cues = segments.map(({ start, end, text }, index) => {
    const number = format === "srt" ? `${index + 1}\n` : "";
    return `${number}${clock(start, point)} --> ${clock(end, point)}\n${text}\n\n`;
  });
  return `${format === "vtt" ? "WEBVTT\n\n" : ""}${cues.join("")}`;
}

/** `00:01:02,345` */
function clock(seconds: number, point: string): string {
  const [time = "", fraction = ""] = new Date(Math.round(seconds * 1000))
    .toISOString()
    .slice(11, 23)
    .split(".");
  return `${time}${point}${fraction}`;
}

function rounded(seconds: number): number {
  return Math.round(seconds * 100) / 100;
}

const formats = ["json", "text", "srt", "verbose_json", "vtt", "diarized_json"] as const;
const english = /^en(?:glish)?(?:-\w+)?$/iu;
/** 25 MB as the API counts them. */
const bytesMax = 26_214_400;
