import type {
  Response as ApiResponse,
  ResponseCreateParamsNonStreaming,
} from "openai/resources/responses/responses";
import { describe, expect, it } from "vitest";

import { client, failureOf } from "./client.ts";

const model = "offline-extractive";

function respond(body: Omit<ResponseCreateParamsNonStreaming, "model">): Promise<ApiResponse> {
  return client.responses.create({ model, ...body });
}

function classify(
  input: string,
  properties: Record<string, unknown>,
  instructions = "Classify.",
): Promise<ApiResponse> {
  const schema = {
    type: "object",
    properties,
    required: Object.keys(properties),
    additionalProperties: false,
  };
  return respond({
    input,
    instructions,
    text: { format: { type: "json_schema", name: "answer", strict: true, schema } },
  });
}

const category = { type: "string", enum: ["billing", "shipping", "technical problem"] };

describe("classification", () => {
  it.each([
    ["I was charged twice and want my money back.", "billing"],
    ["The courier lost my parcel.", "shipping"],
    ["The app crashes with an error when I open it.", "technical problem"],
  ])("%j is %s", async (text, expected) => {
    const response = await classify(text, { category, confidence: { type: "number" } });
    const answer: unknown = JSON.parse(response.output_text);
    expect(answer).toEqual({ category: expected, confidence: expect.any(Number) });
    expect(response.model).toBe("offline-zero-shot");
  });

  it("confidence is a margin between 0 and 1, and small for a text about nothing of it", async () => {
    const confidence = async (text: string): Promise<number> => {
      const { output_text } = await classify(text, { category, confidence: { type: "number" } });
      return Number(/"confidence":([\d.]+)/u.exec(output_text)?.[1]);
    };
    const sure = await confidence("The courier lost my parcel.");
    const unsure = await confidence("Purple elephants dance.");
    expect(sure).toBeGreaterThan(unsure);
    expect(sure).toBeLessThanOrEqual(1);
    expect(unsure).toBeGreaterThanOrEqual(0);
  });

  it("descriptions in the instructions decide between meaningless labels", async () => {
    const labels = { category: { type: "string", enum: ["A", "B"] } };
    const instructions =
      "Classify the text.\n- A: food, cooking and restaurants\n- B: football and other sports";
    expect((await classify("The soup needs salt.", labels, instructions)).output_text).toBe(
      '{"category":"A"}',
    );
    expect((await classify("The striker scored.", labels, instructions)).output_text).toBe(
      '{"category":"B"}',
    );
  });

  it("several labels: those near the best", async () => {
    const categories = { type: "array", items: category };
    const { output_text } = await classify("The parcel never came and I want my money back.", { categories });
    const answer: unknown = JSON.parse(output_text);
    expect(answer).toEqual({ categories: expect.arrayContaining(["billing", "shipping"]) });
    expect((await classify("The courier lost my parcel.", { categories })).output_text).toBe(
      '{"categories":["shipping"]}',
    );
  });

  it("several labels with their confidence, as ClassifyText asks", async () => {
    const item = {
      type: "object",
      properties: { category, confidence: { type: "number" } },
      required: ["category", "confidence"],
      additionalProperties: false,
    };
    const categories = { type: "array", items: item };
    const { output_text } = await classify("The parcel never came and I want my money back.", { categories });
    const answer: unknown = JSON.parse(output_text);
    expect(answer).toEqual({
      categories: expect.arrayContaining([
        { category: "billing", confidence: expect.any(Number) },
        { category: "shipping", confidence: expect.any(Number) },
      ]),
    });
  });

  it("a schema that needs a language model is refused", async () => {
    for (const properties of [{ title: { type: "string" } }, { category, reason: { type: "string" } }, {}]) {
      const error = await failureOf(classify("The soup needs salt.", properties));
      expect(error).toMatchObject({ status: 400, code: "not_available_offline", param: "text.format" });
    }
  });
});

const report = `The Harbour Library opened in 1998 in a former customs house. It holds 240,000 books.
Membership is free for residents, while visitors pay twelve euros a month. In 2015 a fire destroyed the roof.
The architect Maria Lindqvist led the repair. Dogs are not allowed inside, except guide dogs.`;

