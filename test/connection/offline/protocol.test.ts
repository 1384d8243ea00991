import { describe, expect, it } from "vitest";

import { backends, baseURL, client, failureOf, post } from "./client.ts";
import { offlineFetch, offlineModels } from "../../../src/connection/offline/offline.ts";

const input = "I ordered a lamp and it has not arrived. What should I do?";

describe("the protocol", () => {
  it("the same request gives the same bytes, alone or in company", async () => {
    const texts = Array.from({ length: 12 }, (_, index) => `${"late order ".repeat(index + 1)}${index}`);
    const bodies = texts.map((text) => JSON.stringify({ model: "offline-use-lite", input: text }));
    const ask = async (body: string): Promise<string> => (await post("embeddings", body)).text();
    const together = await Promise.all(bodies.map(ask));
    expect(await ask(bodies[7] ?? "")).toBe(together[7]);
    const response = JSON.stringify({ model: "offline-extractive", input });
    expect(await (await post("responses", response)).text()).toBe(
      await (await post("responses", response)).text(),
    );
  });

  it("answers carry a request id and are JSON", async () => {
    const { response, request_id } = await client.moderations
      .create({ model: "offline-moderation", input: "Hello" })
      .withResponse();
    expect(request_id).toMatch(/^req_[0-9a-f]{40}$/u);
    expect(response.headers.get("content-type")).toBe("application/json");
  });

  it.each(["gpt-6-luna", "text-embedding-3-small", "omni-moderation-latest"])(
    "%s is not found: its answers would be taken for a large model's",
    async (model) => {
      const requests = [
        client.embeddings.create({ model, input }),
        client.moderations.create({ model, input }),
        client.responses.create({ model, input }),
      ];
      const names = [offlineModels.embedding, offlineModels.moderation, offlineModels.text];
      for (const [index, request] of requests.entries()) {
        const error = await failureOf(request);
        expect(error).toMatchObject({ status: 404, code: "model_not_found", param: "model" });
        expect(error.message).toContain(names[index]);
      }
    },
  );

  it.each(["{", "", "[]", "null", '"text"'])("the body %j is refused", async (body) => {
    const response = await post("embeddings", body);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { type: "invalid_request_error", code: null } });
  });

  it("a missing model and a model that is no string are refused", async () => {
    for (const body of [{ input }, { input, model: 7 }, { input, model: null }]) {
      expect((await post("responses", JSON.stringify(body))).status).toBe(400);
    }
  });

  it("translations are not available, and the message names the way out", async () => {
    const file = new File([new Uint8Array(8)], "audio.wav", { type: "audio/wav" });
    const requests = [client.audio.translations.create({ model: offlineModels.translation, file })];
    for (const request of requests) {
      const error = await failureOf(request);
      expect(error).toMatchObject({
        status: 400,
        code: "not_available_offline",
        type: "invalid_request_error",
      });
      expect(error.message).toContain("API key");
    }
  });

  it("an address the API does not have is 404", async () => {
    expect((await post("embedding", "{}")).status).toBe(404);
    expect((await post("embeddings", "", "GET")).status).toBe(404);
  });

  it("an aborted request ends as the SDK expects", async () => {
    const request = offlineFetch(backends)(`${baseURL}/embeddings`, {
      method: "POST",
      body: JSON.stringify({ model: "offline-use-lite", input: "never seen before by anyone" }),
      signal: AbortSignal.abort(),
    });
    await expect(request).rejects.toMatchObject({ name: "AbortError" });
  });

  it("leaves the process as it was: no handlers for errors of others", async () => {
    const events = ["uncaughtException", "unhandledRejection", "exit"] as const;
    const count = (): readonly number[] => events.map((event) => process.listenerCount(event));
    const before = count();
    await post(
      "embeddings",
      JSON.stringify({ model: "offline-use-lite", input: "is the process untouched?" }),
    );
    await post(
      "moderations",
      JSON.stringify({ model: "offline-moderation", input: "is the process untouched?" }),
    );
    expect(count()).toEqual(before);
  });

  it("every default model says that it is an offline one", () => {
    for (const model of Object.values(offlineModels)) expect(model).toMatch(/^offline-/u);
  });
});
