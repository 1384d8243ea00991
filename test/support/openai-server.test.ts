import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { sniff } from "../../src/catalog/media.ts";
import {
  faults,
  refusal,
  startOpenAIServer,
  type Fault,
  type OpenAIServer,
  type ServerOptions,
} from "./openai-server.ts";
import { recordOf } from "./openai-request.ts";
import { audioBytes, imageBytes } from "./tiny-media.ts";

let server: OpenAIServer;
beforeAll(async () => {
  server = await startOpenAIServer();
});
afterEach(() => server.reset());
afterAll(() => server.close());

const headers = { authorization: "Bearer sk-test", "content-type": "application/json" };

async function post(
  endpoint: string,
  body: unknown,
  to: OpenAIServer = server,
): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${to.url}/${endpoint}`, {
    method: "POST",
    headers,
    body: JSON.stringify(body),
  });
  return { status: response.status, body: await response.json() };
}

async function postForm(
  endpoint: string,
  fields: readonly (readonly [string, string | File])[],
): Promise<unknown> {
  const body = new FormData();
  for (const [name, value] of fields) body.append(name, value);
  const init = { method: "POST", headers: { authorization: "Bearer sk-test" }, body };
  return await (await fetch(`${server.url}/${endpoint}`, init)).json();
}

const embedding = {
  model: "text-embedding-3-small",
  input: ["red car", "a red car", "quarterly tax report"],
};

describe("a body the API would not take is answered 400 and recorded", () => {
  test.each([
    ["responses", { model: "gpt-6-luna", input: "x", temprature: 1 }, "Unknown parameter: 'temprature'."],
    [
      "responses",
      { model: "gpt-6-luna", input: "x", max_output_tokens: 15 },
      "Invalid 'max_output_tokens': must be >= 16.",
    ],
    [
      "responses",
      { model: "gpt-6-luna", input: "x", store: "yes" },
      "Invalid type for 'store': expected boolean",
    ],
    [
      "responses",
      { model: "gpt-6-luna", input: [{ role: "user", content: [{ type: "image" }] }] },
      "Invalid value: 'image'",
    ],
    ["embeddings", { input: "x" }, "Missing required parameter: 'model'."],
    ["embeddings", { model: "m", input: "x", dimensions: 0 }, "Invalid 'dimensions'"],
    ["embeddings", { model: "m", input: Array(2049).fill("x") }, "Invalid 'input'"],
    ["moderations", { input: null }, "Invalid type for 'input'"],
    [
      "images/generations",
      { prompt: "x", output_format: "tiff" },
      "Supported values are: 'png', 'jpeg', 'webp', 'gif', 'svg'.",
    ],
    ["images/edits", { prompt: "x", images: [{ image_url: "u", file_id: "f" }] }, "Invalid 'images[0]'"],
    ["audio/speech", { model: "tts-1", input: "x".repeat(4097), voice: "alloy" }, "Invalid 'input'"],
    [
      "audio/speech",
      { model: "tts-1", input: "x", voice: "alloy", language: "de" },
      "Unknown parameter: 'language'.",
    ],
    ["audio/transcriptions", { model: "whisper-1", file: "x" }, "Invalid Content-Type"],
  ])("%s %#", async (endpoint, body, message) => {
    const answer = await post(endpoint, body);
    expect(answer.status).toBe(400);
    expect(recordOf(answer.body)["error"]).toMatchObject({
      message: expect.stringContaining(message),
      type: "invalid_request_error",
    });
    expect(server.violations).toHaveLength(1);
    expect(server.charged).toBe(0);
  });

  test.each([
    ["an unknown field", [["language", "de"]], "Unknown parameter: 'language'."],
    ["a word for a number", [["temperature", "warm"]], "Invalid type for 'temperature'"],
    [
      "a name sent twice",
      [
        ["prompt", "a"],
        ["prompt", "b"],
      ],
      "Unknown parameter: 'prompt (repeated)'.",
    ],
    ["an unknown format", [["response_format", "mp3"]], "Invalid value: 'mp3'"],
  ] satisfies [string, [string, string][], string][])("a form with %s", async (_, fields, message) => {
    const file = new File([audioBytes("wav")], "audio.wav", { type: "audio/wav" });
    const body = await postForm("audio/translations", [["file", file], ["model", "whisper-1"], ...fields]);
    expect(body).toMatchObject({ error: { message: expect.stringContaining(message) } });
    expect(server.violations).toHaveLength(1);
  });

  test("a form without its file", async () => {
    const body = await postForm("audio/transcriptions", [
      ["model", "whisper-1"],
      ["file", "not a file"],
    ]);
    expect(body).toMatchObject({ error: { message: expect.stringContaining("'file'") } });
  });

  test("a body that is no JSON", async () => {
    const response = await fetch(`${server.url}/responses`, { method: "POST", headers, body: "{" });
    expect(response.status).toBe(400);
    expect(server.violations).toHaveLength(1);
  });
});

describe("what the API refuses although the body is well formed is no violation", () => {
  afterEach(() => expect(server.violations).toEqual([]));

  const responses = { model: "gpt-6-luna", input: "x" };
  test.each([
    ["responses", { ...responses, temperature: 0.5 }, "unsupported_parameter"],
    [
      "responses",
      { ...responses, model: "o3", top_p: 0.5, reasoning: { effort: "none" } },
      "unsupported_parameter",
    ],
    ["responses", { ...responses, model: "missing-model" }, "model_not_found"],
    ["responses", { ...responses, previous_response_id: "resp_unknown" }, "previous_response_not_found"],
    ["responses", { ...responses, input: "x".repeat(1_700_000) }, "context_length_exceeded"],
    ["embeddings", { ...embedding, input: "x ".repeat(20_000) }, null],
    ["embeddings", { ...embedding, input: Array(50).fill("x".repeat(30_000)) }, "max_tokens_per_request"],
    ["moderations", { input: Array(33).fill("x") }, null],
    ["images/generations", { prompt: "x", model: "dall-e-3", background: "auto" }, "unknown_parameter"],
    [
      "images/generations",
      { prompt: "x", model: "gpt-image-2", response_format: "url" },
      "unknown_parameter",
    ],
  ])("%s %#", async (endpoint, body, code) => {
    const answer = await post(endpoint, body);
    expect(recordOf(answer.body)["error"]).toMatchObject({ code });
    expect(answer.status).toBeGreaterThanOrEqual(400);
  });

  test("temperature without reasoning is taken", async () => {
    const body = { ...responses, temperature: 0.5, reasoning: { effort: "none" } };
    expect((await post("responses", body)).status).toBe(200);
  });

  test("a stored response can be continued", async () => {
    const first = await post("responses", responses);
    const previous = recordOf(first.body)["id"];
    expect((await post("responses", { ...responses, previous_response_id: previous })).status).toBe(200);
    const unstored = await post("responses", { ...responses, input: "other", store: false });
    const next = await post("responses", {
      ...responses,
      previous_response_id: recordOf(unstored.body)["id"],
    });
    expect(next.status).toBe(400);
  });
});

describe("answers", () => {
  test("equal requests get equal bodies, others do not", async () => {
    const one = await post("responses", { model: "gpt-6-luna", input: "x" });
    expect(await post("responses", { model: "gpt-6-luna", input: "x" })).toEqual(one);
    expect(await post("responses", { model: "gpt-6-luna", input: "y" })).not.toEqual(one);
  });

  test("texts that share words have near embeddings of length 1", async () => {
    const { body } = await post("embeddings", embedding);
    const vectors = [0, 1, 2].map((index) => readVector(body, index));
    const dot = (a = vectors[0], b = vectors[1]) =>
      (a ?? []).reduce((sum, value, at) => sum + value * (b?.[at] ?? 0), 0);
    expect(dot(vectors[0], vectors[0])).toBeCloseTo(1);
    expect(dot(vectors[0], vectors[1])).toBeGreaterThan(dot(vectors[0], vectors[2]) + 0.3);
  });

  test("base64 and float embeddings are the same numbers", async () => {
    const float = readVector((await post("embeddings", embedding)).body, 1);
    const packed = await post("embeddings", { ...embedding, encoding_format: "base64" });
    expect(readVector(packed.body, 1)).toEqual(float);
  });

  test("an image has the asked format and size", async () => {
    for (const format of ["png", "jpeg", "webp"]) {
      const { body } = await post("images/generations", {
        prompt: "x",
        model: "gpt-image-2",
        output_format: format,
        size: "256x64",
      });
      expect(sniff(readImage(body))?.format).toBe(format);
    }
    const png = imageBytes("png", { width: 256, height: 64 });
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([256, 64]);
  });

  test.each(["mp3", "flac", "wav"] as const)("speech in %s starts as such a file does", (format) => {
    expect(sniff(audioBytes(format))?.format).toBe(format);
  });

  test("a test may give the body instead", async () => {
    const answer: ServerOptions["answer"] = (request) =>
      request.body["input"] === "bad" ? refusal(request) : undefined;
    await using overridden = await startOpenAIServer({ answer });
    const bad = await post("responses", { model: "m", input: "bad" }, overridden);
    expect(JSON.stringify(bad.body)).toContain('"type":"refusal"');
    const good = await post("responses", { model: "m", input: "good" }, overridden);
    expect(JSON.stringify(good.body)).toContain("Reply ");
    overridden.answerWith(() => ({ given: true }));
    expect((await post("responses", { model: "m", input: "good" }, overridden)).body).toEqual({
      given: true,
    });
  });

  test("GET models lists shutdown dates", async () => {
    const body: unknown = await (await fetch(`${server.url}/models`, { headers })).json();
    expect(JSON.stringify(body)).toContain('"id":"gpt-4o","object":"model"');
    expect(JSON.stringify(body)).toContain('"shutdown_date":"2027-01-14"');
  });

  test("without a key: 401", async () => {
    const response = await fetch(`${server.url}/models`);
    expect(response.status).toBe(401);
  });
});

describe("faults", () => {
  const ask = async (to: OpenAIServer): Promise<number> =>
    (await post("moderations", { input: "x" }, to)).status;

  test("hit the named requests only, so often as asked", async () => {
    server.script(faults.serverError({ when: [2, 3] }), faults.overloaded({ when: "moderations", times: 1 }));
    expect([await ask(server), await ask(server), await ask(server), await ask(server)]).toEqual([
      503, 500, 500, 200,
    ]);
    expect(server.requests.map((request) => request.charged)).toEqual([false, false, false, true]);
  });

  test("with a probability are the same for the same seed", async () => {
    const run = async (seed: number): Promise<number[]> => {
      const list: Fault[] = [faults.serverError({ probability: 0.5 })];
      await using seeded = await startOpenAIServer({ seed, faults: list });
      return [
        await ask(seeded),
        await ask(seeded),
        await ask(seeded),
        await ask(seeded),
        await ask(seeded),
        await ask(seeded),
      ];
    };
    const first = await run(7);
    expect(await run(7)).toEqual(first);
    expect(await run(8)).not.toEqual(first);
  });

  test("end with heal(), and the record stays", async () => {
    server.script(faults.overloaded());
    const during = await ask(server);
    server.heal();
    expect([during, await ask(server)]).toEqual([503, 200]);
    expect(server.requests).toHaveLength(2);
  });

  test("a delay goes with another fault", async () => {
    server.script(faults.delay(80), faults.insufficientQuota());
    const start = performance.now();
    expect(await ask(server)).toBe(429);
    expect(performance.now() - start).toBeGreaterThan(75);
  });

  test("packs can come short, reversed or with a repeated index", async () => {
    server.script(
      faults.wrongCount({ when: 1 }),
      faults.shuffled({ when: 2 }),
      faults.repeatedIndex({ when: 3 }),
    );
    const indexes: unknown[] = [];
    for (let i = 0; i < 3; i++) {
      const { body } = await post("embeddings", embedding);
      indexes.push(readIndexes(body));
    }
    expect(indexes).toEqual([
      [0, 1],
      [2, 1, 0],
      [0, 0, 0],
    ]);
  });

  test("an eaten answer is on the bill, a refused request is not", async () => {
    server.script(faults.reset("work", { when: 1 }), faults.reset("request", { when: 2 }));
    await expect(ask(server)).rejects.toThrow("fetch failed");
    await expect(ask(server)).rejects.toThrow("fetch failed");
    expect(server.charged).toBe(1);
  });

  test("a limit of requests per minute is held and reported", async () => {
    await using limited = await startOpenAIServer({ requestsPerMinute: 30, burst: 2 });
    const responses = await Promise.all(
      Array.from({ length: 4 }, () => fetch(`${limited.url}/models`, { headers })),
    );
    expect(responses.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 200, 429, 429]);
    const refused = responses.find(({ status }) => status === 429);
    expect(refused?.headers.get("retry-after")).toMatch(/^[12]$/);
    const waitMs = Number(refused?.headers.get("retry-after-ms"));
    expect(waitMs).toBeLessThanOrEqual(2000);
    expect(refused?.headers.get("x-ratelimit-limit-requests")).toBe("30");
    await new Promise((resolve) => setTimeout(resolve, waitMs + 20));
    expect((await fetch(`${limited.url}/models`, { headers })).status).toBe(200);
  });

  test("requests in flight are counted", async () => {
    server.script(faults.delay(50));
    await Promise.all([ask(server), ask(server), ask(server)]);
    expect(server.peakInFlight).toBe(3);
    await expect.poll(() => server.inFlight).toBe(0);
    expect(server.counts).toEqual({ moderations: 3 });
  });
});

function readItems(body: unknown): { index: number; embedding: unknown; b64_json: string }[] {
  return (body as { data: { index: number; embedding: unknown; b64_json: string }[] }).data;
}

function readIndexes(body: unknown): number[] {
  return readItems(body).map(({ index }) => index);
}

function readImage(body: unknown): Buffer {
  return Buffer.from(readItems(body)[0]?.b64_json ?? "", "base64");
}

function readVector(body: unknown, index: number): number[] {
  const encoded = readItems(body)[index]?.embedding;
  if (typeof encoded !== "string") return (encoded as number[]).map(Math.fround);
  const bytes = Buffer.from(encoded, "base64");
  return [...new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4)];
}
