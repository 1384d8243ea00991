/** Images and sound through a session: what goes out, what comes back as bytes, what it costs. */
import { describe, expect, test } from "vitest";
import { sniff } from "../../src/catalog/media.ts";
import type { SqlValue } from "../../src/index.ts";
import { audioBytes, imageBytes, type AudioFormat, type ImageFormat } from "../support/tiny-media.ts";
import { mask, png } from "./support/calls.ts";
import { useService } from "./support/service.ts";

const service = useService();
const wav = audioBytes("wav", "speech", 2);

function bytesOf(value: SqlValue | undefined): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw new Error(`bytes were expected, not ${typeof value}`);
}

function filesSent(): (readonly [field: string, filename: string, mimeType: string])[] {
  return service().server.requests.flatMap(({ files }) =>
    files.map(({ field, filename, mimeType }) => [field, filename, mimeType] as const),
  );
}

describe("CreateTranscription", () => {
  /** Headers that each container really has, with something behind them. */
  const recordings: readonly (readonly [
    given: string | null,
    bytes: Buffer,
    filename: string,
    type: string,
  ])[] = [
    [null, audioBytes("flac"), "audio.flac", "audio/flac"],
    [null, audioBytes("mp3"), "audio.mp3", "audio/mpeg"],
    ["mpeg", audioBytes("mp3"), "audio.mpeg", "audio/mpeg"],
    ["mpga", audioBytes("mp3"), "audio.mpga", "audio/mpeg"],
    [null, Buffer.from("\0\0\0\x18ftypisom\0\0\0\0"), "audio.mp4", "audio/mp4"],
    [null, Buffer.from("\0\0\0\x18ftypM4A \0\0\0\0"), "audio.m4a", "audio/mp4"],
    [null, audioBytes("opus"), "audio.ogg", "audio/ogg"],
    [null, wav, "audio.wav", "audio/wav"],
    [null, Buffer.from([0x1a, 0x45, 0xdf, 0xa3, 1, 2, 3]), "audio.webm", "audio/webm"],
    ["MP3", Buffer.from("no header at all"), "audio.mp3", "audio/mpeg"],
  ];

  test.each(recordings)(
    "declares the format (given: %s) of %j by name and type: %s",
    async (...[format, bytes, ...name]) => {
      const row = await service().row("CALL CreateTranscription(:a, :f, 'gpt-transcribe')", {
        a: bytes,
        f: format,
      });
      expect(filesSent()).toEqual([["file", ...name]]);
      expect(row["InputFormat"]).toBe(name[0]?.replace("audio.", ""));
      expect(row["Status"]).toBe("completed");
    },
  );

  test("gives of whisper-1 the language, the length, the segments and the words", async () => {
    const { row, rows, bodies } = service();
    const found = await row(
      "CALL CreateTranscription(:a, Model => 'whisper-1', Timestamps => 'word, segment')",
      {
        a: wav,
      },
    );
    expect(bodies()).toMatchObject([
      { response_format: "verbose_json", timestamp_granularities: ["word", "segment"] },
    ]);
    expect(found).toMatchObject({ Detected_Language: "english", Audio_Duration: 2, Usage_Type: "duration" });
    const segments = await rows(
      "SELECT value ->> '$.start' AS start, value ->> '$.end' AS stop, value ->> '$.text' AS text FROM json_each(:s)",
      { s: found["Segments"] ?? null },
    );
    expect(segments).toEqual([{ start: 0, stop: 2, text: ` ${String(found["Transcription"])}` }]);
    const [words] = await rows("SELECT count(*) AS words FROM json_each(:w)", { w: found["Words"] ?? null });
    expect(words).toEqual({ words: String(found["Transcription"]).split(" ").length });
    expect(found["Cost_Usd"]).toBeCloseTo((2 * 0.36) / 3600, 12);
  });

  test("tells speakers apart with gpt-4o-transcribe-diarize, which splits long audio by itself", async () => {
    const { row, rows, bodies } = service();
    const found = await row("CALL CreateTranscription(:a, Model => 'gpt-4o-transcribe-diarize')", { a: wav });
    expect(bodies()).toMatchObject([{ response_format: "diarized_json", chunking_strategy: "auto" }]);
    const speakers = await rows("SELECT value ->> '$.speaker' AS speaker FROM json_each(:s)", {
      s: found["Segments"] ?? null,
    });
    expect(speakers).toEqual([{ speaker: "A" }]);
  });

  test("sends the language as the model wants it: language, or languages", async () => {
    const call = "CALL CreateTranscription(:a, Model => :m, Language => 'de')";
    await service().row(call, { a: wav, m: "gpt-transcribe" });
    const listed = await service().row(call, { a: wav, m: "whisper-1" });
    const [first, second] = service().bodies();
    expect(first).toMatchObject({ languages: ["de"] });
    expect(first).not.toHaveProperty("language");
    expect(second).toMatchObject({ language: "de" });
    expect(second).not.toHaveProperty("languages");
    expect(listed["Detected_Languages"]).toBeNull();
  });

  test.each([
    ["gpt-transcribe", 2, "duration", (2 * 0.27) / 3600],
    ["gpt-4o-transcribe", 20, "tokens", undefined],
    ["gpt-4o-mini-transcribe-2025-12-15", 20, "tokens", undefined],
  ])("costs by what %s tells", async (m, amount, type, cost) => {
    const row = await service().row("CALL CreateTranscription(:a, Model => :m)", { a: wav, m });
    expect(row["Usage_Type"]).toBe(type);
    expect(row[type === "tokens" ? "Usage_InputAudioTokens" : "Usage_Seconds"]).toBe(amount);
    const [audio, output] = m.includes("mini") ? [3, 5] : [6, 10];
    const tokens = (amount * audio + Number(row["Usage_OutputTokens"]) * output) / 1e6;
    expect(row["Cost_Usd"]).toBeCloseTo(cost ?? tokens, 12);
  });
});

