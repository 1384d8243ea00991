import { describe, expect, it } from "vitest";

import { missingPart } from "../../../src/connection/offline/api-error.ts";
import { createEncoder, type Encoder } from "../../../src/connection/offline/encoder.ts";
import { type EncoderModel, loadEncoderModel } from "../../../src/connection/offline/encoder-model.ts";
import { offlineFetch } from "../../../src/connection/offline/offline.ts";
import { once } from "../../../src/connection/offline/once.ts";
import { createPackages } from "../../../src/connection/offline/packages.ts";
import { backends, baseURL } from "./client.ts";

function ask(fetch: typeof globalThis.fetch, input: string, signal?: AbortSignal): Promise<Response> {
  const body = JSON.stringify({ model: "offline-use-lite", input });
  return fetch(`${baseURL}/embeddings`, {
    method: "POST",
    body,
    ...(signal === undefined ? {} : { signal }),
  });
}

const loadModel = once(() => loadEncoderModel("/nowhere"));

function fetchWith(encoder: Encoder): typeof globalThis.fetch {
  return offlineFetch({ ...backends, encoder });
}

/** Tokens are characters; the vector points along the length. Records the batches. */
function fakeModel(batches: string[][]): EncoderModel {
  return {
    tokenize: (text) => Array.from(text, (letter) => (letter === " " ? 30 : 100)),
    embed: async (texts) => {
      batches.push([...texts]);
      return texts.map((text) => Float32Array.of(text.length, 1));
    },
    lanesMax: 1,
  };
}

describe("the encoder", () => {
  it("16 concurrent requests of one text each share few batches", async () => {
    const encoder = createEncoder(loadModel);
    const fetch = fetchWith(encoder);
    const answers = await Promise.all(
      Array.from({ length: 16 }, (_, index) => ask(fetch, `my order ${index + 10} is late`)),
    );
    expect(answers.every((answer) => answer.ok)).toBe(true);
    expect(encoder.counters.chunks).toBe(16);
    expect(encoder.counters.batches).toBeLessThanOrEqual(4);
  });

  it("texts share a batch only with texts of their length, and batches stay short", async () => {
    const batches: string[][] = [];
    const encoder = createEncoder(async () => fakeModel(batches));
    await encoder.encode(["aa", "b", "cc", "d", "x".repeat(60), "y".repeat(60), "z".repeat(60)]);
    expect(batches.map((batch) => batch.map((text) => text[0]).join(""))).toEqual(["ac", "bd", "xy", "z"]);
  });

  it("a text is computed once, however many ask for it", async () => {
    const batches: string[][] = [];
    const encoder = createEncoder(async () => fakeModel(batches));
    await Promise.all([encoder.encode(["same", "same"]), encoder.encode(["same"])]);
    await encoder.encode(["same"]);
    expect(batches).toEqual([["same"]]);
  });

  it("the memory of vectors is bounded", async () => {
    const batches: string[][] = [];
    const encoder = createEncoder(async () => fakeModel(batches));
    await encoder.encode(["first"]);
    await encoder.encode(Array.from({ length: 8192 }, (_, index) => `text ${index}`));
    const computed = encoder.counters.chunks;
    await encoder.encode(["text 8191", "first"]);
    expect(encoder.counters.chunks).toBe(computed + 1);
  });

  it("a request that is cancelled while it waits costs nothing and disturbs nobody", async () => {
    const batches: string[][] = [];
    const encoder = createEncoder(async () => fakeModel(batches));
    const controller = new AbortController();
    const cancelled = encoder.encode(["gone", "both"], controller.signal);
    const patient = encoder.encode(["both", "mine"]);
    await Promise.resolve();
    controller.abort(new Error("stop"));
    await expect(cancelled).rejects.toThrow("stop");
    await expect(patient).resolves.toHaveLength(2);
    expect(batches.flat().toSorted()).toEqual(["both", "mine"]);
  });

  it("a failing model fails its requests, and the next ones work", async () => {
    let isBroken = true;
    const model = fakeModel([]);
    const encoder = createEncoder(async () => ({
      ...model,
      embed: async (texts) => {
        if (isBroken) throw new Error("broken");
        return model.embed(texts);
      },
    }));
    await expect(encoder.encode(["one", "two"])).rejects.toThrow("broken");
    isBroken = false;
    await expect(encoder.encode(["one"])).resolves.toHaveLength(1);
  });

  it("the event loop runs while many texts are computed", async () => {
    const encoder = createEncoder(loadModel);
    await encoder.encode(["load the model first"]);
    let turns = 0;
    const timer = setInterval(() => turns++, 5);
    await encoder.encode(
      Array.from({ length: 120 }, (_, index) => `order ${index} of the green lamp is late again`),
    );
    clearInterval(timer);
    // A batch is about 160 tokens: one turn a batch at the least.
    expect(turns).toBeGreaterThanOrEqual(encoder.counters.batches - 1);
  });

  it("a missing package is an answer that names what to install", async () => {
    const packages = createPackages("/nowhere", "embeddings");
    expect(() => packages.load("no-such-package")).toThrow("callsql offline install embeddings");
    const fetch = fetchWith(createEncoder(() => Promise.reject(missingPart("embeddings"))));
    const answer = await ask(fetch, "hello");
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ error: { code: "not_available_offline" } });
  });
});
