/** GenerateResponse and its kin through a session: turns, tools, schemas, warnings, costs. */
import { afterEach, describe, expect, test } from "vitest";
import { emptyData, failed, refusal, responseBody } from "../support/openai-bodies.ts";
import type { RecordedRequest } from "../support/openai-server.ts";
import { useService, type NamedRow } from "./support/service.ts";

const service = useService();

describe("a conversation of several turns", () => {
  test("goes on by a variable that holds the last Response_Id", async () => {
    const { run, row, bodies } = service();
    await run("SET :prev = (SELECT Response_Id FROM GenerateResponse('My name is Ada.'))");
    const second = await row("CALL GenerateResponse('What is my name?', PreviousResponseId => :prev)");
    expect(second["Status"]).toBe("completed");
    await run("SET :prev = :id", { id: second["Response_Id"] ?? null });
    await row("CALL GenerateResponse('And how long is it?', PreviousResponseId => :prev)");
    const [first, next, last] = bodies();
    expect(first).not.toHaveProperty("previous_response_id");
    expect(next?.["previous_response_id"]).toMatch(/^resp_/);
    expect(last?.["previous_response_id"]).toBe(second["Response_Id"]);
  });

  test("takes every row of a join its own way", async () => {
    const { rows, bodies } = service();
    const found = await rows(
      `SELECT a.Response_Id AS asked, b.PreviousResponseId AS previous
       FROM (VALUES ('red'), ('blue')) v, GenerateResponse('Like ' || v.column1) a,
            GenerateResponse('Why?', PreviousResponseId => a.Response_Id) b`,
    );
    expect(found).toHaveLength(2);
    for (const { asked, previous } of found) expect(previous).toBe(asked);
    expect(new Set(bodies().map((body) => body["previous_response_id"])).size).toBe(3);
  });

  test("fails where the turn before was not stored, and says what to do", async () => {
    const { row, run } = service();
    const first = await row("CALL GenerateResponse('Forget this', Store => 0)");
    const turn = run("CALL GenerateResponse('What?', PreviousResponseId => :id)", {
      id: first["Response_Id"] ?? null,
    });
    await expect(turn).rejects.toThrow("previous_response_not_found");
    const failure: unknown = await turn.catch((error: unknown) => error);
    expect(failure).toMatchObject({ diagnostics: [{ hint: expect.stringContaining("Store => 1") }] });
  });
});

describe("tools", () => {
  test("are offered, called and billed; the answer is the final text alone", async () => {
    const { row, bodies } = service();
    const answer = await row(
      "CALL GenerateResponse('What is new?', Model => 'gpt-4o', Tools => 'web_search, code_interpreter', MaxToolCalls => 5)",
    );
    expect(bodies()).toMatchObject([
      {
        tools: [{ type: "web_search" }, { type: "code_interpreter", container: { type: "auto" } }],
        max_tool_calls: 5,
      },
    ]);
    expect(answer["Response_Result"]).toMatch(/^Reply [0-9a-f]{8}: What is new\?/);
    expect(answer["Cost_Usd"]).toBeCloseTo(0.01 + tokenCost(answer, 2.5, 10), 9);
  });

  test("written as the API's JSON go out as they are", async () => {
    const tools = [{ type: "file_search", vector_store_ids: ["vs_1"], max_num_results: 3 }];
    const found = await service().row("CALL GenerateResponse('Find it', :Tools, Model => 'gpt-4o')", {
      Tools: JSON.stringify(tools),
    });
    expect(service().bodies()).toMatchObject([{ tools }]);
    expect(found["Cost_Usd"]).toBeCloseTo(0.0025 + tokenCost(found, 2.5, 10), 9);
  });

  test.each([
    ["call/tool-incomplete", "file_search"],
    ["call/tool-incomplete", '[{"type": "mcp", "server_url": "https://example.com"}]'],
    ["call/not-a-tool", '[{"type": "function", "name": "f", "parameters": {}}]'],
  ])("are refused with %s before anything is sent: %s", async (code, Tools) => {
    await expect(service().run("CALL GenerateResponse('x', :Tools)", { Tools })).rejects.toThrow(code);
    expect(service().server.requests).toEqual([]);
  });
});

