/** Requests and readings of the four procedures that ask the Responses API. */
import { describe, expect, test } from "vitest";
import { toDataUrl } from "../../src/catalog/media.ts";
import { imageBytes } from "../support/tiny-media.ts";
import { problemOf } from "../support/openai-validate.ts";
import { failed, incomplete, message, refusal, response } from "./support/answers.ts";
import { answer, bodyOf, errorOf, png, prepare, type Values, schemaProblem } from "./support/calls.ts";
import { schemaMismatch } from "../../src/procedures/answer-schema.ts";

const four = ["GenerateResponse", "AnalyzeImage", "SummarizeText", "ClassifyText"];
const results = ["Response_Result", "Response_Result", "Summary", "Category"];

describe("an answer beside its schema", () => {
  test.each<[schema: object, answer: unknown, what: string | undefined]>([
    [{ const: 7 }, 7, undefined],
    [{ const: 7 }, 8, "$ is 8, one of [7] was expected"],
    [{ enum: ["a", null] }, null, undefined],
    [{ type: ["string", "null"] }, null, undefined],
    [{ type: ["string", "null"] }, 7, "$ is number, string or null was expected"],
    [
      { properties: { a: { type: "string" }, b: { type: "integer" } } },
      { b: 1.5 },
      "$.b is number, integer was expected",
    ],
    [{ $ref: "https://example.com/schema" }, 7, undefined],
    [{ $ref: "#/$defs/a~1b", $defs: { "a/b": { type: "string" } } }, 7, "$ is number, string was expected"],
    [{ oneOf: [{ type: "string" }, { properties: { a: { type: "string" } } }] }, { a: 1 }, "$.a is number"],
    [{ anyOf: [{ type: "string" }, { type: "number" }] }, 7, undefined],
    [{ additionalProperties: false, properties: { a: {} } }, { a: 1 }, undefined],
  ])("%j and %j", (schema, value, what) => {
    const found = schemaMismatch(schema, value);
    if (what === undefined) expect(found).toBeUndefined();
    else expect(found).toContain(what);
  });
});

