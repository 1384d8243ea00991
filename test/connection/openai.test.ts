import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { createOpenAIConnection } from "../../src/connection/openai.ts";
import type { ApiRequest, Upload } from "../../src/catalog/request.ts";
import { startOpenAIServer, type OpenAIServer } from "../support/openai-server.ts";
import { audioBytes, imageBytes } from "../support/tiny-media.ts";
import { answerOf, recordOf } from "../support/outcome.ts";

let server: OpenAIServer;
beforeAll(async () => {
  server = await startOpenAIServer();
});
afterEach(() => server.reset());
afterAll(() => server.close());

const key = "sk-proj-abcdefghijklmnop1234";

function connect(options: Partial<Parameters<typeof createOpenAIConnection>[0]> = {}) {
  return createOpenAIConnection({ name: "openai", apiKey: key, baseUrl: server.url, ...options });
}

async function answerTo(request: ApiRequest) {
  const outcome = await connect().send(request, { signal: new AbortController().signal, timeoutMs: 5000 });
  return answerOf(outcome);
}

function upload(bytes: Uint8Array, filename: string, mimeType: string): Upload {
  return { kind: "upload", bytes, filename, mimeType };
}

describe("every endpoint gets a request the API takes, and its answer comes back", () => {
  afterEach(() => expect(server.violations).toEqual([]));

  test("responses", async () => {
    const answer = await answerTo({ endpoint: "responses", body: { model: "gpt-6-luna", input: "Hello" } });
    expect(answer).toMatchObject({ status: 200, contentType: "application/json" });
    expect(answer.requestId).toMatch(/^req_/);
    expect(recordOf(answer.body)).toMatchObject({ object: "response", status: "completed" });
  });

  test("embeddings are asked for as base64 unless the request says otherwise", async () => {
    const body = { model: "text-embedding-3-small", input: ["a", "b"] };
    const packed = await answerTo({ endpoint: "embeddings", body });
    expect(recordOf(packed.body)["data"]).toMatchObject([
      { index: 0, embedding: expect.stringMatching(/^[A-Za-z0-9+/]{8192}$/) },
      { index: 1 },
    ]);
    const plain = await answerTo({ endpoint: "embeddings", body: { ...body, encoding_format: "float" } });
    expect(recordOf(plain.body)["data"]).toMatchObject([{ embedding: expect.any(Array) }, {}]);
    expect(server.requests.map((request) => request.body["encoding_format"])).toEqual(["base64", "float"]);
  });

  test("moderations", async () => {
    const { body } = await answerTo({
      endpoint: "moderations",
      body: { input: ["I will kill you", "hello"] },
    });
    expect(recordOf(body)["results"]).toMatchObject([{ flagged: true }, { flagged: false }]);
  });

  test("images/generations", async () => {
    const { body } = await answerTo({
      endpoint: "images/generations",
      body: { model: "gpt-image-2.6-flare", prompt: "a cat", output_format: "webp", complexity: "low" },
    });
    expect(recordOf(body)).toMatchObject({ output_format: "webp", data: [{ b64_json: expect.any(String) }] });
  });

  test("images/edits with one image is a form with a part `image`", async () => {
    const picture = imageBytes("png");
    await answerTo({
      endpoint: "images/edits",
      body: { model: "gpt-image-2", prompt: "blue", n: 2, image: upload(picture, "image.png", "image/png") },
    });
    const [request] = server.requests;
    expect(request?.partNames).toEqual(["model", "prompt", "n", "image"]);
    expect(request?.files[0]).toMatchObject({ filename: "image.png", mimeType: "image/png" });
    expect(request?.files[0]?.bytes.equals(picture)).toBe(true);
  });

  test("images/edits with several images names each part `image[]`", async () => {
    const image = upload(imageBytes("jpeg"), "image.jpeg", "image/jpeg");
    const mask = upload(imageBytes("png", { alpha: true }), "mask.png", "image/png");
    await answerTo({
      endpoint: "images/edits",
      body: { prompt: "x", model: "gpt-image-2", image: [image, image], mask },
    });
    expect(server.requests[0]?.partNames).toEqual(["prompt", "model", "image[]", "image[]", "mask"]);
  });

  test("images/edits without a file is JSON", async () => {
    const images = [{ image_url: "https://example.com/a.png" }];
    await answerTo({
      endpoint: "images/edits",
      body: { prompt: "x", model: "gpt-image-2", images, moderation: "low" },
    });
    expect(server.requests[0]?.headers["content-type"]).toBe("application/json");
  });

  test("audio/transcriptions as JSON, and as text", async () => {
    const file = upload(audioBytes("wav"), "audio.wav", "audio/wav");
    const common = { model: "whisper-1", file, temperature: 0.2 };
    const json = await answerTo({
      endpoint: "audio/transcriptions",
      body: { ...common, response_format: "verbose_json", timestamp_granularities: ["word", "segment"] },
    });
    expect(recordOf(json.body)).toMatchObject({ language: "english", usage: { type: "duration" } });
    for (const format of ["text", "srt", "vtt"]) {
      const text = await answerTo({
        endpoint: "audio/transcriptions",
        body: { ...common, response_format: format },
      });
      expect(text).toMatchObject({ contentType: "text/plain", body: expect.stringContaining(" ") });
    }
  });

  test("audio/transcriptions with nested and repeated fields", async () => {
    const file = upload(audioBytes("mp3"), "audio.mp3", "audio/mpeg");
    const body = {
      model: "gpt-4o-transcribe-diarize",
      file,
      response_format: "diarized_json",
      chunking_strategy: { type: "server_vad", threshold: 0.4, prefix_padding_ms: 200 },
      known_speaker_names: ["ann", "bob"],
    };
    await answerTo({ endpoint: "audio/transcriptions", body });
    expect(server.requests[0]?.body).toMatchObject({
      chunking_strategy: { type: "server_vad", threshold: 0.4, prefix_padding_ms: 200 },
      known_speaker_names: ["ann", "bob"],
    });
  });

  test("gpt-transcribe takes languages", async () => {
    const file = upload(audioBytes("flac"), "audio.flac", "audio/flac");
    const { body } = await answerTo({
      endpoint: "audio/transcriptions",
      body: { model: "gpt-transcribe", file, languages: ["en"], keywords: ["callsql"] },
    });
    expect(recordOf(body)).toMatchObject({ languages: [{ code: "en" }] });
  });

  test("audio/translations", async () => {
    const file = upload(audioBytes("opus"), "audio.ogg", "audio/ogg");
    const { body } = await answerTo({ endpoint: "audio/translations", body: { model: "whisper-1", file } });
    expect(recordOf(body)).toMatchObject({ text: expect.any(String) });
  });

  test("audio/speech gives bytes and their type", async () => {
    const body = { model: "gpt-4o-mini-tts", voice: "alloy", input: "Hi", response_format: "wav" };
    const answer = await answerTo({ endpoint: "audio/speech", body });
    expect(answer.contentType).toBe("audio/wav");
    expect(answer.body).toBeInstanceOf(Uint8Array);
    expect(server.requests[0]?.headers.accept).toBe("application/octet-stream");
  });

  test("a structured answer fits its schema", async () => {
    const schema = {
      type: "object",
      required: ["category", "confidence"],
      additionalProperties: false,
      properties: { category: { type: "string", enum: ["bug", "question"] }, confidence: { type: "number" } },
    };
    const format = { type: "json_schema", name: "classification", strict: true, schema };
    const { body } = await answerTo({
      endpoint: "responses",
      body: { model: "gpt-6-luna", input: "a bug in the parser", text: { format } },
    });
    expect(JSON.stringify(body)).toContain('{\\"category\\":\\"bug\\",\\"confidence\\":0.');
  });
});