describe("CreateTranslation", () => {
  test("sends no language, says so, and costs the seconds it was told", async () => {
    const result = await service().run("CALL CreateTranslation(:a, Language => 'de')", { a: wav });
    expect(result.warnings.map(({ code }) => code)).toContain("call/parameter-not-sent");
    const [row] = await result.all();
    expect(service().bodies()).toMatchObject([{ model: "whisper-1", response_format: "verbose_json" }]);
    expect(service().bodies()[0]).not.toHaveProperty("language");
    expect(row).toMatchObject({ Detected_Language: "english", Audio_Duration: 2, Model_Used: "whisper-1" });
    expect(row?.["Cost_Usd"]).toBeCloseTo((2 * 0.36) / 3600, 12);
  });
});

describe("GenerateAudio", () => {
  const formats: readonly (readonly [AudioFormat, string])[] = [
    ["mp3", "audio/mpeg"],
    ["opus", "audio/ogg"],
    ["aac", "audio/aac"],
    ["flac", "audio/flac"],
    ["wav", "audio/wav"],
    ["pcm", "audio/pcm"],
  ];

  test.each(formats)("puts %s together from its stream, with type, size, usage and cost", async (f, type) => {
    const row = await service().row(
      "CALL GenerateAudio('Good morning', 'gpt-4o-mini-tts', 'alloy', OutputFormat => :f)",
      {
        f,
      },
    );
    const audio = bytesOf(row["Audio"]);
    expect(audio.length).toBeGreaterThan(0);
    expect(row).toMatchObject({
      Audio_MimeType: type,
      Audio_Bytes: audio.length,
      Usage_InputTokens: 3,
      Usage_OutputTokens: 30,
      Model_Used: "gpt-4o-mini-tts",
    });
    expect(row["Cost_Usd"]).toBeCloseTo((3 * 0.6 + 30 * 12) / 1e6, 12);
  });

  test("takes the bytes of tts-1 as they are, which costs its characters", async () => {
    const row = await service().row("CALL GenerateAudio('Grüße 🙂', 'tts-1', 'alloy')");
    expect(sniff(bytesOf(row["Audio"]))?.format).toBe("mp3");
    expect(service().bodies()[0]).not.toHaveProperty("stream_format");
    expect(row["Cost_Usd"]).toBeCloseTo((7 * 15) / 1e6, 12);
  });

  test("answers again from the record what it was paid for, usage included", async () => {
    const { run, row, server } = service();
    await run("SET cache = 'run'");
    const call =
      "SELECT Audio, Usage_TotalTokens, Cost_Usd FROM GenerateAudio('Again', 'gpt-4o-mini-tts', 'alloy')";
    const first = await row(call);
    expect(await row(call)).toEqual(first);
    expect(first["Usage_TotalTokens"]).toBeGreaterThan(0);
    expect(server.requests).toHaveLength(1);
    await run("SET cache = 'off'");
  });
});

