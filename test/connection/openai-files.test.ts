/** Files too large for a body, the list of models, speech that comes as events, the model a header names. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { createOpenAIConnection } from "../../src/connection/openai.ts";
import { connectionFromName } from "../../src/connection/connect.ts";
import { readSpeech } from "../../src/connection/speech-events.ts";
import type { ApiRequest, Connection, SendOptions, StoredFile } from "../../src/catalog/request.ts";
import { faults, startOpenAIServer, type Fault, type OpenAIServer } from "../support/openai-server.ts";
import { audioBytes, imageBytes } from "../support/tiny-media.ts";
import { answerOf, failureOf, recordOf } from "../support/outcome.ts";

let server: OpenAIServer;
beforeAll(async () => {
  server = await startOpenAIServer();
});
afterEach(() => {
  expect(server.violations).toEqual([]);
  server.reset();
});
afterAll(() => server.close());

const key = "sk-proj-abcdefghijklmnop1234";

function connect(baseUrl = server.url): Connection {
  return createOpenAIConnection({ name: "openai", apiKey: key, baseUrl });
}

function within(timeoutMs: number, signal = new AbortController().signal): SendOptions {
  return { signal, timeoutMs };
}

function imageQuestion(seed: string, text = "what is it?"): ApiRequest {
  const bytes = imageBytes("png", { seed });
  const file: StoredFile = {
    kind: "stored-file",
    purpose: "vision",
    file: { kind: "upload", bytes, filename: "image.png", mimeType: "image/png" },
  };
  const content = [
    { type: "input_text", text },
    { type: "input_image", file_id: file, detail: "auto" },
  ];
  return { endpoint: "responses", body: { model: "gpt-6-luna", input: [{ role: "user", content }] } };
}

function endpoints(): string[] {
  return server.requests.map(({ endpoint }) => endpoint);
}

describe("a file the body refers to", () => {
  test("is stored first, and its id takes its place", async () => {
    const answer = answerOf(await connect().send(imageQuestion("first"), within(5000)));
    expect(recordOf(answer.body)["status"]).toBe("completed");
    expect(endpoints()).toEqual(["files", "responses"]);
    const [stored, asked] = server.requests;
    expect(stored?.body).toMatchObject({
      purpose: "vision",
      expires_after: { anchor: "created_at", seconds: 2_592_000 },
    });
    expect(stored?.files).toMatchObject([
      { filename: "image.png", mimeType: "image/png", bytes: imageBytes("png", { seed: "first" }) },
    ]);
    expect(JSON.stringify(asked?.body)).toMatch(/"file_id":"file-[0-9a-f]{24}"/);
  });

  test("is stored once, also by calls that run at once", async () => {
    const connection = connect();
    const ask = (text: string) => connection.send(imageQuestion("shared", text), within(5000));
    await Promise.all([ask("one"), ask("two")]);
    await ask("three");
    expect(server.counts).toEqual({ files: 1, responses: 3 });
  });

  test("is stored again when the service refused a request that named it", async () => {
    const connection = connect();
    server.script(faults.contentPolicy({ when: "responses", times: 1 }));
    const refused = failureOf(await connection.send(imageQuestion("lost"), within(5000)));
    expect(refused).toMatchObject({ kind: "http", status: 400 });
    answerOf(await connection.send(imageQuestion("lost"), within(5000)));
    expect(endpoints()).toEqual(["files", "responses", "files", "responses"]);
  });

  test("that cannot be stored fails the call as the service says it", async () => {
    server.script(faults.serverError({ when: "files" }));
    const refused = failureOf(await connect().send(imageQuestion("500"), within(5000)));
    expect(refused).toMatchObject({ kind: "http", status: 500 });
    expect(endpoints()).toEqual(["files"]);
    server.heal();
    server.answerWith(({ endpoint }) => (endpoint === "files" ? { object: "file" } : undefined));
    const nameless = failureOf(await connect().send(imageQuestion("nameless"), within(5000)));
    expect(nameless).toMatchObject({ kind: "bad-answer", message: expect.stringContaining("stored") });
  });

  test("counts towards the one deadline and hears the one signal", async () => {
    server.script(faults.delay(300));
    const late = failureOf(await connect().send(imageQuestion("late"), within(450)));
    expect(late.kind).toBe("timeout");
    const controller = new AbortController();
    const sent = connect().send(imageQuestion("stopped"), within(5000, controller.signal));
    setTimeout(() => controller.abort(), 50);
    expect(failureOf(await sent).kind).toBe("cancelled");
  });
});

describe("the models a service lists", () => {
  test("come with the day they end", async () => {
    const listing = await connect().listModels?.(within(5000));
    expect(listing).toMatchObject({ ok: true });
    const models = listing?.ok === true ? listing.models : [];
    expect(models).toContainEqual({ id: "gpt-4o", shutdownDate: "2027-01-14" });
    expect(models).toContainEqual({ id: "gpt-6-luna" });
  });

  test("are not made up from what is no list", async () => {
    server.answerWith(() => ({ object: "list", data: "none" }));
    expect(await connect().listModels?.(within(5000))).toMatchObject({
      ok: false,
      failure: { kind: "bad-answer" },
    });
    server.answerWith(() => ({ data: [{ id: 1 }, { id: "a", shutdown_date: "soon" }, null] }));
    expect(await connect().listModels?.(within(5000))).toEqual({ ok: true, models: [{ id: "a" }] });
  });

  test("fail as calls do", async () => {
    server.script(faults.unauthorized(key));
    expect(await connect().listModels?.(within(5000))).toMatchObject({
      ok: false,
      failure: { kind: "http", status: 401 },
    });
    const nowhere = await connect("http://127.0.0.1:9/v1").listModels?.(within(5000));
    expect(nowhere).toMatchObject({ ok: false, failure: { kind: "network" } });
  });

  test("are those that run here, of the offline connection", async () => {
    const connection = await connectionFromName("offline", {});
    const listing = await connection?.listModels?.(within(5000));
    expect(listing?.ok === true ? listing.models.map(({ id }) => id) : []).toContain("offline-use-lite");
  });
});

describe("speech that comes as events", () => {
  const body = { model: "gpt-4o-mini-tts", voice: "alloy", input: "Good morning", stream_format: "sse" };
  const ask = (): ReturnType<Connection["send"]> =>
    connect().send({ endpoint: "audio/speech", body }, within(5000));
  const delta = `data: {"type":"speech.audio.delta","audio":"${Buffer.from("abc").toString("base64")}"}`;
  const events = (text: string): Fault => ({
    action: { kind: "body", body: text, contentType: "text/event-stream" },
  });
  const done = 'data: {"type":"speech.audio.done","usage":{"total_tokens":3}}';

  test("is put together, with its usage", async () => {
    const answer = answerOf(await ask());
    const { audio, usage } = recordOf(answer.body);
    expect(Buffer.from(String(audio), "base64").subarray(0, 3).toString()).toBe("ID3");
    expect(usage).toEqual({ input_tokens: 3, output_tokens: 30, total_tokens: 33 });
    expect(server.requests[0]?.headers.accept).toBe("text/event-stream");
  });

  test("may come as plain audio from a server that knows no streams", async () => {
    server.answerWith(() => audioBytes("mp3"));
    const answer = answerOf(await ask());
    expect(answer.body).toEqual(new Uint8Array(audioBytes("mp3")));
  });

  test("without its last event was cut, and an error event is the service's error", async () => {
    server.script(events(`${delta}\n\n`));
    expect(failureOf(await ask())).toMatchObject({
      kind: "bad-answer",
      message: expect.stringContaining("cut"),
    });
    server.heal();
    const error = 'data: {"type":"error","error":{"code":"server_error","message":"sorry"}}\n\n';
    server.script(events(error));
    expect(failureOf(await ask())).toMatchObject({ kind: "http", code: "server_error", message: "sorry" });
  });

  test.each([
    ["no event", "", { kind: "cut" }],
    ["no JSON, then nothing", "data: {not JSON\n\n", { kind: "cut" }],
    [
      "events nobody knows, and the last without its empty line",
      `data: 7\n\ndata: {"type":"ping"}\n\n${done}`,
      { kind: "audio" },
    ],
    [
      "an error without a type",
      'data: {"error":{"message":"sorry"}}\n\n',
      { kind: "error", body: '{"error":{"message":"sorry"}}' },
    ],
    [
      "an error that is the event",
      'data: {"type":"error","message":"sorry"}\n\n',
      { kind: "error", body: '{"error":{"type":"error","message":"sorry"}}' },
    ],
  ])("%s", (_, stream, expected) => {
    const speech = readSpeech(stream);
    expect(speech).toMatchObject(
      "body" in expected ? { ...expected, body: Buffer.from(expected.body) } : expected,
    );
  });

  test.each(["\n", "\r\n", "\r"])("is read with lines that end in %j", (end) => {
    const stream = [": comment", "event: x", delta, "", delta, "", done, "", ""].join(end);
    expect(readSpeech(stream)).toEqual({
      kind: "audio",
      audio: Buffer.from("abcabc").toString("base64"),
      usage: { total_tokens: 3 },
    });
  });
});

test("the model a header names is part of the answer", async () => {
  const body = { model: "gpt-image-2.6-flare", prompt: "a cat" };
  const answer = answerOf(await connect().send({ endpoint: "images/generations", body }, within(25_000)));
  expect(answer.model).toBe("gpt-image-2.6-flare");
  const offline = await connectionFromName("offline", {});
  const moderated = await offline?.send(
    { endpoint: "moderations", body: { input: "hello", model: "offline-moderation" } },
    within(25_000),
  );
  expect(moderated).toMatchObject({ ok: true, answer: { model: "offline-moderation" } });
});
