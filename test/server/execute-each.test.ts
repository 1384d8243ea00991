/** POST /v1/execute-each: rows in, outputs out, both as they come. */
import { request } from "node:http";
import { describe, expect, test } from "vitest";
import { faults } from "../support/openai-server.ts";
import { ask, linesOf } from "./support/serving.ts";
import { shareServing } from "./support/shared.ts";

const { api, serving, token } = await shareServing();

const ndjson = { "content-type": "application/x-ndjson" };

async function each(head: object, rows: readonly object[]): Promise<Record<string, unknown>[]> {
  const body = [head, ...rows].map((row) => `${JSON.stringify(row)}\n`).join("");
  return linesOf((await ask(serving, "/v1/execute-each", { token, body, headers: ndjson })).text);
}

test("a call of values runs for many rows at once; failures are outputs of their rows", async () => {
  api.script(faults.contentPolicy({ when: ({ body }) => body["input"] === "bad" }), faults.delay(100));
  const rows = Array.from({ length: 40 }, (_, id) => ({ id, body: id === 7 ? "bad" : `text ${id}` }));
  const lines = await each(
    { command: "CALL GenerateResponse(:body, :tone)", parameters: { tone: "dry" } },
    rows,
  );
  expect(lines).toHaveLength(42);
  expect(lines[0]).toMatchObject({
    columns: expect.arrayContaining([expect.objectContaining({ name: "Response_Result" })]),
  });
  expect(lines[1]).toMatchObject({
    index: 0,
    output: "matched",
    row: { id: 0, body: "text 0", Status: "completed" },
  });
  expect(lines[8]).toMatchObject({
    index: 7,
    output: "error",
    input: { id: 7 },
    error: { code: "call/failed" },
  });
  expect(lines.at(-1)).toMatchObject({
    end: { counts: { rows: 40, matched: 39, unmatched: 0, errors: 1, made: 40 } },
  });
  expect(api.peakInFlight).toBeGreaterThan(4);
  expect(api.requests[0]?.body).toMatchObject({ instructions: "dry" });
});

test("a command with SQL of its own runs in a process, row after row", async () => {
  const lines = await each(
    { command: "SELECT body, GenerateResponse(body) AS reply FROM t WHERE id = :id", property: "found" },
    [{ id: 2 }, { id: 9 }, { id: "x" }],
  );
  expect(lines.slice(1)).toMatchObject([
    {
      index: 0,
      output: "matched",
      row: { id: 2, found: { body: "two", reply: expect.stringContaining("two") } },
    },
    { index: 1, output: "unmatched", row: { id: 9, found: { body: null } } },
    { index: 2, output: "unmatched" },
    { end: { counts: { rows: 3, matched: 1, unmatched: 2, errors: 0, made: 1 } } },
  ]);
});

test("the behaviours of a Lookup", async () => {
  const outputs = [];
  for (const behavior of ["FirstOrDefault", "First", "SingleOrDefault", "Single", "Array"]) {
    const head = { command: "SELECT id FROM t WHERE id >= :n", behavior, property: "p" };
    const lines = await each(head, [{ n: 1 }, { n: 2 }, { n: 3 }]);
    outputs.push(lines.slice(1, 4).map(({ output }) => output));
  }
  expect(outputs).toEqual([
    ["matched", "matched", "unmatched"],
    ["matched", "matched", "error"],
    ["error", "matched", "unmatched"],
    ["error", "matched", "error"],
    ["matched", "matched", "unmatched"],
  ]);
});

test("recorded answers are used again, unless cache is off", async () => {
  const command = "CALL GenerateResponse(:m)";
  const countsOf = async (head: object): Promise<unknown> =>
    (await each(head, [{ m: "twice" }])).at(-1)?.["end"];
  expect(await countsOf({ command })).toMatchObject({ counts: { made: 1, cached: 0 } });
  expect(await countsOf({ command })).toMatchObject({ counts: { made: 0, cached: 1 } });
  expect(await countsOf({ command, cache: "off" })).toMatchObject({ counts: { made: 1, cached: 0 } });
});

