/** A statement in one session, its calls in another: what lies between is plain data. */
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { DiagnosticError, openSession, type CallDesk, type Session } from "../../src/index.ts";
import { faults, startOpenAIServer, type OpenAIServer } from "../support/openai-server.ts";

let server: OpenAIServer;
let main: Session;
beforeAll(async () => {
  server = await startOpenAIServer();
  const env = { OPENAI_API_KEY: "sk-test", OPENAI_BASE_URL: server.url };
  main = await openSession({ connection: "openai", env, name: "desk" });
});
afterEach(() => server.reset());
afterAll(async () => {
  await main.close();
  await server.close();
});

const desk: CallDesk = {
  buy: async (orders, options) => structuredClone(await main.buyCalls(structuredClone(orders), options)),
};

/** A session that has no connection, and no key. */
const open = (): Promise<Session> => openSession({ desk, env: {} });

test("answers, counts, warnings and failures are those of a session that buys by itself", async () => {
  await using session = await open();
  server.script(
    faults.contentPolicy({ when: ({ body }) => body["input"] === "broken" && !("dimensions" in body) }),
  );
  const result = await session.execute(
    `SELECT value, GenerateResponse(value) AS reply, (GetEmbeddings(value, Dimensions => 4)) IS NOT NULL AS has
     FROM json_each('["a", "broken", "a", "c"]') ORDER BY key`,
  );
  const rows = await result.all();
  expect(rows.map(({ reply }) => typeof reply)).toEqual(["string", "object", "string", "string"]);
  expect(rows.map(({ has }) => has)).toEqual([1, 1, 1, 1]);
  expect(result.counts).toMatchObject({ calls: 6, made: 6, failed: 1 });
  expect(result.counts.inputTokens).toBeGreaterThan(0);
  expect(result.warnings).toMatchObject([{ code: "call/row-failed" }]);
});

test("recorded answers are the desk's, unless calls are to be made anew", async () => {
  await using session = await open();
  const order = {
    procedure: "GenerateResponse",
    values: ["once"],
    key: "k",
  };
  const first = await main.buyCalls([order]);
  const second = await main.buyCalls([order]);
  const third = await main.buyCalls([order], { isFresh: true });
  expect([first, second, third].map(({ counts }) => [counts.made, counts.cached])).toEqual([
    [1, 0],
    [0, 1],
    [1, 0],
  ]);
  const runs = await main.execute("SELECT name, succeeded FROM sys_runs");
  expect(await runs.first()).toMatchObject({ name: "desk" });
  const own = await session.execute("SELECT count(*) AS n FROM sys_calls");
  expect(await own.all()).toEqual([{ n: 0 }]);
});

test("explain counts what the desk has recorded, and goes on with its answers", async () => {
  const recorded: NonNullable<CallDesk["recorded"]> = async (orders) =>
    structuredClone(await main.recordedAnswers(structuredClone(orders)));
  const env = { OPENAI_API_KEY: "sk-test", OPENAI_BASE_URL: server.url };
  await using session = await openSession({ desk: { ...desk, recorded }, connection: "openai", env });
  const nested = "SELECT GenerateResponse(GenerateResponse('desk')) AS r";
  const explained = async (options: object = {}) =>
    (await session.explain(nested, {}, options)).sites.map((site) => [site.site, site.calls, site.recorded]);
  expect(await explained()).toEqual([
    [2, 1, 0],
    [1, 0, 0],
  ]);
  await (await main.execute("CALL GenerateResponse('desk')")).close();
  expect(await explained()).toEqual([
    [2, 1, 1],
    [1, 1, 0],
  ]);
  expect(await explained({ isFresh: true })).toEqual([
    [2, 1, 0],
    [1, 0, 0],
  ]);
  expect(server.requests).toHaveLength(1);
  await expect(main.recordedAnswers([{ procedure: "Nope", values: [], key: "k" }])).rejects.toMatchObject({
    code: "bind/unknown-procedure",
  });
});

test("what ends a statement comes back with the statement's place", async () => {
  await using session = await open();
  server.script(faults.unauthorized("sk-test"));
  const error: unknown = await session.execute("SELECT 1, GenerateResponse('x')").catch((e: unknown) => e);
  if (!(error instanceof DiagnosticError)) throw error;
  expect(error.diagnostics).toMatchObject([{ code: "connect/refused", span: { start: 10, end: 31 } }]);
});

test("an aborted statement is cancelled at the desk", async () => {
  await using session = await open();
  server.script(faults.delay(10_000));
  const controller = new AbortController();
  await session.execute("SET drain = 0");
  const running = session.execute("CALL GenerateResponse('slow')", {}, { signal: controller.signal });
  await main.execute("SET drain = 0");
  setTimeout(() => controller.abort(), 100);
  await expect(running).rejects.toMatchObject({ code: "call/cancelled" });
});

test("sessions that share have one dispatcher and one ledger, and runs of their own", async () => {
  await using one = await openSession({ sharing: main, name: "one" });
  await using two = await openSession({ sharing: main, name: "two" });
  server.script(faults.delay(1000));
  await Promise.all([one, two].map((session) => session.execute("CALL GenerateResponse('together')")));
  // Equal requests in flight are one request.
  expect(server.requests).toHaveLength(1);
  const found = await main.execute(
    "SELECT name, succeeded FROM sys_runs WHERE name IN ('one', 'two') ORDER BY name",
  );
  expect(await found.all()).toEqual([
    { name: "one", succeeded: 1 },
    { name: "two", succeeded: 1 },
  ]);
  await one.execute("SET max_calls = 0");
  await expect(one.execute("CALL GenerateResponse('more')")).rejects.toMatchObject({
    code: "call/budget-reached",
  });
  expect((await (await two.execute("CALL GenerateResponse('more')")).first())?.["Status"]).toBe("completed");
});