describe("GenerateResponse", () => {
  const full: Values = {
    Message: "hello",
    Instructions: "be kind",
    Model: "gpt-4o",
    PreviousResponseId: "resp_0",
    Temperature: "0.5",
    TopP: 0.9,
    MaxOutputTokens: 100n,
    MaxToolCalls: 3,
    Store: "off",
  };

  test("sends every documented argument under the API's name", () => {
    const body = bodyOf("GenerateResponse", full);
    expect(body).toEqual({
      input: "hello",
      instructions: "be kind",
      model: "gpt-4o",
      previous_response_id: "resp_0",
      temperature: 0.5,
      top_p: 0.9,
      max_output_tokens: 100,
      max_tool_calls: 3,
      store: false,
    });
    expect(problemOf("responses", "json", body)).toBeUndefined();
  });

  test("sends nothing but message and model when nothing else is given", () => {
    expect(bodyOf("GenerateResponse", { Message: "hello" })).toEqual({ input: "hello", model: "gpt-6-luna" });
  });

  test.each([
    ["Temperature", 2.1],
    ["TopP", -0.1],
    ["MaxOutputTokens", 15],
    ["MaxToolCalls", 0],
  ])("refuses %s %d before it is billed", (name, value) => {
    expect(errorOf("GenerateResponse", { ...full, [name]: value })).toBe("call/out-of-range");
  });

  test("adds effort none where a model samples only without reasoning", () => {
    const body = bodyOf("GenerateResponse", { Message: "hello", Model: "gpt-6-luna", Temperature: 1 });
    expect(body).toMatchObject({ temperature: 1, reasoning: { effort: "none" } });
  });

  test("keeps the effort it is given", () => {
    const body = bodyOf("GenerateResponse", { Message: "hello", ReasoningEffort: "HIGH" });
    expect(body).toMatchObject({ reasoning: { effort: "high" } });
  });

  test.each<[string, Values]>([
    ["call/sampling-effort", { Model: "gpt-6-luna", TopP: 0.5, ReasoningEffort: "low" }],
    ["call/unsupported-parameter", { Model: "o3", Temperature: 1 }],
    ["call/unsupported-parameter", { Model: "gpt-4o", ReasoningEffort: "low" }],
    ["call/not-allowed", { Model: "gpt-5", ReasoningEffort: "none" }],
    ["call/not-allowed", { ReasoningEffort: "furious" }],
    ["call/wrong-model", { Model: "text-embedding-3-small" }],
    ["call/empty-value", { Message: "" }],
    ["call/not-a-boolean", { Store: "maybe" }],
    ["call/not-a-number", { MaxOutputTokens: "1.5" }],
    ["call/not-a-tool", { Tools: '[{"type":"function","name":"f"}]' }],
    ["call/not-a-tool", { Tools: '[{"name":"f"}]' }],
    ["call/not-a-tool", { Tools: "[7]" }],
    ["call/tool-incomplete", { Tools: '{"type":"mcp"}' }],
    ["call/tool-incomplete", { Tools: "file_search" }],
    ["call/not-json", { Schema: "[1]" }],
    ["call/not-json", { Schema: "nonsense" }],
  ])("refuses with %s: %j", (code, values) => {
    expect(errorOf("GenerateResponse", { Message: "hello", ...values })).toBe(code);
  });

  test("passes Temperature through to a model that is not in the catalogue", () => {
    const body = bodyOf("GenerateResponse", { Message: "hello", Model: "llama4", Temperature: 1 });
    expect(body).toEqual({ input: "hello", model: "llama4", temperature: 1 });
  });

  test("names built-in tools by a list or by JSON", () => {
    expect(
      bodyOf("GenerateResponse", { Message: "hi", Tools: "web_search, code_interpreter" }),
    ).toMatchObject({
      tools: [{ type: "web_search" }, { type: "code_interpreter", container: { type: "auto" } }],
    });
    const search = { type: "file_search", vector_store_ids: ["vs_1"] };
    expect(bodyOf("GenerateResponse", { Message: "hi", Tools: JSON.stringify([search]) })).toMatchObject({
      tools: [search],
    });
  });

  test("asks for strict structured output by a schema", () => {
    const schema = { type: "object", properties: {}, required: [], additionalProperties: false };
    const body = bodyOf("GenerateResponse", { Message: "hi", Schema: JSON.stringify(schema) });
    expect(body["text"]).toEqual({ format: { type: "json_schema", name: "result", strict: true, schema } });
    expect(problemOf("responses", "json", body)).toBeUndefined();
  });

  test("reads identity, usage and cost", () => {
    const { row, result } = answer("GenerateResponse", response("Hello!"));
    expect(row).toMatchObject({
      Response_Result: "Hello!",
      Response_Id: "resp_1",
      Response_Status: "completed",
      Model_Used: "gpt-6-luna-2026-10-06",
      Usage_InputTokens: 1000,
      Usage_CachedInputTokens: 200,
      Usage_CacheWriteTokens: 100,
      Usage_OutputTokens: 500,
      Usage_ReasoningTokens: 300,
      Cost_As_Of: "2026-09-23",
    });
    expect(result.usage).toEqual({ inputTokens: 1000, outputTokens: 500 });
    // 700 plain at 0.10, 200 cached at 0.01, 100 written at 0.125, 500 out at 0.50, each per million.
    expect(result.costUsd).toBeCloseTo((70 + 2 + 12.5 + 250) / 1e6, 12);
  });

  test("builds the result from final answers only, joining their parts", () => {
    const output = [
      message([{ type: "output_text", text: "Let me look." }], "commentary"),
      { type: "web_search_call", id: "ws_1", status: "completed" },
      message(
        [
          { type: "output_text", text: "It is " },
          { type: "output_text", text: "42." },
        ],
        "final_answer",
      ),
    ];
    const { row, result } = answer("GenerateResponse", response("", { output }));
    expect(row["Response_Result"]).toBe("It is 42.");
    // One web search at $10 per 1000.
    expect(result.costUsd).toBeCloseTo((70 + 2 + 12.5 + 250) / 1e6 + 0.01, 12);
  });

  test("gives empty text for a completed response that holds none", () => {
    const { row } = answer("GenerateResponse", response("", { output: [] }));
    expect(row).toMatchObject({ Response_Result: "", Status: "completed" });
  });

  test("keeps the text of an incomplete response beside the reason", () => {
    const { row } = answer("GenerateResponse", incomplete);
    expect(row).toMatchObject({ Response_Result: "half an ans", Incomplete_Reason: "max_output_tokens" });
  });

  test("does not take a response that is still running for an answer", () => {
    const { row } = answer("GenerateResponse", response("", { status: "in_progress", output: [] }));
    expect(row).toMatchObject({ Status: "failed", Error_Code: "call/not-finished", Response_Result: null });
  });
});

