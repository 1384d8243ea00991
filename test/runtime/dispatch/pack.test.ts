/** Requests that agree in all but their input share one HTTP request, and nobody can tell from the answers. */
import { hash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { readField, readList, readNumber } from "../../../src/catalog/read.ts";
import { createOpenAIConnection } from "../../../src/connection/openai.ts";
import { openSession, type SqlValue } from "../../../src/index.ts";
import type { Dispatched } from "../../../src/runtime/dispatch/dispatcher.ts";
import { countTokens } from "../../../src/runtime/tokens.ts";
import { faults, startOpenAIServer, type ServerOptions } from "../../support/openai-server.ts";
import { dispatcherOf, failure, ok, startService, type ServiceOptions } from "./service.ts";
import { VirtualClock } from "./virtual-clock.ts";

const never = new AbortController().signal;
const patience = { stop: never, cut: never };
const pack = {
  by: ["Model"],
  input: "input",
  inputsMax: 2048,
  tokensMax: 300_000,
  answers: "data",
};

interface Told {
  readonly sizes: readonly number[];
  readonly outcomes: readonly Dispatched[];
}

/** Dispatches all texts at once. */
async function embed(
  texts: readonly string[],
  options: Partial<ServiceOptions> = {},
  model = (_: string): string => "m",
): Promise<Told> {
  const clock = new VirtualClock();
  const service = startService({ clock, latencyMs: 10, ...options });
  const dispatcher = dispatcherOf(service, clock);
  const wanted = texts.map((text) => ({
    key: `${model(text)} ${text}`,
    request: { endpoint: "embeddings" as const, body: { input: text, model: model(text) } },
    pack,
  }));
  const outcomes = await clock.run(Promise.all(wanted.map((item) => dispatcher.dispatch(item, patience))));
  const sizes = service.sent.map(({ request }) => inputsOf(request.body).length);
  return { sizes, outcomes };
}

function inputsOf(body: Readonly<Record<string, unknown>>): readonly unknown[] {
  return Array.isArray(body["input"]) ? body["input"] : [body["input"]];
}

/** The service's answers carry the text they are to. */
function textOf({ answer }: Dispatched): unknown {
  const data = readList(answer?.body, "data");
  return data.length === 1 ? readField(data, 0, "text") : data;
}

const numbered = (count: number): string[] => Array.from({ length: count }, (_, index) => `text ${index}`);

describe("what goes together", () => {
  test("10,000 texts are 5 requests, each answer with its text", async () => {
    const texts = numbered(10_000);
    const { sizes, outcomes } = await embed(texts);
    expect(sizes).toEqual([2048, 2048, 2048, 2048, 1808]);
    expect(outcomes.map(textOf)).toEqual(texts);
  });

  test("a text alone is sent as it is", async () => {
    const clock = new VirtualClock();
    const service = startService({ clock });
    const request = { endpoint: "embeddings" as const, body: { input: "one", model: "m" } };
    await clock.run(dispatcherOf(service, clock).dispatch({ key: "k", request, pack }, patience));
    expect(service.sent.map((item) => item.request)).toEqual([request]);
  });

  test("the connection may take fewer", async () => {
    const { sizes } = await embed(numbered(100), { packMax: 32 });
    expect(sizes).toEqual([32, 32, 32, 4]);
  });

  test("what differs in anything but the text is not packed", async () => {
    const { sizes } = await embed(numbered(10), {}, (text) => (text < "text 5" ? "small" : "large"));
    expect(sizes).toEqual([5, 5]);
  });

  test("a request holds no more tokens than the service takes", async () => {
    const { sizes } = await embed(numbered(100).map((text) => text.padEnd(16_000, " word")));
    expect(Math.max(...sizes)).toBeLessThan(75);
    expect(Math.min(...sizes)).toBeGreaterThan(25);
  });

  test("equal texts are asked for once", async () => {
    const { sizes, outcomes } = await embed(["a", "b", "a", "b", "a"]);
    expect(sizes).toEqual([2]);
    expect(outcomes.map(textOf)).toEqual(["a", "b", "a", "b", "a"]);
  });

  test("shares of the usage are whole and add up to it", async () => {
    const texts = ["a", "bb", "ccccccc", ...numbered(500)];
    const { outcomes } = await embed(texts);
    const shares = outcomes.map(({ answer }) => readNumber(answer?.body, "usage", "prompt_tokens") ?? -1);
    expect(shares.every((share) => Number.isInteger(share) && share >= 0)).toBe(true);
    const sum = shares.reduce((total, share) => total + share, 0);
    expect(sum).toBe(texts.join("").length);
  });
});

describe("what goes wrong", () => {
  const isBad = (text: unknown): boolean => text === "text 7";
  const refusal = failure({ kind: "http", status: 400, message: "not this one" });

  test("a refused text fails alone, in as few requests as halving takes", async () => {
    const { sizes, outcomes } = await embed(numbered(64), {
      answer: ({ body }) => (inputsOf(body).some(isBad) ? refusal : undefined),
    });
    expect(outcomes.filter((outcome) => outcome.failure !== undefined)).toHaveLength(1);
    expect(outcomes[7]).toMatchObject({ failure: { status: 400 }, verdict: "row", attempts: 7 });
    expect(sizes).toHaveLength(13);
  });

  test("a pack of more tokens than were estimated is refused unpaid, and goes in halves", async () => {
    const tooMany = failure({
      kind: "http",
      status: 400,
      message: "Requested 430,000 tokens, max 300,000 tokens per request",
      param: "input",
    });
    // Nobody writes like that: it has twice the tokens it looks like.
    const texts = Array.from({ length: 300 }, (_, index) =>
      hash("sha512", String(index), "base64").repeat(40),
    );
    const isTooLong = (body: Readonly<Record<string, unknown>>): boolean =>
      inputsOf(body).length * countTokens(texts[0] ?? "", "embeddings") > pack.tokensMax;
    const { sizes, outcomes } = await embed(texts, {
      answer: ({ body }) => (isTooLong(body) ? tooMany : undefined),
    });
    expect(outcomes.map(textOf)).toEqual(texts);
    // Each that was refused became two.
    const refused = sizes.reduce((sum, size) => sum + size, 0) / texts.length - 1;
    expect(refused).toBeGreaterThan(0);
    expect(refused).toBeLessThanOrEqual(2);
  });

  test("a refusal for a field that all share is not tried out text by text", async () => {
    const shared = failure({ kind: "http", status: 400, message: "no", param: "dimensions" });
    const { sizes, outcomes } = await embed(numbered(64), { answer: () => shared });
    expect(sizes).toEqual([64]);
    expect(outcomes.every((outcome) => outcome.failure?.param === "dimensions")).toBe(true);
  });

  test.each([
    ["429", failure({ kind: "http", status: 429, message: "slow down" })],
    ["503", failure({ kind: "http", status: 503, message: "overloaded" })],
    ["a timeout", failure({ kind: "timeout", message: "late" })],
    ["too few items", ok({ data: [{ index: 0 }] })],
    ["an index twice", ok({ data: Array.from({ length: 50 }, () => ({ index: 1 })) })],
    ["an unknown index", ok({ data: Array.from({ length: 50 }, (_, index) => ({ index: index + 1 })) })],
  ])("after %s the pack is sent again whole", async (_, trouble) => {
    const texts = numbered(50);
    const { sizes, outcomes } = await embed(texts, {
      answer: (_request, number) => (number === 1 ? trouble : undefined),
    });
    expect(sizes).toEqual([50, 50]);
    expect(outcomes.map(textOf)).toEqual(texts);
    expect(new Set(outcomes.map(({ attempts }) => attempts))).toEqual(new Set([2]));
  });

  test("items that do not match for ever are a bad answer of each call", async () => {
    const { sizes, outcomes } = await embed(numbered(3), { answer: () => ok({ data: [] }) });
    expect(sizes).toHaveLength(6);
    expect(outcomes.map((outcome) => outcome.failure?.kind)).toEqual([
      "bad-answer",
      "bad-answer",
      "bad-answer",
    ]);
  });

  test("one of two sessions leaves: its calls end, the others' are answered", async () => {
    const clock = new VirtualClock();
    const service = startService({ clock, latencyMs: 1000 });
    const dispatcher = dispatcherOf(service, clock);
    const leaving = new AbortController();
    const wantedOf = (text: string) => ({
      key: text,
      request: { endpoint: "embeddings" as const, body: { input: text, model: "m" } },
      pack,
    });
    clock.after(100, () => leaving.abort());
    const gone = dispatcher.dispatch(wantedOf("a"), { stop: leaving.signal, cut: leaving.signal });
    const stays = dispatcher.dispatch(wantedOf("b"), patience);
    expect(await clock.run(gone)).toMatchObject({ failure: { kind: "cancelled" } });
    expect(textOf(await clock.run(stays))).toBe("b");
    expect(service.sent).toHaveLength(1);
  });
});

/** The number in the text as its vector; three tokens a text. */
function embeddingsOf(inputs: readonly unknown[]): object {
  const data = inputs.map((text, index) => ({ index, embedding: [Number(String(text).slice(5))] }));
  return {
    object: "list",
    data,
    usage: { prompt_tokens: 3 * inputs.length, total_tokens: 3 * inputs.length },
  };
}

function readFloat(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getFloat32(0, true);
}

describe("through a session", () => {
  async function open(count: number, options: ServerOptions = {}) {
    const server = await startOpenAIServer({ ...options, keepRequests: true });
    const connection = createOpenAIConnection({ name: "openai", apiKey: "sk-test", baseUrl: server.url });
    const session = await openSession({ connection });
    const rows = Array.from({ length: count }, (_, index) => [index, `text ${index}`] as const);
    await session.importRows("t", ["id", "body"], rows);
    const all = async (sql: string): Promise<Record<string, SqlValue>[]> =>
      (await session.execute(sql)).all();
    const close = async (): Promise<void> => {
      await session.close();
      await server.close();
    };
    return { server, all, session, [Symbol.asyncDispose]: close };
  }

  test("vectors of a packed statement are those of single calls", async () => {
    await using opened = await open(300, { faults: [faults.shuffled()] });
    await opened.all("SET embedding_model = 'text-embedding-3-small'");
    const sql = "SELECT id, GetEmbeddings(body, Dimensions => 8) AS v FROM t";
    const packed = await opened.all(sql);
    await opened.all("SET cache = off");
    for (const id of [0, 7, 299]) {
      expect(await opened.all(`${sql} WHERE id = ${id}`)).toEqual([packed[id]]);
    }
    expect(opened.server.counts["embeddings"]).toBe(1 + 3);
    expect(opened.server.violations).toEqual([]);
  });

  test("10,000 rows are 5 requests, and what the statement counts is what the service counted", async () => {
    await using opened = await open(10_000, {
      // Short vectors: the test is of packing.
      answer: ({ body }) => embeddingsOf(inputsOf(body)),
    });
    const result = await opened.session.execute("SELECT id, GetEmbeddings(body) AS v FROM t");
    const rows = await result.all();
    expect(rows.every(({ id, v }) => v instanceof Uint8Array && readFloat(v) === Number(id))).toBe(true);
    expect(rows).toHaveLength(10_000);
    expect(opened.server.requests.map(({ body }) => inputsOf(body).length)).toEqual([
      2048, 2048, 2048, 2048, 1808,
    ]);
    expect(result.counts).toMatchObject({ calls: 10_000, made: 10_000, failed: 0, inputTokens: 30_000 });
  });

  test("moderations go 32 at a time, by their order", async () => {
    await using opened = await open(100);
    await opened.all("UPDATE t SET body = 'I will kill you ' || id WHERE id IN (3, 50)");
    expect(await opened.all("SELECT id FROM t WHERE ModerateText(body) = 1")).toEqual([
      { id: 3 },
      { id: 50 },
    ]);
    const sizes = opened.server.requests.map(({ body }) => inputsOf(body).length);
    expect(Math.max(...sizes)).toBe(32);
    expect(sizes.reduce((left, right) => left + right)).toBe(100);
  });

  test("a text that is too long among many is an error of its row", async () => {
    await using opened = await open(40);
    await opened.all("UPDATE t SET body = printf('%.*c', 40000, 'x') WHERE id = 11");
    const result = await opened.session.execute("SELECT id, GetEmbeddings(body) IS NULL AS bare FROM t");
    expect((await result.all()).filter(({ bare }) => bare === 1n || bare === 1)).toEqual([
      { id: 11, bare: 1 },
    ]);
  });
});
