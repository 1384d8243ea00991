/** Every procedure through SQL, as users meet the offline connection: answers, usage, price 0, and coded refusals. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { openSession, type Session, type SqlValue } from "../../../src/index.ts";
import { drawInvoice } from "./pictures.ts";

let session: Session;
beforeAll(async () => {
  // A file of the developer's own models must not matter.
  session = await openSession({
    connection: "offline",
    env: { ...process.env, XDG_CONFIG_HOME: "/nowhere" },
  });
});
afterAll(() => session.close());

async function call(sql: string, binds = {}): Promise<Record<string, SqlValue>> {
  const [row] = await (await session.execute(sql, binds)).all();
  if (row === undefined) throw new Error("expected a row");
  return row;
}

const spoken = "CALL GenerateAudio('Please call me back about the invoice.', 'offline-flite', 'ash'";

describe("through SQL", () => {
  it("a text is spoken, with usage, and written down again, with its seconds", async () => {
    const speech = await call(`${spoken}, ResponseFormat => 'wav')`);
    expect(speech).toMatchObject({
      Audio_MimeType: "audio/wav",
      Model_Used: "offline-flite",
      Usage_InputTokens: 9,
      Cost_Usd: 0,
      Status: "completed",
    });
    expect(Number(speech["Usage_OutputTokens"])).toBeGreaterThan(30);
    const heard = await call("CALL CreateTranscription(:audio, Model => 'offline-moonshine-tiny')", {
      audio: speech["Audio"],
    });
    expect(heard).toMatchObject({
      Model_Used: "offline-moonshine-tiny",
      Detected_Language: "english",
      Usage_Type: "duration",
      Usage_Seconds: 3,
      Cost_Usd: 0,
    });
    expect(heard["Transcription"]).toMatch(/call me back/u);
    const [segment] = JSON.parse(String(heard["Segments"])) as { start: number; end: number }[];
    expect(segment?.end).toBeLessThanOrEqual(Number(heard["Audio_Duration"]));
  });

  it("an image is made, changed and read", async () => {
    const made = await call("CALL GenerateImage('A green lamp', Size => '512x256')");
    expect(made).toMatchObject({
      Image_MimeType: "image/png",
      Size_Used: "512x256",
      Model_Used: "offline-card",
      Usage_OutputTokens: 128,
      Cost_Usd: 0,
    });
    const changed = await call("CALL EditImage('A red lamp', :image)", { image: made["Image"] });
    expect(changed).toMatchObject({ Image_MimeType: "image/png", Size_Used: "512x256", Cost_Usd: 0 });
    const read = await call("CALL AnalyzeImage(:image, 'Which total is due?')", { image: drawInvoice() });
    expect(read).toMatchObject({ Model_Used: "offline-ocr", Cost_Usd: 0 });
    expect(read["Response_Result"]).toContain("103.90");
  });

  it("a text is embedded, moderated, sorted, shortened and asked", async () => {
    const text = "The lamp arrived broken. I want my money back. It was in a blue box.";
    expect(await call("CALL GetEmbeddings(:text)", { text })).toMatchObject({
      Embedding_Dimensions: 512,
      Model_Used: "offline-use-lite",
      Cost_Usd: 0,
    });
    expect(await call("CALL ModerateText(:text)", { text })).toMatchObject({ Flagged: 0, Cost_Usd: 0 });
    expect(await call("CALL ClassifyText(:text, 'refund, weather')", { text })).toMatchObject({
      Category: "refund",
      Cost_Usd: 0,
    });
    expect(await call("CALL SummarizeText(:text, Length => 1)", { text })).toMatchObject({
      Summary: "The lamp arrived broken.",
      Cost_Usd: 0,
    });
    const message = `What colour was the box? ${text}`;
    expect(await call("CALL GenerateResponse(:message)", { message })).toMatchObject({
      Response_Result: "It was in a blue box.",
      Cost_Usd: 0,
    });
  });

  it("a model of OpenAI's ends the statement: nobody may take these answers for its", async () => {
    const statement = call("CALL GetEmbeddings('lamp', Model => 'text-embedding-3-small')");
    await expect(statement).rejects.toMatchObject({ diagnostics: [{ code: "connect/unknown-model" }] });
  });

  it.each([
    ["a translation", "CALL CreateTranslation(:wav)", "call/not-available-offline"],
    [
      "a stream of thought",
      "CALL GenerateResponse('Write a poem about lamps')",
      "call/not-available-offline",
    ],
    ["Chinese to be embedded", "CALL GetEmbeddings('灯坏了')", "call/not-available-offline"],
    [
      "Chinese to be spoken",
      "CALL GenerateAudio('灯坏了', 'offline-flite', 'ash')",
      "call/not-available-offline",
    ],
    ["aac", `${spoken}, ResponseFormat => 'aac')`, "call/not-available-offline"],
    ["a tone of voice", `${spoken}, Instructions => 'angrily')`, "call/unsupported-parameter"],
    ["jpeg", "CALL GenerateImage('A lamp', OutputFormat => 'jpeg')", "call/not-available-offline"],
    [
      "a language",
      "CALL CreateTranscription(:wav, Model => 'offline-moonshine-tiny', Language => 'de')",
      "call/not-available-offline",
    ],
    [
      "speakers",
      "CALL CreateTranscription(:wav, Model => 'offline-moonshine-tiny', Detail => 'diarized')",
      "call/not-allowed",
    ],
    [
      "broken audio",
      "CALL CreateTranscription(:broken, InputFormat => 'wav', Model => 'offline-moonshine-tiny')",
      "invalid_value",
    ],
    [
      "an address of an image",
      "CALL AnalyzeImage('https://example.com/a.png', 'What is it?')",
      "call/not-available-offline",
    ],
  ])("%s is refused with a code", async (_, sql, expected) => {
    const wav = Buffer.from((await call(`${spoken}, ResponseFormat => 'wav')`))["Audio"] as Uint8Array);
    const binds = {
      ...(sql.includes(":wav") ? { wav } : {}),
      ...(sql.includes(":broken") ? { broken: Buffer.from("RIFF") } : {}),
    };
    await session.execute("SET on_error = 'row'");
    const row = await call(sql, binds);
    await session.execute("RESET on_error");
    expect(row["Error_Code"]).toBe(expected);
    expect(row["Error_Message"]).toMatch(/\w/u);
  });
});