describe.each(four.map((name, index) => [name, results[index] ?? ""] as const))("%s", (name, column) => {
  test("shows a refusal as a failed call with the model's words", () => {
    const { row, result: call } = answer(name, refusal);
    expect(row).toMatchObject({
      Status: "failed",
      Error_Code: "refusal",
      Error_Message: "I cannot help with that.",
      Response_Refusal: "I cannot help with that.",
      Response_Status: "completed",
      [column]: null,
    });
    expect(call.error?.code).toBe("refusal");
    expect(call.costUsd).toBeGreaterThan(0);
  });

  test("shows an incomplete response as incomplete, with what to do", () => {
    const { row, result: call } = answer(name, incomplete);
    expect(row).toMatchObject({ Status: "incomplete", Error_Code: "max_output_tokens" });
    expect(call.error?.hint).toContain("MaxOutputTokens");
  });

  test("shows a failed response with the API's code and words", () => {
    const { row } = answer(name, failed);
    expect(row).toMatchObject({
      Status: "failed",
      Error_Code: "server_error",
      Error_Message: "The model had an error.",
      Http_Status: 200,
      [column]: null,
    });
  });
});

describe("AnalyzeImage", () => {
  const image = (values: Values): unknown =>
    bodyOf("AnalyzeImage", { Message: "what?", Image: png, ...values })["input"];
  const content = (url: string, detail = "auto"): unknown => [
    {
      role: "user",
      content: [
        { type: "input_text", text: "what?" },
        { type: "input_image", image_url: url, detail },
      ],
    },
  ];

  test.each(["png", "jpeg", "webp", "gif"] as const)(
    "sends %s bytes as a data URL of their type",
    (format) => {
      const bytes = imageBytes(format);
      expect(image({ Image: bytes })).toEqual(content(toDataUrl(bytes, `image/${format}`)));
    },
  );

  test("takes a data URL and base64 for the bytes they hold", () => {
    const url = toDataUrl(png, "image/png");
    expect(image({ Image: url })).toEqual(content(url));
    expect(image({ Image: png.toString("base64") })).toEqual(content(url));
  });

  test("sends a full call that the API's schema accepts", () => {
    const values = { PreviousResponseId: "resp_1", Store: 1, MaxToolCalls: 2, ReasoningEffort: "max" };
    expect(
      schemaProblem("AnalyzeImage", { Message: "what?", Image: png, Detail: "original", ...values }),
    ).toBe(undefined);
  });

  test("passes an https URL and the detail on", () => {
    const url = "https://example.com/cat.png";
    expect(image({ Image: url, Detail: "High" })).toEqual(content(url, "high"));
  });

  test.each<[string, Values]>([
    ["call/not-bytes", { Image: "images/photo" }],
    ["call/not-bytes", { Image: "cat.png" }],
    ["call/not-bytes", { Image: "http://example.com/cat.png" }],
    ["call/not-bytes", { Image: 42 }],
    ["call/empty-value", { Image: Buffer.alloc(0) }],
    ["call/unknown-format", { Image: Buffer.from("%PDF-1.7") }],
    ["call/too-many-bytes", { Image: Buffer.concat([png, Buffer.alloc(50 * 1024 * 1024)]) }],
  ])("refuses with %s", (code, values) => {
    expect(errorOf("AnalyzeImage", { Message: "what?", ...values })).toBe(code);
  });

  test("names an image that does not fit into a data URL as a file to be stored", () => {
    const fitting = Buffer.concat([png, Buffer.alloc(15_728_000 - png.length)]);
    const large = Buffer.concat([png, Buffer.alloc(15_730_000)]);
    expect(JSON.stringify(image({ Image: fitting })).length).toBeGreaterThan(20_970_000);
    // Compared as one: item by item, 15 MB take seconds.
    const bytes: unknown = expect.toSatisfy((found: unknown) => found === large);
    const file = { kind: "upload", bytes, filename: "image.png", mimeType: "image/png" };
    const reference = { kind: "stored-file", purpose: "vision", file };
    expect(image({ Image: large })).toMatchObject([
      { content: [{ type: "input_text" }, { type: "input_image", file_id: reference, detail: "auto" }] },
    ]);
  });

  test("a path is answered with the function that reads it", () => {
    const prepared = prepare("AnalyzeImage", { Message: "what?", Image: "cat.png" });
    expect(prepared).toMatchObject({ ok: false, error: { hint: expect.stringContaining("readfile(") } });
  });
});

