/** CreateTranscription, CreateTranslation and GenerateAudio. */
import { describe, expect, test } from "vitest";
import { audioBytes } from "../support/tiny-media.ts";
import { speech, transcription, translation } from "./support/answers.ts";
import {
  answer,
  bodyOf,
  errorOf,
  outcome,
  prepare,
  warningsOf,
  wav,
  type Values,
  schemaProblem,
} from "./support/calls.ts";

const upload = { kind: "upload", bytes: wav, filename: "audio.wav", mimeType: "audio/wav" };
const unknown = Buffer.from("no header at all");

describe("CreateTranscription", () => {
  const transcribe = (values: Values): Readonly<Record<string, unknown>> =>
    bodyOf("CreateTranscription", { Input: wav, Model: "whisper-1", ...values });

  test("sends every argument under the API's name", () => {
    const values = {
      Instructions: "names: Ada",
      Language: "en",
      Temperature: 0.2,
      Timestamps: "word,segment",
    };
    expect(transcribe(values)).toEqual({
      file: upload,
      model: "whisper-1",
      prompt: "names: Ada",
      language: "en",
      temperature: 0.2,
      response_format: "verbose_json",
      timestamp_granularities: ["word", "segment"],
    });
  });

  test.each<[string, Values]>([
    ["whisper-1", { Instructions: "x", Timestamps: '["word"]' }],
    ["gpt-4o-mini-transcribe", { Instructions: "x" }],
    ["gpt-4o-transcribe-diarize", {}],
    ["gpt-transcribe", { Instructions: "x" }],
  ])("sends %s a full call that the API's schema accepts", (Model, values) => {
    const full = { Input: wav, Model, Language: "en", Temperature: 0.1, ...values };
    expect(schemaProblem("CreateTranscription", full)).toBeUndefined();
  });

  test("asks each model for the richest answer it gives", () => {
    expect(transcribe({ Model: "gpt-4o-transcribe" })).toMatchObject({ response_format: "json" });
    expect(transcribe({ Model: "gpt-4o-transcribe-diarize" })).toMatchObject({
      response_format: "diarized_json",
      chunking_strategy: "auto",
    });
    expect(transcribe({ Model: "whisper-1", Detail: "json" })).toMatchObject({ response_format: "json" });
    expect(transcribe({ Model: "my-own-model" })).not.toHaveProperty("response_format");
  });

  test("sends gpt-transcribe the language as a list", () => {
    const body = transcribe({ Model: "gpt-transcribe", Language: "de" });
    expect(body).toMatchObject({ languages: ["de"] });
    expect(body).not.toHaveProperty("language");
  });

  test("infers the format from the bytes; a spelling of the same thing is fine", () => {
    const mp3 = audioBytes("mp3");
    expect(prepare("CreateTranscription", { Input: mp3, Model: "whisper-1" }).arguments["InputFormat"]).toBe(
      "mp3",
    );
    expect(transcribe({ Input: mp3, InputFormat: "MPGA" })["file"]).toMatchObject({
      filename: "audio.mpga",
      mimeType: "audio/mpeg",
    });
  });

  test("believes the caller about bytes it does not recognise", () => {
    expect(transcribe({ Input: unknown, InputFormat: "mp3" })["file"]).toMatchObject({
      filename: "audio.mp3",
    });
  });

  test.each<[string, Values]>([
    ["call/unknown-format", { Input: unknown }],
    ["call/format-mismatch", { InputFormat: "flac" }],
    ["call/not-bytes", { Input: "recordings/call" }],
    ["call/too-many-bytes", { Input: Buffer.concat([wav, Buffer.alloc(26_214_400)]) }],
    ["call/out-of-range", { Temperature: 1.5 }],
    ["call/unsupported-parameter", { Model: "gpt-4o-transcribe-diarize", Instructions: "x" }],
    ["call/unsupported-parameter", { Model: "gpt-4o-transcribe", Timestamps: "word" }],
    ["call/not-allowed", { Model: "gpt-4o-transcribe", Detail: "verbose" }],
    ["call/not-allowed", { Timestamps: "minute" }],
    ["call/timestamps-detail", { Timestamps: "word", Detail: "json" }],
  ])("refuses with %s", (code, values) => {
    expect(errorOf("CreateTranscription", { Input: wav, Model: "whisper-1", ...values })).toBe(code);
  });

  test("costs tokens or time, as the model is billed", () => {
    const cost = (Model: string): number | undefined =>
      answer("CreateTranscription", transcription, { Input: wav, Model }).result.costUsd;
    // 4 text at $2.50, 10 audio at $6, 45 out at $10, each per million; and 4 s at $0.36 an hour.
    expect(cost("gpt-4o-transcribe")).toBeCloseTo((10 + 60 + 450) / 1e6, 12);
    expect(cost("whisper-1")).toBeCloseTo((4 * 0.36) / 3600, 12);
  });

  test("takes an empty transcription for an answer: silence", () => {
    const { row } = answer("CreateTranscription", { ...transcription, text: "" });
    expect(row).toMatchObject({ Transcription: "", Status: "completed" });
  });
});

