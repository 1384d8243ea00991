import { describe, expect, it } from "vitest";

import { readWav } from "../../../src/connection/offline/audio/wav.ts";
import { client, failureOf } from "./client.ts";

const model = "offline-flite";
const input = "Please call me back about the invoice.";

type SpeechParams = Parameters<typeof client.audio.speech.create>[0];

async function speak(params: Partial<SpeechParams>): Promise<Uint8Array> {
  const answer = await client.audio.speech.create({ model, input, voice: "alloy", ...params });
  return new Uint8Array(await answer.arrayBuffer());
}

async function secondsOfWav(params: Partial<SpeechParams>): Promise<number> {
  const audio = readWav(await speak({ response_format: "wav", ...params }));
  expect(audio?.rate).toBe(24_000);
  return (audio?.samples.length ?? 0) / 24_000;
}

describe("speech", () => {
  it("the same text gives the same bytes, in every format", async () => {
    for (const response_format of ["mp3", "opus", "flac", "wav", "pcm"] as const) {
      const [first, second] = await Promise.all([speak({ response_format }), speak({ response_format })]);
      expect(first.length).toBeGreaterThan(5000);
      expect(Buffer.compare(first, second), response_format).toBe(0);
    }
  });

  it("is mp3 unless told otherwise, and says its type", async () => {
    const { response } = await client.audio.speech.create({ model, input, voice: "nova" }).withResponse();
    expect(response.headers.get("content-type")).toBe("audio/mpeg");
    expect(response.headers.get("openai-model")).toBe(model);
  });

  it("speed shortens and lengthens", async () => {
    const [slow, normal, fast] = await Promise.all([0.5, 1, 2].map((speed) => secondsOfWav({ speed })));
    expect((slow ?? 0) / (normal ?? 0)).toBeCloseTo(2, 0);
    expect((fast ?? 0) / (normal ?? 0)).toBeCloseTo(0.5, 0);
  });

  it("voices differ", async () => {
    const files = await Promise.all(["alloy", "ash", "ballad", "onyx"].map((voice) => speak({ voice })));
    expect(new Set(files.map((file) => Buffer.from(file).toString("base64"))).size).toBe(4);
  });

  it("the stream of events carries the audio and what it used", async () => {
    const answer = await client.audio.speech.create({ model, input, voice: "echo", stream_format: "sse" });
    const events = (await answer.text()).matchAll(/^data: (.*)$/gmu);
    const [delta, done] = [...events].map(([, data]) => JSON.parse(data ?? "") as Record<string, unknown>);
    expect(Buffer.from(String(delta?.["audio"]), "base64")).toEqual(
      Buffer.from(await speak({ voice: "echo" })),
    );
    expect(done).toMatchObject({ type: "speech.audio.done", usage: { input_tokens: 9 } });
  });

  it("accents, quotes and dashes are read as what they stand for", async () => {
    expect(await speak({ input: "Señor Núñez’s café – it’s open" })).toEqual(
      await speak({ input: "Senor Nunez's cafe , it's open" }),
    );
  });

  it("4,096 characters are spoken, one more is refused", async () => {
    const text = "The lamp is on. ".repeat(256);
    expect(await secondsOfWav({ input: text, speed: 4 })).toBeGreaterThan(20);
    expect(await failureOf(speak({ input: `${text}!` }))).toMatchObject({
      status: 400,
      code: "string_above_max_length",
    });
  });

  it.each([
    ["an empty text", { input: "" }, 400, null],
    ["a text of a megabyte", { input: "lamp ".repeat(200_000) }, 400, "string_above_max_length"],
    ["Chinese", { input: "请给我回电话" }, 400, "not_available_offline"],
    ["signs alone", { input: "?!… 👍" }, 400, "not_available_offline"],
    ["an unknown voice", { voice: "darth" }, 400, "invalid_value"],
    ["a custom voice", { voice: { id: "voice_1" } }, 400, "not_available_offline"],
    ["aac", { response_format: "aac" }, 400, "not_available_offline"],
    ["an unknown format", { response_format: "mod" as never }, 400, "invalid_value"],
    ["a speed out of range", { speed: 5 }, 400, "decimal_above_max_value"],
    ["instructions", { instructions: "Sound cheerful." }, 400, "not_available_offline"],
    ["another model", { model: "tts-1" }, 404, "model_not_found"],
  ] as const)("%s is refused", async (_, params, status, code) => {
    expect(await failureOf(speak(params))).toMatchObject({ status, code });
  });

  it("a cancelled request ends at once, and the next one is spoken", async () => {
    const controller = new AbortController();
    const long = client.audio.speech.create(
      { model, input: "One lamp after the other. ".repeat(150), voice: "ballad" },
      { signal: controller.signal },
    );
    setTimeout(() => controller.abort(), 50);
    await expect(long).rejects.toThrow("aborted");
    expect((await speak({})).length).toBeGreaterThan(5000);
  });
});
