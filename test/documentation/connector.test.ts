/**
 * Every CALL line of the connector's documentation, copied as printed (stray spaces included), run against the
 * protocol test server: each value arrives in the API field that means it, the API's schema has nothing against the
 * body, and the columns the documentation promises are there and filled.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { openSession, type Binds, type ResultSet, type Session, type SqlValue } from "../../src/index.ts";
import { sniff } from "../../src/catalog/media.ts";
import { createOpenAIConnection } from "../../src/connection/openai.ts";
import { startOpenAIServer, type OpenAIServer, type RecordedRequest } from "../support/openai-server.ts";
import { audioBytes, imageBytes } from "../support/tiny-media.ts";

const png = imageBytes("png", { width: 64, height: 32, seed: "documented" });
const wav = audioBytes("wav", "documented");
const dataUrl = `data:image/png;base64,${png.toString("base64")}`;

interface Documented {
  readonly name: string;
  /** As printed. */
  readonly line: string;
  /** A value for every bind of the line. */
  readonly binds: Readonly<Record<string, SqlValue>>;
  readonly endpoint: string;
  /** The whole body but for what `callsql` adds, which is named in `added`. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly added?: Readonly<Record<string, unknown>>;
  readonly files?: readonly (readonly [field: string, filename: string, bytes: Buffer])[];
  /** Columns the documentation names or describes; all of them hold a value. */
  readonly columns: readonly string[];
  readonly warnings?: readonly string[];
  /** Of the binds, those that are required: with NULL for all others the line runs as well. */
  readonly required: readonly string[];
}

const usage = [
  "Usage_InputTokens",
  "Usage_CachedInputTokens",
  "Usage_CacheWriteTokens",
  "Usage_OutputTokens",
  "Usage_ReasoningTokens",
  "Usage_TotalTokens",
];
const imageUsage = [
  "Usage_InputTokens",
  "Usage_InputTextTokens",
  "Usage_InputImageTokens",
  "Usage_OutputTokens",
  "Usage_OutputTextTokens",
  "Usage_OutputImageTokens",
  "Usage_TotalTokens",
];
const categories = [
  "Harassment Harassment_Threatening Hate Hate_Threatening Illicit Illicit_Violent",
  "SelfHarm SelfHarm_Instructions SelfHarm_Intent Sexual Sexual_Minors Violence Violence_Graphic",
].flatMap((names) => names.split(" "));

const previous = "resp_0"; // replaced by the id of a response that was stored

