import type { Transcription, TranscriptionVerbose } from "openai/resources/audio/transcriptions";
import { describe, expect, it } from "vitest";

import { spokenSentences, wordErrorRate } from "../../../bench/offline/sentences.ts";
import { writeWav } from "../../../src/connection/offline/audio/wav.ts";
import { client, failureOf } from "./client.ts";

const model = "offline-moonshine-tiny";

type Params = Parameters<typeof client.audio.transcriptions.create>[0];

async function speak(input: string, format: "wav" | "mp3" | "flac" | "opus" = "wav"): Promise<Uint8Array> {
  const speech = await client.audio.speech.create({
    model: "offline-flite",
    voice: "ash",
    input,
    response_format: format,
  });
  return new Uint8Array(await speech.arrayBuffer());
}

function fileOf(bytes: Uint8Array, name = "audio.wav"): File {
  return new File([new Uint8Array(bytes)], name);
}

/** Formats that are no JSON come as text, whatever the type says: the SDK's has no word for a format in a variable. */
async function hear(
  bytes: Uint8Array,
  params: Partial<Params> = {},
  name = "audio.wav",
): Promise<Transcription> {
  const answer = await client.audio.transcriptions.create({
    model,
    file: fileOf(bytes, name),
    ...params,
    stream: false,
  } as Params);
  return answer as Transcription;
}

const silence = writeWav(new Int16Array(32_000), 16_000);

describe("transcription", () => {
  it("twenty sentences are spoken and written down again, less than a tenth of their words wrong", async () => {
    const heard = await Promise.all(
      spokenSentences.map(async (sentence) => (await hear(await speak(sentence))).text),
    );
    expect(wordErrorRate(spokenSentences.join(" "), heard.join(" "))).toBeLessThan(0.1);
  }, 120_000);

  it("a long recording is cut at its pauses, and its segments say where", async () => {
    const said = spokenSentences.slice(0, 8).join(" ");
    const verbose = (await hear(await speak(said), {
      response_format: "verbose_json",
    })) as unknown as TranscriptionVerbose;
    expect(verbose).toMatchObject({ language: "english", usage: { type: "duration" } });
    const { segments = [], text, duration } = verbose;
    expect(segments.length).toBeGreaterThan(1);
    expect(segments.map((segment) => segment.text.trim()).join(" ")).toBe(text);
    for (const [index, { start, end }] of segments.entries()) {
      expect(end - start).toBeLessThanOrEqual(20.3);
      expect(start).toBeGreaterThanOrEqual(segments[index - 1]?.end ?? 0);
    }
    expect(segments.at(-1)?.end).toBeLessThanOrEqual(duration);
    expect(wordErrorRate(said, text)).toBeLessThan(0.1);
  });

  it.each(["mp3", "flac", "opus"] as const)("understands %s", async (format) => {
    const [said = ""] = spokenSentences;
    const name = `audio.${format === "opus" ? "ogg" : format}`;
    expect(wordErrorRate(said, (await hear(await speak(said, format), {}, name)).text)).toBeLessThan(0.2);
  });

  it("the same recording gives the same bytes, alone or in company", async () => {
    const bytes = await speak("Do you also have this jacket in blue?");
    const ask = async (): Promise<string> =>
      (
        await client.audio.transcriptions
          .create({ model, file: fileOf(bytes), response_format: "verbose_json" })
          .asResponse()
      ).text();
    const [alone] = [await ask()];
    expect(await Promise.all([ask(), hear(silence), ask()])).toEqual([
      alone,
      { ...(await hear(silence)) },
      alone,
    ]);
  });

  it("subtitles and plain text", async () => {
    const bytes = await speak("Please call me back about the invoice.");
    const text = (await hear(bytes)).text;
    expect(await hear(bytes, { response_format: "text" })).toBe(`${text}\n`);
    expect(await hear(bytes, { response_format: "srt" })).toMatch(
      /^1\n00:00:00,\d{3} --> 00:00:0[23],\d{3}\nPlease .+\n\n$/u,
    );
    expect(await hear(bytes, { response_format: "vtt" })).toMatch(
      /^WEBVTT\n\n00:00:00\.\d{3} --> 00:00:0[23]\.\d{3}\nPlease .+\n\n$/u,
    );
  });

  it("silence is an empty text, and is billed as time", async () => {
    expect(await hear(silence)).toMatchObject({ text: "", usage: { type: "duration", seconds: 2 } });
  });

  it.each([
    ["no audio at all", Buffer.from("this is no audio"), "audio.wav", {}, 400, "invalid_value"],
    ["an empty file", Buffer.alloc(0), "audio.wav", {}, 400, "invalid_value"],
    [
      "a broken mp3",
      Buffer.from([0xff, 0xfb, 0x90, 0x64, ...Array<number>(4000).fill(7)]),
      "a.mp3",
      {},
      400,
      "invalid_value",
    ],
    [
      "a broken FLAC",
      Buffer.concat([Buffer.from("fLaC"), Buffer.alloc(500, 3)]),
      "a.flac",
      {},
      400,
      "invalid_value",
    ],
    [
      "a broken Ogg",
      Buffer.concat([Buffer.from("OggS"), Buffer.alloc(500, 3)]),
      "a.ogg",
      {},
      400,
      "invalid_value",
    ],
    ["m4a", Buffer.from("\0\0\0\u0020ftypM4A \0\0\0\0", "latin1"), "a.m4a", {}, 400, "not_available_offline"],
    ["a name without a known ending", silence, "a.doc", {}, 400, "invalid_value"],
    ["more than ten minutes", writeWav(new Int16Array(8000 * 601), 8000), "a.wav", {}, 400, "invalid_value"],
    ["more than 25 MB", Buffer.alloc(26_214_401), "a.wav", {}, 413, null],
    ["another language", silence, "a.wav", { language: "de" }, 400, "not_available_offline"],
    ["a prompt", silence, "a.wav", { prompt: "Names: Ada" }, 400, "not_available_offline"],
    ["speakers", silence, "a.wav", { response_format: "diarized_json" }, 400, "not_available_offline"],
    ["times of words", silence, "a.wav", { timestamp_granularities: ["word"] }, 400, "not_available_offline"],
    ["an unknown format", silence, "a.wav", { response_format: "xml" as never }, 400, "invalid_value"],
    ["a temperature out of range", silence, "a.wav", { temperature: 2 }, 400, null],
    ["another model", silence, "a.wav", { model: "whisper-1" }, 404, "model_not_found"],
  ] as const)("%s is refused", async (_, bytes, name, params, status, code) => {
    expect(await failureOf(hear(bytes, params as Partial<Params>, name))).toMatchObject({ status, code });
  });
});