describe("GenerateImage", () => {
  test.each<[ImageFormat]>([["png"], ["jpeg"], ["webp"]])("gives %s as bytes of that type", async (f) => {
    const row = await service().row("CALL GenerateImage('a cat', OutputFormat => :f)", { f });
    expect(sniff(bytesOf(row["Image"]))?.format).toBe(f);
    expect(row).toMatchObject({
      Image_MimeType: `image/${f}`,
      OutputFormat_Used: f,
      Size_Used: "1024x1024",
      Model_Used: "gpt-image-2.6-flare",
    });
  });

  test("costs text in and image out, each at its own rate", async () => {
    const flare = await service().row("CALL GenerateImage('a black cat')");
    expect(flare).toMatchObject({ Usage_InputTextTokens: 3, Usage_OutputImageTokens: 1056 });
    expect(flare["Cost_Usd"]).toBeCloseTo((3 * 5 + 1056 * 30) / 1e6, 12);
    const split = await service().row("CALL GenerateImage('a black cat', 'gpt-image-1.5')");
    expect(split["Cost_Usd"]).toBeCloseTo((3 * 5 + 1056 * 32) / 1e6, 12);
  });
});

describe("EditImage", () => {
  test("sends the image alone, and gives the source back beside the result", async () => {
    const row = await service().row("CALL EditImage('a hat', :i)", { i: png });
    expect(filesSent()).toEqual([["image", "image.png", "image/png"]]);
    expect(bytesOf(row["Image"])).toEqual(png);
    expect(sniff(bytesOf(row["Image_Created"]))?.format).toBe("png");
    expect(row).toMatchObject({ Mask: null, InputFormat: "png", Usage_InputImageTokens: 1024 });
    const tokens = Number(row["Usage_InputTextTokens"]);
    expect(row["Cost_Usd"]).toBeCloseTo((tokens * 5 + 1024 * 8 + 1056 * 30) / 1e6, 12);
  });

  test("sends image and mask, each with its name and type", async () => {
    const call = "CALL EditImage('a hat', :i, Mask => :m, Model => 'gpt-image-1.5', InputFidelity => 'high')";
    const row = await service().row(call, { i: png, m: mask });
    expect(filesSent()).toEqual([
      ["image", "image.png", "image/png"],
      ["mask", "mask.png", "image/png"],
    ]);
    expect(service().bodies()).toMatchObject([{ input_fidelity: "high" }]);
    expect(bytesOf(row["Mask"])).toEqual(mask);
  });

  test.each<[ImageFormat]>([["jpeg"], ["webp"]])("takes %s", async (format) => {
    await service().row("CALL EditImage('a hat', :i)", { i: imageBytes(format) });
    expect(filesSent()).toEqual([["image", `image.${format}`, `image/${format}`]]);
  });
});

describe("AnalyzeImage", () => {
  const question = "CALL AnalyzeImage(:i, 'What is it?', Model => 'gpt-4o')";
  const images = (): unknown =>
    service()
      .bodies()
      .map((body) => body["input"]);

  test("takes bytes, a data URL and an https URL", async () => {
    const url = `data:image/png;base64,${png.toString("base64")}`;
    for (const i of [png, url, "https://example.com/cat.png"]) {
      expect((await service().row(question, { i }))["Response_Result"]).toMatch(/^Reply /);
    }
    const sent = (image_url: string): unknown => [
      { content: [{ type: "input_text" }, { type: "input_image", image_url, detail: "auto" }] },
    ];
    expect(images()).toMatchObject([sent(url), sent(url), sent("https://example.com/cat.png")]);
  });

  test("stores an image that does not fit into a request, once for all questions about it", async () => {
    const { rows, server } = service();
    const large = Buffer.concat([png, Buffer.alloc(16_000_000)]);
    const found = await rows(
      "SELECT Response_Result AS answer FROM (VALUES ('What?'), ('Where?')) q, AnalyzeImage(:i, q.column1) a",
      { i: large },
    );
    expect(found.map(({ answer }) => String(answer).slice(0, 5))).toEqual(["Reply", "Reply"]);
    expect(server.counts).toEqual({ files: 1, responses: 2 });
    expect(filesSent()).toEqual([["file", "image.png", "image/png"]]);
    expect(JSON.stringify(server.requests.at(-1)?.body)).toMatch(/"file_id":"file-[0-9a-f]{24}"/);
  });
});