const documented: readonly Documented[] = [
  {
    name: "GenerateResponse",
    line: "CALL GenerateResponse(:Message, :Instructions, :Model, :PreviousResponseId, :Temperature, :TopP, :MaxOutputTokens, :MaxToolCalls, :Store)",
    binds: {
      Message: "What is a fjord?",
      Instructions: "Answer in one sentence.",
      Model: "gpt-4o-mini",
      PreviousResponseId: previous,
      Temperature: 0.2,
      TopP: 0.9,
      MaxOutputTokens: 200,
      MaxToolCalls: 3,
      Store: 1,
    },
    endpoint: "responses",
    body: {
      input: "What is a fjord?",
      instructions: "Answer in one sentence.",
      model: "gpt-4o-mini",
      previous_response_id: previous,
      temperature: 0.2,
      top_p: 0.9,
      max_output_tokens: 200,
      max_tool_calls: 3,
      store: true,
    },
    columns: ["Response_Result", "Response_Id", "Response_Status", ...usage],
    required: ["Message"],
  },
  {
    name: "ModerateText",
    line: "CALL ModerateText(:Text, :Model)",
    binds: { Text: "I will kill this bug, idiot.", Model: "omni-moderation-latest" },
    endpoint: "moderations",
    body: { input: "I will kill this bug, idiot.", model: "omni-moderation-latest" },
    columns: [
      "Flagged",
      "Result_Index",
      ...categories.flatMap((name) => [`Category_${name}`, `Score_${name}`, `AppliedTo_${name}`]),
    ],
    required: ["Text"],
  },
  {
    name: "GetEmbeddings",
    line: "CALL GetEmbeddings(:Text, :Model)",
    binds: { Text: "a red car", Model: "text-embedding-3-large" },
    endpoint: "embeddings",
    body: { input: "a red car", model: "text-embedding-3-large" },
    added: { encoding_format: "base64" },
    columns: [
      "Embedding",
      "Embedding_Index",
      "Embedding_Dimensions",
      "Model_Used",
      "Usage_PromptTokens",
      "Usage_TotalTokens",
    ],
    required: ["Text"],
  },
  {
    name: "AnalyzeImage",
    line: "CALL AnalyzeImage(:Image, :Message, :Instructions, :Model, :PreviousResponseId, :Temperature, :TopP, :MaxOutputTokens, :MaxToolCalls, :Store)",
    binds: {
      Image: png,
      Message: "What colour is it?",
      Instructions: "One word.",
      Model: "gpt-4o",
      PreviousResponseId: previous,
      Temperature: 0.5,
      TopP: 0.5,
      MaxOutputTokens: 64,
      MaxToolCalls: 1,
      Store: 0,
    },
    endpoint: "responses",
    body: {
      input: [
        {
          role: "user",
          content: [
            { type: "input_text", text: "What colour is it?" },
            { type: "input_image", image_url: dataUrl, detail: "auto" },
          ],
        },
      ],
      instructions: "One word.",
      model: "gpt-4o",
      previous_response_id: previous,
      temperature: 0.5,
      top_p: 0.5,
      max_output_tokens: 64,
      max_tool_calls: 1,
      store: false,
    },
    columns: ["Response_Result", "Response_Id", "Response_Status", ...usage],
    required: ["Image", "Message"],
  },
  {
    name: "GenerateImage",
    line: "CALL GenerateImage(:Instructions, :Model, :Size , :Background, :OutputFormat , :OutputCompression , :Moderation)",
    binds: {
      Instructions: "A red bicycle",
      Model: "gpt-image-1.5",
      Size: "1536x1024",
      Background: "transparent",
      OutputFormat: "webp",
      OutputCompression: 80,
      Moderation: "low",
    },
    endpoint: "images/generations",
    body: {
      prompt: "A red bicycle",
      model: "gpt-image-1.5",
      size: "1536x1024",
      background: "transparent",
      output_format: "webp",
      output_compression: 80,
      moderation: "low",
    },
    columns: ["Image", "Image_Index", ...imageUsage],
    required: ["Instructions"],
  },
  {
    name: "EditImage",
    line: "CALL GenerateImage(:Instructions, :Image, :Model, :Size , :Background, :OutputFormat , :OutputCompression , :Moderation)",
    binds: {
      Instructions: "Add a hat",
      Image: png,
      Model: "gpt-image-1",
      Size: "1024x1536",
      Background: "opaque",
      OutputFormat: "jpeg",
      OutputCompression: 50,
      Moderation: "auto",
    },
    endpoint: "images/edits",
    body: {
      prompt: "Add a hat",
      image: { filename: "image.png", mimeType: "image/png", size: png.length },
      model: "gpt-image-1",
      size: "1024x1536",
      background: "opaque",
      output_format: "jpeg",
      output_compression: 50,
      moderation: "auto",
    },
    files: [["image", "image.png", png]],
    columns: ["Image_Created", "Image_Index", ...imageUsage],
    required: ["Instructions", "Image"],
  },
  {
    name: "CreateTranscription",
    line: "CALL CreateTranscription(:Input, :InputFormat, :Model, :Instructions, :Language, :Temperature)",
    binds: {
      Input: wav,
      InputFormat: "wav",
      Model: "gpt-4o-transcribe",
      Instructions: "A call to the help desk.",
      Language: "en",
      Temperature: 0.3,
    },
    endpoint: "audio/transcriptions",
    body: {
      file: { filename: "audio.wav", mimeType: "audio/wav", size: wav.length },
      model: "gpt-4o-transcribe",
      prompt: "A call to the help desk.",
      language: "en",
      temperature: 0.3,
    },
    added: { response_format: "json" },
    files: [["file", "audio.wav", wav]],
    columns: ["Transcription", "Usage_Type", "Usage_InputTokens", "Usage_OutputTokens", "Usage_TotalTokens"],
    required: ["Input", "InputFormat", "Model"],
  },
  {
    name: "CreateTranslation",
    line: "CALL CreateTranslation(:Input, :InputFormat, :Model, :Instructions, :Language, :Temperature)",
    binds: {
      Input: wav,
      InputFormat: "wav",
      Model: "whisper-1",
      Instructions: "A speech about forests.",
      Language: "de",
      Temperature: 0.1,
    },
    endpoint: "audio/translations",
    body: {
      file: { filename: "audio.wav", mimeType: "audio/wav", size: wav.length },
      model: "whisper-1",
      prompt: "A speech about forests.",
      temperature: 0.1,
    },
    added: { response_format: "verbose_json" },
    files: [["file", "audio.wav", wav]],
    columns: ["Translation"],
    warnings: ["call/parameter-not-sent"],
    required: ["Input", "InputFormat"],
  },
  {
    name: "GenerateAudio",
    line: "CALL GenerateAudio(:Input, :Model, :Instructions, :Language, :OutputFormat, :Temperature)",
    binds: {
      Input: "Good morning.",
      Model: "gpt-4o-mini-tts",
      Instructions: "Cheerful.",
      Language: "en",
      OutputFormat: "wav",
      Temperature: 0.5,
    },
    endpoint: "audio/speech",
    body: {
      input: "Good morning.",
      model: "gpt-4o-mini-tts",
      voice: "alloy",
      instructions: "Cheerful.",
      response_format: "wav",
    },
    added: { stream_format: "sse" },
    columns: ["Audio"],
    warnings: ["call/parameter-not-sent", "call/parameter-not-sent"],
    required: ["Input", "Model"],
  },
];