describe("CreateTranslation", () => {
  test("sends all but the language, with a warning", () => {
    const values = { Input: wav, Instructions: "names: Ada", Language: "fr", Temperature: 0 };
    expect(bodyOf("CreateTranslation", values)).toEqual({
      file: upload,
      model: "whisper-1",
      prompt: "names: Ada",
      temperature: 0,
      response_format: "verbose_json",
    });
    expect(schemaProblem("CreateTranslation", values)).toBeUndefined();
    expect(warningsOf("CreateTranslation", values)).toEqual(["call/parameter-not-sent"]);
  });

  test("refuses models that cannot translate, naming the one that can", () => {
    expect(prepare("CreateTranslation", { Input: wav, Model: "gpt-4o-transcribe" })).toMatchObject({
      error: { code: "call/wrong-model", hint: expect.stringContaining("whisper-1") },
    });
  });

  test("costs the time of the audio", () => {
    expect(answer("CreateTranslation", translation).result.costUsd).toBeCloseTo(0.36, 12);
  });
});

describe("GenerateAudio", () => {
  const full: Values = {
    Input: "hello",
    Model: "gpt-4o-mini-tts",
    Voice: "Coral",
    Instructions: "whisper",
    ResponseFormat: "WAV",
    Speed: "1.5",
    Language: "en",
    Temperature: 0.5,
  };

  test("sends what the API knows and warns of the rest", () => {
    const body = bodyOf("GenerateAudio", full);
    expect(body).toEqual({
      input: "hello",
      model: "gpt-4o-mini-tts",
      voice: "coral",
      instructions: "whisper",
      response_format: "wav",
      speed: 1.5,
      stream_format: "sse",
    });
    expect(schemaProblem("GenerateAudio", full)).toBeUndefined();
    expect(
      warningsOf("GenerateAudio", full).filter((code) => code === "call/parameter-not-sent"),
    ).toHaveLength(2);
  });

  test("sends a custom voice by its id", () => {
    expect(bodyOf("GenerateAudio", { ...full, Voice: "voice_1a2B" })).toMatchObject({
      voice: { id: "voice_1a2B" },
    });
  });

  test("runs as the documentation prints it, with a session default for the voice", () => {
    const { Voice: _, ...printed } = full;
    expect(prepare("GenerateAudio", printed, { defaults: { Voice: "alloy" } })).toMatchObject({
      ok: true,
      request: { body: { voice: "alloy" } },
    });
  });

  test.each<[string, Values]>([
    ["call/too-long", { Input: "x".repeat(4097) }],
    ["call/not-allowed", { Voice: "darth" }],
    ["call/not-allowed", { ResponseFormat: "mp4" }],
    ["call/out-of-range", { Speed: 5 }],
    ["call/unsupported-parameter", { Model: "tts-1" }],
  ])("refuses with %s: %j", (code, values) => {
    expect(errorOf("GenerateAudio", { ...full, ...values })).toBe(code);
  });

  test("counts characters, not UTF-16 units, against the limit", () => {
    expect(errorOf("GenerateAudio", { ...full, Input: "🙂".repeat(4096) })).toBeUndefined();
  });

  test("gives the bytes and their type, by header, content or the format asked for", () => {
    const typed = (bytes: Buffer, contentType: string, ResponseFormat: string): unknown =>
      outcome(
        "GenerateAudio",
        { answer: { body: bytes, status: 200, contentType }, attempts: 1, durationMs: 1 },
        { ...full, ResponseFormat },
      ).row["Audio_MimeType"];
    expect(typed(audioBytes("mp3"), "application/octet-stream", "mp3")).toBe("audio/mpeg");
    expect(typed(audioBytes("pcm"), "application/octet-stream", "pcm")).toBe("audio/pcm");
    expect(typed(audioBytes("aac"), "audio/aac", "aac")).toBe("audio/aac");
  });

  test("costs the characters of tts-1, which is asked for no stream", () => {
    const values = { Input: "x".repeat(1000), Model: "tts-1", Voice: "alloy" };
    expect(bodyOf("GenerateAudio", values)).not.toHaveProperty("stream_format");
    expect(answer("GenerateAudio", audioBytes("mp3"), values).result.costUsd).toBeCloseTo(0.015, 12);
  });

  test("costs the tokens its stream tells, and an unknown sum where a server sends plain audio", () => {
    expect(answer("GenerateAudio", speech).result.costUsd).toBeCloseTo(0.000_006 + 0.0024, 12);
    const plain = { body: audioBytes("mp3"), status: 200, contentType: "audio/mpeg" };
    const { row } = outcome("GenerateAudio", { answer: plain, attempts: 1, durationMs: 1 });
    expect(row).toMatchObject({ Status: "completed", Usage_TotalTokens: null, Cost_Usd: null });
  });
});