describe("summaries", () => {
  it("are the text's own sentences, the first among them, in their order", async () => {
    const { output_text, model: name } = await respond({
      instructions: "Summarize the text.",
      input: report,
    });
    expect(output_text).toMatch(/^The Harbour Library opened in 1998/u);
    for (const sentence of output_text.split(/(?<=\.) /u))
      expect(report.replaceAll("\n", " ")).toContain(sentence);
    expect(name).toBe("offline-extractive");
  });

  it.each([
    ["Summarize in one sentence.", 1],
    ["Summarise the text in at most 2 sentences.", 2],
    ["Summarize the text in four short sentences.", 4],
    ["Summarize.", 3],
  ])("%j gives %i", async (instructions, count) => {
    const { output_text } = await respond({ instructions, input: report });
    expect(output_text.split(/(?<=\.) /u)).toHaveLength(count);
  });

  it("may be asked for in the message", async () => {
    const { output_text } = await respond({ input: `Please summarize in one sentence:\n${report}` });
    expect(output_text).toBe("The Harbour Library opened in 1998 in a former customs house.");
  });

  it("a text of one sentence is its own summary", async () => {
    const { output_text } = await respond({ instructions: "Summarize the text.", input: "Short and sweet." });
    expect(output_text).toBe("Short and sweet.");
  });

  it("in another language are refused", async () => {
    const orders = ["Summarize the text in German.", "Summarize the text.\nWrite in this language: Basque."];
    for (const instructions of orders) {
      const error = await failureOf(respond({ instructions, input: report }));
      expect(error).toMatchObject({ status: 400, code: "not_available_offline" });
    }
    const english = "Summarize the text.\nWrite in this language: English.\nWrite at most 1 sentence.";
    expect((await respond({ instructions: english, input: report })).output_text).toMatch(
      /customs house\.$/u,
    );
  });

  it("MaxOutputTokens cuts, and the response is incomplete, as the API's would be", async () => {
    const response = await respond({ instructions: "Summarize.", input: report, max_output_tokens: 16 });
    expect(response).toMatchObject({
      status: "incomplete",
      incomplete_details: { reason: "max_output_tokens" },
      usage: { output_tokens: 16 },
    });
  });
});

describe("answers", () => {
  it.each([
    ["How much do visitors pay?", "twelve euros"],
    ["Who repaired the building?", "Lindqvist"],
    ["Can I bring my dog?", "guide dogs"],
    ["When did it open?", "1998"],
  ])("%j is answered by a sentence of the text", async (question, words) => {
    expect((await respond({ input: `${question}\n\n${report}` })).output_text).toContain(words);
    expect((await respond({ input: `Context: ${report}\n\nQuestion: ${question}` })).output_text).toContain(
      words,
    );
    expect((await respond({ input: question, instructions: report })).output_text).toContain(words);
  });

  it.each([
    ["What is the capital of France?", undefined],
    ["What is the capital of France?", "You are a helpful assistant. Answer in one sentence."],
    ["Write a poem about spring.", undefined],
    ["Why is the sky blue?", report],
  ])("nothing to choose from: %j is refused with the way out", async (input, instructions) => {
    const error = await failureOf(
      respond({ input, ...(instructions === undefined ? {} : { instructions }) }),
    );
    expect(error).toMatchObject({
      status: 400,
      code: "not_available_offline",
      type: "invalid_request_error",
    });
    expect(error.message).toMatch(/API key.*OpenAI-compatible server/u);
  });

  it("messages and parts are read; stored images, tools and earlier responses are not available", async () => {
    const text = `Who led the repair? ${report}`;
    const read = await respond({ input: [{ role: "user", content: [{ type: "input_text", text }] }] });
    expect(read.output_text).toContain("Lindqvist");
    const image = { type: "input_image", file_id: "file-1", detail: "auto" } as const;
    const refused = [
      respond({ input: [{ role: "user", content: [{ type: "input_text", text }, image] }] }),
      respond({ input: text, tools: [{ type: "web_search" }] }),
      respond({ input: text, previous_response_id: "resp_1" }),
    ];
    for (const request of refused) expect((await failureOf(request)).code).toBe("not_available_offline");
  });

  it.each([
    [{ temperature: 3 }, "decimal_above_max_value"],
    [{ temperature: -1 }, "decimal_below_min_value"],
    [{ top_p: 2 }, "decimal_above_max_value"],
  ])("%j is out of range", async (params, code) => {
    expect(await failureOf(respond({ input: report, ...params }))).toMatchObject({ status: 400, code });
  });

  it("one megabyte of context is refused by its tokens, not computed for minutes", async () => {
    const error = await failureOf(
      respond({ instructions: "Summarize.", input: "Some words here. ".repeat(60_000) }),
    );
    expect(error).toMatchObject({ status: 400, code: "context_length_exceeded" });
  });
});