let server: OpenAIServer;
let session: Session;
let stored: string;

beforeAll(async () => {
  server = await startOpenAIServer();
  const connection = createOpenAIConnection({ name: "openai", apiKey: "sk-test", baseUrl: server.url });
  session = await openSession({ connection });
  await session.execute("SET DEFAULT GenerateAudio.Voice = 'alloy'");
  const first = await (await session.execute("CALL GenerateResponse('hello')")).first();
  stored = String(first?.["Response_Id"]);
  server.reset();
});
afterEach(() => server.reset());
afterAll(async () => {
  await session.close();
  await server.close();
});

describe.each(documented)("$name, as printed", (item) => {
  test("sends each value in its API field", async () => {
    await run(item, bindsOf(item));
    const request = onlyRequest();
    expect(request.endpoint).toBe(item.endpoint);
    expect(request.body).toEqual(withStored({ ...item.body, ...item.added }));
    expect(request.files.map(({ field, filename, bytes }) => [field, filename, bytes])).toEqual(
      item.files ?? [],
    );
    expect(server.violations).toEqual([]);
  });

  test("gives the documented columns, filled, and the values of the call", async () => {
    const result = await run(item, bindsOf(item));
    const warnings = result.warnings.map(({ code }) => code).filter((code) => !/model-reti/.test(code));
    expect(warnings).toEqual(item.warnings ?? []);
    const row = await onlyRow(result);
    for (const column of item.columns) expect(row[column], column).not.toBeOneOf([null, undefined, ""]);
    for (const [name, value] of Object.entries(bindsOf(item)).map(echoed(item)))
      expect(row[name], name).toEqual(value);
    expect(row).toMatchObject({ Status: "completed", Error_Message: null, Http_Status: 200 });
  });

  test("runs with NULL for what may be left out, and sends no field for it", async () => {
    const binds = Object.entries(bindsOf(item)).map(([name, value]) => [
      name,
      item.required.includes(name) ? value : null,
    ]);
    const row = await onlyRow(await run(item, Object.fromEntries(binds)));
    expect(row["Status"]).toBe("completed");
    const { body } = onlyRequest();
    const defaults = ["model", "voice", ...Object.keys(item.added ?? {})];
    const given = Object.entries(body).filter(([field]) => !defaults.includes(field));
    expect(withStored(item.body)).toMatchObject(Object.fromEntries(given));
    expect(server.violations).toEqual([]);
  });

  test("means the same with its parameters by name", async () => {
    const named = Object.keys(item.binds).map((name, index) => `${name} => :v${index}`);
    const binds = Object.fromEntries(
      Object.values(bindsOf(item)).map((value, index) => [`v${index}`, value]),
    );
    const procedure = /CALL (\w+)/.exec(item.line)?.[1] ?? "";
    await session.execute("SET cache = 'off'");
    const byName = await session.execute(`CALL ${procedure}(${named.join(", ")})`, binds);
    await byName.close();
    await run(item, bindsOf(item));
    const [first, second] = server.requests;
    expect(server.requests).toHaveLength(2);
    expect(first?.body).toEqual(second?.body);
  });
});