describe("what is wrong", () => {
  test.each([
    ["", "serve/bad-body"],
    ["nonsense\n", "serve/bad-body"],
    ['{"rows": []}\n', "serve/bad-body"],
    ['{"command": "CALL GenerateResponse(:m)", "behavior": "Array"}\n', "session/bad-for-each"],
    ['{"command": "CALL Nope(:m)"}\n', "bind/unknown-procedure"],
    ['{"command": "SELECT nope FROM t"}\n', "sql/error"],
    ['{"command": "DROP TABLE t"}\n', "serve/read-only"],
  ])("before the first row is a problem: %j", async (body, code) => {
    const answer = await ask(serving, "/v1/execute-each", { token, body, headers: ndjson });
    expect([answer.body?.["code"], answer.headers.get("content-type")]).toEqual([
      code,
      "application/problem+json",
    ]);
  });

  test("in a later line ends the stream with an error", async () => {
    const body = `{"command": "SELECT :a AS x"}\n{"a": 1}\n\n[2]\n{"a": 3}\n`;
    const { text } = await ask(serving, "/v1/execute-each", { token, body, headers: ndjson });
    expect(linesOf(text).slice(1)).toMatchObject([
      { output: "matched", row: { a: 1, x: 1 } },
      { error: { code: "serve/bad-body", title: "line 4 is no JSON object" } },
    ]);
  });

  test("a row without a value of a bind is an output of that row", async () => {
    const lines = await each({ command: "CALL GenerateResponse(:m)" }, [{ other: 1 }, { m: "x" }]);
    expect(lines.slice(1, 3)).toMatchObject([
      { output: "error", error: { code: "bind/missing-bind" } },
      { output: "matched" },
    ]);
  });
});

test("outputs come before the input ends, and input is read as outputs are", async () => {
  const socket = request(`${serving.url}/v1/execute-each`, {
    method: "POST",
    headers: { ...ndjson, authorization: `Bearer ${token}` },
  });
  const received: string[] = [];
  const answered = new Promise<void>((resolve) => {
    socket.on("response", (response) => {
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        received.push(...chunk.trimEnd().split("\n"));
        const rows = received.length - 1;
        if (rows < 3) socket.write(`{"n": ${rows + 1}}\n`);
        else socket.end();
      });
      response.on("end", () => resolve());
    });
  });
  socket.write(`{"command": "SELECT :n * 2 AS double"}\n`);
  await answered;
  expect(received.map((line) => JSON.parse(line) as unknown)).toMatchObject([
    { columns: [{ name: "double" }] },
    { row: { n: 1, double: 2 } },
    { row: { n: 2, double: 4 } },
    { row: { n: 3, double: 6 } },
    { end: {} },
  ]);
});

test("a client that leaves is no longer worked for", async () => {
  api.script(faults.delay(50));
  const leaving = new AbortController();
  const rows = Array.from({ length: 3000 }, (_, id) => ({ m: `leave ${id}` }));
  const body = [{ command: "CALL GenerateResponse(:m)" }, ...rows]
    .map((row) => JSON.stringify(row))
    .join("\n");
  const asked = ask(serving, "/v1/execute-each", { token, body, headers: ndjson, signal: leaving.signal });
  setTimeout(() => leaving.abort(), 300);
  await expect(asked).rejects.toThrow();
  // Nothing in flight for a moment may be between two calls: what counts is that no more are sent.
  const sentMeanwhile = async (): Promise<number> => {
    const before = api.requests.length;
    await new Promise((resolve) => setTimeout(resolve, 200));
    return api.requests.length - before;
  };
  await expect.poll(sentMeanwhile, { timeout: 30_000 }).toBe(0);
  expect(api.inFlight).toBe(0);
  expect(api.requests.length).toBeLessThan(3000);
});
