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

  const modelOf: Readonly<Record<string, string>> = {
    embeddings: offlineModels.embedding,
    moderations: offlineModels.moderation,
    responses: offlineModels.text,
    "images/generations": offlineModels.image,
    "images/edits": offlineModels.image,
  };
  // What would be silently wrong if it were ignored, and what is no request of this API: refused with the parameter's name.
  const refused: readonly (readonly [
    path: string,
    body: object,
    code: string | null,
    param: string | null,
  ])[] = [
    ["embeddings", {}, "missing_required_parameter", "input"],
    ["embeddings", { input: null }, "missing_required_parameter", "input"],
    ["embeddings", { input, encoding_format: "hex" }, null, "encoding_format"],
    ["moderations", { input: 7 }, "invalid_type", "input"],
    ["responses", { input: "  " }, "missing_required_parameter", "input"],
    ["responses", { input: null }, "missing_required_parameter", "input"],
    ["responses", { input: 7 }, "invalid_type", "input"],
    ["responses", { input: ["Hello"] }, "not_available_offline", "input"],
    ["responses", { input: [{ type: "reasoning" }] }, "not_available_offline", "input"],
    ["responses", { input: [{ role: "user", content: 7 }] }, "invalid_type", "input"],
    ["responses", { input, instructions: 7 }, "invalid_type", "instructions"],
    ["responses", { input, max_output_tokens: "many" }, "invalid_type", "max_output_tokens"],
    ["responses", { input, max_output_tokens: 1 }, "integer_below_min_value", "max_output_tokens"],
    ["responses", { input, max_output_tokens: 99.5 }, "integer_below_min_value", "max_output_tokens"],
    ["responses", { input, temperature: 3 }, "decimal_above_max_value", "temperature"],
    ["responses", { input, top_p: -1 }, "decimal_below_min_value", "top_p"],
    ["responses", { input, previous_response_id: "resp_1" }, "not_available_offline", "previous_response_id"],
    ["responses", { input, conversation: { id: "c" } }, "not_available_offline", "previous_response_id"],
    ["responses", { input, tools: [{ type: "web_search" }] }, "not_available_offline", "tools"],
    ["responses", { input, stream: true }, "not_available_offline", "stream"],
    ["responses", { input, background: true }, "not_available_offline", "stream"],
    [
      "responses",
      { input, text: { format: { type: "json_object" } } },
      "not_available_offline",
      "text.format",
    ],
    ["images/generations", {}, "missing_required_parameter", "prompt"],
    ["images/generations", { prompt: "a cat", stream: true }, "not_available_offline", "stream"],
    ["images/generations", { prompt: "a cat", n: "two" }, null, "n"],
    ["images/edits", { prompt: "a cat" }, "missing_required_parameter", "image"],
    ["images/edits", { prompt: "a cat", image: "cat.png" }, "invalid_type", "image"],
    ["files", {}, "not_available_offline", null],
    ["chat/completions", {}, "not_available_offline", null],
  ];
  it.each(refused)("%s with %j is refused: %s, %s", async (path, body, code, param) => {
    const response = await post(path, JSON.stringify({ model: modelOf[path], ...body }));
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { type: "invalid_request_error", code, param } });
  });

  it("a form that breaks off is refused", async () => {
    const response = await offlineFetch(backends)(`${baseURL}/images/edits`, {
      method: "POST",
      headers: { "content-type": "multipart/form-data; boundary=x" },
      body: "--x\r\ncontent-disposition: form-data; name=prompt\r\n\r\na cat",
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { message: expect.stringContaining("multipart") } });
  });

  it("an answer says the metadata it was asked with", async () => {
    const metadata = { ticket: "7" };
    expect(await client.responses.create({ model: offlineModels.text, input, metadata })).toMatchObject({
      metadata,
    });
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