describe("what the documentation says of the results", () => {
  const named = (name: string): Documented => {
    const found = documented.find((item) => item.name === name);
    if (found === undefined) throw new Error(name);
    return found;
  };
  const rowOf = async (name: string): Promise<Readonly<Record<string, SqlValue>>> =>
    onlyRow(await run(named(name), bindsOf(named(name))));

  test("ModerateText gives booleans and scores", async () => {
    const row = await rowOf("ModerateText");
    expect(row).toMatchObject({
      Flagged: 1,
      Category_Violence: 1,
      Category_Harassment: 1,
      Category_Sexual: 0,
    });
    expect(row["Score_Violence"]).toBeGreaterThan(0.5);
  });

  test("GetEmbeddings gives the vector as float32", async () => {
    const row = await rowOf("GetEmbeddings");
    expect(row["Embedding_Dimensions"]).toBe(3072);
    expect(bytesOf(row["Embedding"])).toHaveLength(3072 * 4);
  });

  test("images and audio are bytes of the asked format", async () => {
    expect(sniff(bytesOf((await rowOf("GenerateImage"))["Image"]))?.format).toBe("webp");
    const edited = await rowOf("EditImage");
    expect(sniff(bytesOf(edited["Image_Created"]))?.format).toBe("jpeg");
    expect(bytesOf(edited["Image"]), "the source image").toEqual(png);
    expect(sniff(bytesOf((await rowOf("GenerateAudio"))["Audio"]))?.format).toBe("wav");
  });

  test("an answer cut short has its status, its text so far and the reason", async () => {
    const binds = { Message: "x".repeat(400), MaxOutputTokens: 16 };
    await session.execute("SET on_error = 'row'");
    server.answerWith((request) => ({
      id: "resp_cut",
      object: "response",
      created_at: 1,
      status: "incomplete",
      incomplete_details: { reason: "max_output_tokens" },
      model: request.body["model"],
      output: [{ type: "message", role: "assistant", content: [{ type: "output_text", text: "half" }] }],
      usage: { input_tokens: 1, output_tokens: 16, total_tokens: 17 },
    }));
    const result = await session.execute("CALL GenerateResponse(:Message, :MaxOutputTokens)", binds);
    expect(await onlyRow(result)).toMatchObject({
      Response_Result: "half",
      Response_Status: "incomplete",
      Incomplete_Reason: "max_output_tokens",
      Status: "incomplete",
      Error_Code: "max_output_tokens",
    });
    await session.execute("RESET on_error");
  });
});

async function run({ line }: Documented, binds: Binds): Promise<ResultSet> {
  await session.execute("SET cache = 'off'");
  return session.execute(line, binds);
}

function bindsOf(item: Documented): Readonly<Record<string, SqlValue>> {
  return "PreviousResponseId" in item.binds ? { ...item.binds, PreviousResponseId: stored } : item.binds;
}

function withStored(body: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return "previous_response_id" in body ? { ...body, previous_response_id: stored } : body;
}

/** The echo stands under the parameter's name, which the line may call by an alias. */
function echoed({ name }: Documented): (bind: [string, SqlValue]) => [string, SqlValue] {
  const aliases: Readonly<Record<string, string>> = {
    "EditImage Size": "OutputSize",
    "GenerateAudio OutputFormat": "ResponseFormat",
  };
  return ([bind, value]) => [aliases[`${name} ${bind}`] ?? bind, value];
}

function onlyRequest(): RecordedRequest {
  expect(server.requests).toHaveLength(1);
  const [request] = server.requests;
  if (request === undefined) throw new Error("no request");
  return request;
}

async function onlyRow(result: ResultSet): Promise<Readonly<Record<string, SqlValue>>> {
  const rows = await result.all();
  expect(rows).toHaveLength(1);
  return rows[0] ?? {};
}

function bytesOf(value: SqlValue | undefined): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw new Error(`bytes were expected, not ${typeof value}`);
}