describe("SummarizeText", () => {
  test("sends the text as input and the wishes as instructions", () => {
    const body = bodyOf("SummarizeText", {
      Text: "Long. Text.",
      Instructions: "Name the people.",
      Length: 2,
      Language: "German",
      MaxOutputTokens: 50,
      Temperature: 0,
    });
    expect(body).toMatchObject({ input: "Long. Text.", max_output_tokens: 50, temperature: 0 });
    expect(body["instructions"]).toContain("at most 2 sentences");
    expect(body["instructions"]).toContain("German");
    expect(body["instructions"]).toMatch(/Name the people\.$/);
    expect(problemOf("responses", "json", body)).toBeUndefined();
  });
});

describe("ClassifyText", () => {
  const labels = (Categories: string): unknown => {
    const body = bodyOf("ClassifyText", { Text: "hello", Categories });
    expect(problemOf("responses", "json", body)).toBeUndefined();
    return (body as { text: { format: { schema: { properties: { category: { enum: unknown } } } } } }).text
      .format.schema.properties.category.enum;
  };
  const classify = (text: string, values: Values = {}): Readonly<Record<string, unknown>> =>
    answer("ClassifyText", response(text), { Text: "hello", Categories: "a, b, c", ...values }).row;

  test("takes categories as a list, as JSON, and as labels with descriptions", () => {
    expect(labels("bug, praise , bug")).toEqual(["bug", "praise"]);
    expect(labels('["a, with a comma", "b", 3]')).toEqual(["a, with a comma", "b", "3"]);
    expect(labels('{"bug": "something broke", "praise": "they like it"}')).toEqual(["bug", "praise"]);
    const body = bodyOf("ClassifyText", { Text: "x", Categories: '{"bug": "something broke"}' });
    expect(body["instructions"]).toContain("- bug: something broke");
  });

  test.each(["[]", ",,", '[""]', '[["a"]]', "{}"])("refuses %s as categories", (Categories) => {
    expect(errorOf("ClassifyText", { Text: "x", Categories })).toBe("call/no-categories");
  });

  test("stores the category with its confidence", () => {
    expect(classify('{"category":"b","confidence":0.75}')).toMatchObject({
      Category: "b",
      Confidence: 0.75,
      Categories_Json: '[{"category":"b","confidence":0.75}]',
    });
  });

  test("takes several categories, the likeliest first", () => {
    const text = '{"categories":[{"category":"a","confidence":0.2},{"category":"c","confidence":0.9}]}';
    expect(classify(text, { MultiLabel: 1 })).toMatchObject({
      Category: "c",
      Confidence: 0.9,
      Categories_Json: '[{"category":"c","confidence":0.9},{"category":"a","confidence":0.2}]',
    });
  });

  test("may find no category among several", () => {
    expect(classify('{"categories":[]}', { MultiLabel: 1 })).toMatchObject({
      Category: null,
      Categories_Json: "[]",
      Status: "completed",
    });
  });

  test.each(['{"category":"d","confidence":1}', "b", '{"category":5}', "", "null", "[]"])(
    "never stores an answer outside the categories: %s",
    (text) => {
      expect(classify(text)).toMatchObject({
        Category: null,
        Error_Code: "call/category-outside",
        Status: "failed",
      });
    },
  );

  test("shows a number that is no probability as NULL", () => {
    expect(classify('{"category":"a","confidence":95}')).toMatchObject({ Category: "a", Confidence: null });
  });
});