describe("what the client adds to a request", () => {
  test("key, organization and project, and nothing from the environment", async () => {
    const saved = { ...process.env };
    Object.assign(process.env, {
      OPENAI_CUSTOM_HEADERS: "x-leak: yes\nAuthorization: Bearer other-key-entirely",
      OPENAI_ORG_ID: "org-env",
      OPENAI_PROJECT_ID: "proj-env",
      OPENAI_BASE_URL: "http://127.0.0.1:1/v1",
      OPENAI_LOG: "debug",
      OPENAI_ADMIN_KEY: "sk-admin-0123456789",
    });
    try {
      const signal = new AbortController().signal;
      const request: ApiRequest = { endpoint: "moderations", body: { input: "x" } };
      await connect({ project: "proj_1", headers: { "x-mine": "1" } }).send(request, {
        signal,
        timeoutMs: 5000,
      });
      const headers = server.requests[0]?.headers ?? {};
      expect(headers).toMatchObject({
        authorization: `Bearer ${key}`,
        "openai-project": "proj_1",
        "x-mine": "1",
      });
      expect(headers).not.toHaveProperty("x-leak");
      expect(headers).not.toHaveProperty("openai-organization");
      expect(process.env["OPENAI_CUSTOM_HEADERS"]).toContain("x-leak");
    } finally {
      process.env = saved;
    }
  });

  test("a key function is asked before every request", async () => {
    let asked = 0;
    const connection = connect({ apiKey: async () => `token-${(asked += 1)}-long-enough` });
    const request: ApiRequest = { endpoint: "moderations", body: { input: "x" } };
    const options = { signal: new AbortController().signal, timeoutMs: 5000 };
    await connection.send(request, options);
    await connection.send(request, options);
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([
      "Bearer token-1-long-enough",
      "Bearer token-2-long-enough",
    ]);
  });

  test("one socket serves requests that follow each other", async () => {
    const before = server.connections;
    const connection = connect();
    const options = { signal: new AbortController().signal, timeoutMs: 5000 };
    for (let i = 0; i < 20; i++)
      await connection.send({ endpoint: "moderations", body: { input: "x" } }, options);
    expect(server.connections - before).toBeLessThanOrEqual(1);
  });

  test("the identity names base URL, organization and project, and no secret", () => {
    const connection = connect({ organization: "org_1", project: "proj_1", baseUrl: `${server.url}/` });
    expect(connection.identity).toBe(`${server.url} org_1 proj_1`);
  });
});