describe("Schema", () => {
  const Schema = JSON.stringify({
    type: "object",
    properties: {
      name: { type: "string" },
      mood: { type: "string", enum: ["good", "bad"] },
      tags: { type: "array", items: { type: "string" } },
      age: { anyOf: [{ type: "integer" }, { type: "null" }] },
      next: { anyOf: [{ $ref: "#/$defs/step" }, { type: "null" }] },
    },
    required: ["name", "mood", "tags", "age", "next"],
    additionalProperties: false,
    $defs: { step: { type: "object", properties: { at: { type: "number" } }, required: ["at"] } },
  });
  const right = { name: "Ada", mood: "good", tags: ["a"], age: null, next: { at: 1.5 } };

  test("is sent as strict structured output, and SQL reads the answer", async () => {
    const { rows, bodies } = service();
    const [found] = await rows(
      `SELECT Response_Result ->> '$.mood' AS mood, Status FROM GenerateResponse('A good day', Schema => :s)`,
      { s: Schema },
    );
    expect(found).toEqual({ mood: "good", Status: "completed" });
    expect(bodies()).toMatchObject([
      { text: { format: { type: "json_schema", name: "result", strict: true, schema: JSON.parse(Schema) } } },
    ]);
  });

  test.each([
    ["it is not JSON", "Sure! Here it is."],
    ["$ is array, object was expected", []],
    ['$ has no "tags"', { name: "Ada", mood: "good" }],
    ['$.mood is "fine", one of ["good","bad"] was expected', { ...right, mood: "fine" }],
    ["$.tags[1] is number, string was expected", { ...right, tags: ["a", 1] }],
    ["$.age is number, integer was expected", { ...right, age: 1.5 }],
    ["$.next.at is string, number was expected", { ...right, next: { at: "noon" } }],
    ['$ has "extra", which it may not', { ...right, extra: 1 }],
  ])("makes an error row of an answer that breaks it: %s", async (what, answer) => {
    const text = typeof answer === "string" ? answer : JSON.stringify(answer);
    service().server.answerWith((request) => responseBody(request, { text }));
    const row = await service().row(`SELECT * FROM GenerateResponse('x', Schema => :Schema)`, { Schema });
    expect(row).toMatchObject({
      Status: "failed",
      Error_Code: "call/schema-mismatch",
      Response_Result: text,
    });
    expect(String(row["Error_Message"])).toContain(what);
    expect(row["Cost_Usd"]).toBeGreaterThan(0);
    const value = `SELECT GenerateResponse('x', Schema => :Schema) AS value`;
    expect(await service().row(value, { Schema })).toEqual({ value: null });
  });

  const cut = (request: RecordedRequest): object =>
    responseBody(request, { text: '{"na', status: "incomplete", incompleteReason: "max_output_tokens" });

  test("leaves a refusal, a cut and a failed answer their own errors", async () => {
    const sql = "SELECT Error_Code FROM GenerateResponse('x', Schema => :Schema)";
    for (const [code, body] of [
      ["refusal", refusal],
      ["max_output_tokens", cut],
      ["server_error", failed],
    ] as const) {
      service().server.answerWith((request) => body(request));
      expect(await service().row(sql, { Schema })).toEqual({ Error_Code: code });
    }
  });

  test("that holds a loop ends", async () => {
    service().server.answerWith((request) => responseBody(request, { text: "{}" }));
    const loop = JSON.stringify({
      type: "object",
      properties: {},
      required: [],
      additionalProperties: false,
      anyOf: [{ $ref: "#" }],
    });
    expect(
      await service().row("SELECT Status FROM GenerateResponse('x', Schema => :loop)", { loop }),
    ).toEqual({
      Status: "completed",
    });
  });
});

describe("ClassifyText and SummarizeText", () => {
  test("ask the same endpoint with the same fields as GenerateResponse", async () => {
    const { run, bodies } = service();
    await run("CALL GenerateResponse('a bug', Model => 'gpt-4o', Temperature => 0)");
    await run("CALL SummarizeText('a bug', Model => 'gpt-4o', Temperature => 0)");
    await run("CALL ClassifyText('a bug', 'billing, bug', Model => 'gpt-4o', Temperature => 0)");
    for (const body of bodies())
      expect(body).toMatchObject({ input: "a bug", model: "gpt-4o", temperature: 0 });
  });

  test("a category the user did not give is an error, never stored", async () => {
    const { run, rows, server } = service();
    await run("CREATE TEMP TABLE classified AS SELECT 1 AS id, NULL AS topic");
    server.answerWith((request) => responseBody(request, { text: '{"category":"sales","confidence":1}' }));
    const result = await run("UPDATE classified SET topic = ClassifyText('x', 'billing, bug')");
    expect(result.warnings.map(({ message }) => message).join()).toContain("call/category-outside");
    expect(await rows("SELECT topic FROM classified")).toEqual([{ topic: null }]);
  });
});

describe("what the API warns of or leaves out", () => {
  afterEach(() => service().run("RESET ALL"));

  test("a retiring model is warned of once, however many rows call it", async () => {
    const { run } = service();
    const result = await run(
      "SELECT GenerateResponse('hello ' || column1, Model => 'gpt-4.1') FROM (VALUES (1), (2), (3))",
    );
    await result.all();
    const retiring = result.warnings.filter(({ code }) => code.startsWith("call/model-reti"));
    expect(retiring).toHaveLength(1);
    expect(retiring[0]?.hint).toContain("gpt-6-luna");
  });

  test("a retired and an unknown model are warned of, each once", async () => {
    const result = await service().run(
      `SELECT GenerateResponse('a', Model => m.column1) FROM (VALUES ('gpt-4'), ('gpt-4'), ('our-llama')) m`,
    );
    await result.all();
    expect(result.warnings.map(({ code }) => code).toSorted()).toEqual([
      "call/model-retired",
      "call/unknown-model",
    ]);
  });

  test("an empty data is an error row, and usage that is missing leaves NULL", async () => {
    const { row, server } = service();
    server.answerWith((request) => emptyData(request));
    expect(await row("SELECT * FROM GetEmbeddings('x')")).toMatchObject({
      Embedding: null,
      Status: "failed",
      Error_Code: "call/empty-answer",
    });
    server.answerWith((request) => ({ ...responseBody(request, { text: "hi" }), usage: null }));
    expect(await row("CALL GenerateResponse('x')")).toMatchObject({
      Response_Result: "hi",
      Usage_TotalTokens: null,
      Cost_Usd: null,
    });
  });
});

/** Of the row's own tokens, at these prices per million. */
function tokenCost(row: NamedRow, input: number, output: number): number {
  return (Number(row["Usage_InputTokens"]) * input + Number(row["Usage_OutputTokens"]) * output) / 1e6;
}
