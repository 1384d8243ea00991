/** The same requests over standard input and output. */
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { faults, startOpenAIServer, type OpenAIServer } from "../support/openai-server.ts";
import { sayToPipe } from "./support/piping.ts";

let api: OpenAIServer;
beforeAll(async () => {
  api = await startOpenAIServer();
});
afterEach(() => api.reset());
afterAll(() => api.close());

/** What the pipe says to a host that writes one line, then another. */
const say = async (...lines: readonly (object | string)[]): Promise<Record<string, unknown>[]> =>
  sayToPipe(api.url, lines, { pauseMs: 10 });

const byId = (said: Record<string, unknown>[], id: unknown): Record<string, unknown>[] =>
  said.filter((line) => line["id"] === id);

test("requests are answered by their ids, mistakes too", async () => {
  const said = await say(
    { id: 1, route: "/v1/execute", body: { command: "CALL GenerateResponse(:m)", parameters: { m: "hi" } } },
    { id: "two", route: "/v1/execute", body: { command: "SELECT 1 AS one" } },
    { id: 3, route: "/v1/execute", body: { command: "ATTACH 'x' AS y" } },
    { id: 4, route: "/v1/procedures/GetEmbeddings" },
    { id: 5, route: "/nowhere" },
    "no JSON",
    { route: "/healthz" },
    { id: 6 },
  );
  expect(byId(said, 1)).toMatchObject([{ status: 200, body: { rows: [{ Status: "completed" }] } }]);
  expect(byId(said, "two")).toMatchObject([{ status: 200, body: { rows: [{ one: 1 }] } }]);
  expect(byId(said, 3)).toMatchObject([{ status: 403, body: { code: "serve/statement-refused" } }]);
  expect(byId(said, 4)).toMatchObject([{ status: 200, body: { name: "GetEmbeddings" } }]);
  expect(byId(said, 5)).toMatchObject([{ status: 404 }]);
  expect(byId(said, null)).toMatchObject([
    { status: 400, body: { title: "line 6 is not JSON" } },
    { status: 400, body: { code: "serve/bad-body" } },
  ]);
  expect(byId(said, 6)).toMatchObject([{ status: 400, body: { code: "serve/bad-body" } }]);
  expect(said).toHaveLength(8);
});

test("answers that stream are lines, then a status", async () => {
  const said = await say({
    id: 1,
    route: "/v1/execute",
    stream: true,
    body: { command: "SELECT 1 AS a UNION SELECT 2" },
  });
  expect(said).toMatchObject([
    { id: 1, line: { columns: [{ name: "a" }] } },
    { id: 1, line: { row: { a: 1 } } },
    { id: 1, line: { row: { a: 2 } } },
    { id: 1, line: { end: {} } },
    { id: 1, status: 200 },
  ]);
});

test("rows of two streams may come mixed", async () => {
  const body = { command: "CALL GenerateResponse(:m)" };
  const said = await say(
    { id: "a", route: "/v1/execute-each", body },
    { id: "b", route: "/v1/execute-each", body },
    { id: "a", row: { m: "a1" } },
    { id: "b", row: { m: "b1" } },
    { id: "a", row: { m: "a2" } },
    { id: "a", end: true },
    { id: "b", row: [1] },
    { id: "c", route: "/v1/execute-each", body },
    { id: "c", row: { m: "c1" } },
  );
  expect(byId(said, "a").slice(1)).toMatchObject([
    { line: { index: 0, output: "matched", row: { m: "a1" } } },
    { line: { index: 1, output: "matched", row: { m: "a2" } } },
    { line: { end: { counts: { rows: 2 } } } },
    { status: 200 },
  ]);
  expect(byId(said, "b").slice(-2)).toMatchObject([
    { line: { error: { code: "serve/bad-body", title: "line 7 has a row that is no JSON object" } } },
    { status: 200 },
  ]);
  // The end of the input is the end of its rows.
  expect(byId(said, "c").slice(-2)).toMatchObject([
    { line: { end: { counts: { rows: 1 } } } },
    { status: 200 },
  ]);
});

test("a request can be cancelled", async () => {
  api.script(faults.delay(15_000));
  const said = await say(
    { id: 1, route: "/v1/execute", body: { command: "CALL GenerateResponse('slow')" } },
    { id: 2, route: "/healthz" },
    { id: 1, cancel: true },
  );
  expect(byId(said, 1)).toMatchObject([{ status: 499, body: { code: "call/cancelled" } }]);
});
