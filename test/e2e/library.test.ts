/** The library as its documentation shows it, through the one public entry, against the protocol test server. */
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import {
  DiagnosticError,
  openSession,
  type Progress,
  type Session,
  type SessionOptions,
} from "../../src/index.ts";
import { faults, startOpenAIServer, type OpenAIServer } from "../support/openai-server.ts";
import { temporaryFolder } from "./support/folder.ts";

const folder = temporaryFolder();
let server: OpenAIServer;
beforeAll(async () => {
  server = await startOpenAIServer();
});
afterEach(() => server.reset());
afterAll(async () => {
  await server.close();
  folder.remove();
});

/** What a user has in the environment. */
const env = (): Record<string, string> => ({ OPENAI_API_KEY: "sk-test", OPENAI_BASE_URL: server.url });
const open = (): Promise<Session> => openSession({ connection: "openai", env: env() });

const numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30000)";

async function codeOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.catch((reason: unknown) => reason);
  return error instanceof DiagnosticError ? error.code : `no DiagnosticError: ${String(error)}`;
}

test("an old Node is refused before SQLite's module could crash in it", async () => {
  const { versions } = process;
  Object.defineProperty(process, "versions", { value: { ...versions, napi: "9" } });
  try {
    expect(await codeOf(open())).toBe("session/old-node");
  } finally {
    Object.defineProperty(process, "versions", { value: versions });
  }
});

test("the example of the documentation", async () => {
  await using session = await openSession({
    database: join(folder.path, "tickets.db"),
    connection: "openai",
    env: env(),
  });
  await session.importRows(
    "tickets",
    ["id", "body"],
    [
      [1, "My parcel is late."],
      [2, "The stove is broken."],
    ],
  );
  const { signal } = new AbortController();
  const result = await session.execute(
    "SELECT id, GenerateResponse(body, :Instructions) AS reply FROM tickets WHERE id <= :most ORDER BY id",
    { Instructions: "Be kind.", most: 2 },
    { signal },
  );
  expect(result.kind).toBe("rows");
  expect(result.columns.map(({ name }) => name)).toEqual(["id", "reply"]);
  const seen: unknown[] = [];
  for await (const row of result) seen.push(row);
  expect(seen).toEqual([
    { id: 1, reply: expect.stringContaining("My parcel is late.") },
    { id: 2, reply: expect.stringContaining("The stove is broken.") },
  ]);
  expect(result.warnings).toEqual([]);
  expect(result.counts).toMatchObject({ calls: 2, made: 2, cached: 0, failed: 0 });
  expect(result.counts.inputTokens).toBeGreaterThan(0);
  expect(result.counts.costUsd).toBeGreaterThan(0);
  expect(server.requests.map(({ body }) => body["instructions"])).toEqual(["Be kind.", "Be kind."]);
});

describe("a result", () => {
  test("is read once: as objects, all of them, the first, or arrays", async () => {
    await using session = await open();
    const sql = "SELECT 1 AS a, 'x' AS b UNION ALL SELECT 2, NULL";
    expect(await (await session.execute(sql)).all()).toEqual([
      { a: 1, b: "x" },
      { a: 2, b: null },
    ]);
    expect(await (await session.execute(sql)).first()).toEqual({ a: 1, b: "x" });
    expect(await (await session.execute("SELECT 1 WHERE 0")).first()).toBeUndefined();
    const result = await session.execute(sql);
    expect(await Array.fromAsync(result.arrays())).toEqual([
      [1, "x"],
      [2, null],
    ]);
    expect(await codeOf(result.all())).toBe("session/result-consumed");
  });

  test("keeps columns of one name and integers past 2^53 apart from their neighbours", async () => {
    await using session = await open();
    const result = await session.execute("SELECT 1 AS a, 2 AS a, 9007199254740993 AS big, x'00ff' AS bytes");
    expect(result.columns.map(({ name }) => name)).toEqual(["a", "a", "big", "bytes"]);
    expect(await result.all()).toEqual([
      { a: 1, a_2: 2, big: 9007199254740993n, bytes: Buffer.from([0, 255]) },
    ]);
  });

  test("of a write says what it changed", async () => {
    await using session = await open();
    await session.execute("CREATE TABLE t(id INTEGER PRIMARY KEY, reply)");
    const written = await session.execute(
      "INSERT INTO t SELECT value, GenerateResponse('r' || value) FROM json_each('[1,2,3]')",
    );
    expect([written.kind, written.affectedRows, written.counts.made]).toEqual(["changes", 3, 3]);
    const updated = await session.execute("UPDATE t SET reply = id WHERE id > 1");
    expect([updated.kind, updated.affectedRows]).toEqual(["changes", 2]);
    expect((await session.execute("SET on_error = 'row'")).kind).toBe("notice");
  });

  test("carries warnings", async () => {
    await using session = await open();
    server.script(faults.contentPolicy({ when: 1 }));
    const result = await session.execute("SELECT GenerateResponse('hi') AS reply");
    expect(result.warnings).toMatchObject([{ severity: "warning", code: "call/row-failed" }]);
    expect(await result.first()).toEqual({ reply: null });
  });
});

describe("binds", () => {
  test("by name, with and without prefix, by position, of every type", async () => {
    await using session = await open();
    const values = {
      text: "a'b",
      "@real": 0.5,
      $int: 7,
      ":big": 2n ** 62n,
      yes: true,
      none: null,
      date: new Date("2026-11-01T00:00:00Z"),
      bytes: new Uint8Array([1, 2]),
    };
    const sql = `SELECT :text AS text, typeof(@real) AS real, typeof($int) AS int, :big AS big, :yes AS yes,
                        :none AS none, :date AS date, :bytes AS bytes`;
    expect(await (await session.execute(sql, values)).first()).toEqual({
      text: "a'b",
      real: "real",
      int: "integer",
      big: 4611686018427387904n,
      yes: 1,
      none: null,
      date: "2026-11-01T00:00:00.000Z",
      bytes: Buffer.from([1, 2]),
    });
    expect(await (await session.execute("SELECT ?, ?2 AS b", ["x", 2])).first()).toMatchObject({ b: 2 });
  });

  test("a missing one is an error that names it, and nothing is called", async () => {
    await using session = await open();
    expect(await codeOf(session.execute("CALL GenerateResponse(:Message)"))).toBe("bind/missing-bind");
    expect(server.requests).toEqual([]);
  });

  test("session variables stand in for them", async () => {
    await using session = await open();
    session.setVariable("Message", "from a variable");
    await session.execute("SET :Instructions = upper('be brief')");
    await (await session.execute("CALL GenerateResponse(:Message, :Instructions)")).close();
    expect(server.requests[0]?.body).toMatchObject({
      input: "from a variable",
      instructions: "BE BRIEF",
    });
  });
});

describe("a prepared statement", () => {
  test("tells parameters and columns without calling, and runs with its binds", async () => {
    await using session = await open();
    const statement = session.prepare("CALL GenerateResponse(:Message, Temperature => :heat)");
    expect(
      statement.parameters.map(({ text, name, parameter, procedure }) => [
        text,
        name,
        parameter?.name,
        parameter?.type,
        procedure?.name,
      ]),
    ).toEqual([
      [":Message", "Message", "Message", "text", "GenerateResponse"],
      [":heat", "heat", "Temperature", "real", "GenerateResponse"],
    ]);
    const names = statement.columns.map(({ name }) => name);
    expect(names.slice(0, 3)).toEqual(["Response_Result", "Response_Id", "Response_Status"]);
    const types = statement.columns.map(({ name, type }) => [name, type]);
    expect(types).toContainEqual(["Usage_InputTokens", "integer"]);
    expect(types).toContainEqual(["Cost_Usd", "real"]);
    expect(types.every(([, type]) => type !== undefined)).toBe(true);
    expect(server.requests).toEqual([]);
    for (const message of ["one", "two"]) {
      const result = await statement.execute({ Message: message, heat: 0.1 });
      expect(result.columns).toEqual(statement.columns);
      expect((await result.first())?.["Response_Result"]).toContain(message);
    }
    expect(server.requests).toHaveLength(2);
  });

  test("of a query names its columns as typed", async () => {
    await using session = await open();
    const { columns, parameters } = session.prepare("SELECT GenerateResponse(:m), 1 + 1, 'x' AS y");
    expect(columns.map(({ name }) => name)).toEqual(["GenerateResponse(:m)", "1 + 1", "y"]);
    expect(parameters).toMatchObject([{ text: ":m", parameter: { name: "Message" } }]);
  });

  test("that is wrong says so at once, with every mistake and its place", async () => {
    await using session = await open();
    const text = "SELECT GenerateResponse(Mesage => 'x'), ModerateText()";
    try {
      session.prepare(text);
      expect.unreachable();
    } catch (error) {
      if (!(error instanceof DiagnosticError)) throw error;
      const places = error.diagnostics.map(({ code, span }) => [code, text.slice(span?.start, span?.end)]);
      expect(places).toContainEqual(["bind/unknown-parameter", "Mesage"]);
      expect(places.map(([code]) => code)).toContain("bind/missing-parameter");
    }
  });
});

describe("statements at once on one session", () => {
  test("take turns, while a large result is still being read", async () => {
    await using session = await open();
    const large = await session.execute(`${numbers} SELECT i, 'row ' || i AS body FROM n`);
    const reader = large[Symbol.asyncIterator]();
    expect((await reader.next()).value).toEqual({ i: 1, body: "row 1" });
    await session.execute("CREATE TABLE t(x)");
    const [inserted, called, counted] = await Promise.all([
      session.execute("INSERT INTO t VALUES (1), (2)"),
      session.execute("CALL GenerateResponse('meanwhile')"),
      session.execute("SELECT count(*) AS n FROM t"),
    ]);
    expect(inserted.affectedRows).toBe(2);
    expect(await called.first()).toMatchObject({ Status: "completed" });
    expect(await counted.all()).toEqual([{ n: 2 }]);
    let last = 1;
    for (let step = await reader.next(); step.done !== true; step = await reader.next())
      last = Number(step.value["i"]);
    expect(last).toBe(30_000);
  });

  test("a large result with calls streams, and may be left early", async () => {
    await using session = await open();
    const sql = `${numbers} SELECT i, GenerateResponse('same') AS reply FROM n`;
    const result = await session.execute(sql);
    let rows = 0;
    for await (const row of result) {
      expect(row["reply"]).toContain("same");
      if (++rows === 20_000) break;
    }
    expect(result.counts).toMatchObject({ calls: 1, made: 1 });
    expect(await (await session.execute("SELECT 1 AS one")).all()).toEqual([{ one: 1 }]);
  });

  test("a failed one does not stop the next", async () => {
    await using session = await open();
    const [bad, good] = await Promise.allSettled([session.execute("SELEC 1"), session.execute("SELECT 1")]);
    expect([bad.status, good.status]).toEqual(["rejected", "fulfilled"]);
  });

  test("two sessions on one file do not wait for each other's calls", async () => {
    const database = join(folder.path, "shared.db");
    const asked = Promise.withResolvers<void>();
    const mayAnswer = Promise.withResolvers<void>();
    const slowly = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
      asked.resolve();
      await mayAnswer.promise;
      return fetch(input, init);
    };
    const connection = { fetch: slowly, baseUrl: server.url };
    await using one = await openSession({ database, connection, env: env() });
    await using two = await openSession({ database, connection: "openai", env: env() });
    await one.execute("CREATE TABLE t(x)");
    const slow = one.execute("INSERT INTO t SELECT GenerateResponse('slow')");
    await asked.promise;
    await two.execute("INSERT INTO t VALUES ('quick')");
    expect(await (await two.execute("SELECT x FROM t")).all()).toEqual([{ x: "quick" }]);
    mayAnswer.resolve();
    await slow;
    expect(await (await two.execute("SELECT count(*) AS n FROM t")).first()).toEqual({ n: 2 });
  });
});

describe("a connection of one's own", () => {
  const embed = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const { input: text } = (await new Request(input, init).json()) as { input: string };
    asked.push([input instanceof Request ? input.url : String(input), text]);
    return Response.json({
      data: [{ index: 0, embedding: [0.5, 1] }],
      model: "mine",
      usage: { prompt_tokens: 3 },
    });
  };
  const asked: [string, string][] = [];

  test("is a fetch, which the protocol runs over", async () => {
    await using session = await openSession({
      connection: { fetch: embed, baseUrl: "https://gateway.example/v1", models: { embedding: "mine" } },
      env: {},
    });
    const result = await session.execute("CALL GetEmbeddings(:t)", { t: "hello" });
    expect(await result.first()).toMatchObject({
      Embedding_Dimensions: 2,
      Model_Used: "mine",
      Model: "mine",
    });
    expect(asked).toEqual([["https://gateway.example/v1/embeddings", "hello"]]);
  });

  test("gives vectors, which are told as such with and without an alias", async () => {
    await using session = await openSession({
      connection: { fetch: embed, baseUrl: "https://gateway.example/v1", models: { embedding: "mine" } },
      env: {},
    });
    const { columns } = await session.execute(
      "SELECT GetEmbeddings('x'), getembeddings ('x'), length(GetEmbeddings('x')), GetEmbeddings('x') AS text_embedding",
    );
    expect(columns.map(({ name, format }) => [name, format])).toEqual([
      ["GetEmbeddings('x')", "embedding"],
      ["getembeddings ('x')", "embedding"],
      ["length(GetEmbeddings('x'))", undefined],
      ["text_embedding", "embedding"],
    ]);
  });

  test("that is not complete is refused when the session is opened", async () => {
    const bad = [{}, { send: () => undefined, name: "x", models: {} }, { fetch: "https://…" }];
    for (const connection of bad) {
      expect(await codeOf(openSession({ connection: connection as never, env: {} }))).toBe(
        "connect/bad-connection",
      );
    }
    const connection = { fetch: embed, baseUrl: "ftp://x" };
    expect(await codeOf(openSession({ connection, env: {} }))).toBe("connect/bad-base-url");
  });
});

describe("the ledger of a session", () => {
  test("that is named keeps answers for the next session, one that is not goes with it", async () => {
    const ledger = join(folder.path, "kept/ledger.db");
    const ask = async (options: SessionOptions): Promise<number> => {
      await using session = await openSession({ connection: "openai", env: env(), ...options });
      await session.execute("SET cache = 'on'");
      return (await session.execute("CALL GenerateResponse('remember')")).counts.made;
    };
    expect([await ask({ ledger }), await ask({ ledger })]).toEqual([1, 0]);
    expect([await ask({}), await ask({}), await ask({ ledger: ":memory:" })]).toEqual([1, 1, 1]);
  });

  test("that cannot be opened says so", async () => {
    await using session = await openSession({ connection: "openai", env: env(), ledger: folder.path });
    expect(await codeOf(session.execute("CALL GenerateResponse('hi')"))).toMatch(/^ledger\//);
  });
});

describe("importRows", () => {
  test("takes rows as they come, in one transaction", async () => {
    await using session = await open();
    async function* rows(): AsyncGenerator<readonly [number, string]> {
      for (let id = 1; id <= 1000; id++) yield [id, `body ${id}`];
    }
    expect(await session.importRows("t", ["id", "body"], rows())).toBe(1000);
    const ragged = [[1, "a"], [2]];
    expect(await codeOf(session.importRows("t", ["id", "body"], ragged))).toBe("session/import-mismatch");
    expect(await (await session.execute("SELECT count(*) AS n FROM t")).first()).toEqual({ n: 1000 });
  });
});

describe("a session", () => {
  test("tells of progress while it calls", async () => {
    await using session = await open();
    const news: Progress[] = [];
    const sql = "SELECT GenerateResponse('p' || value) FROM json_each('[1,2,3,4]')";
    await session.execute(sql, {}, { onProgress: (progress) => news.push(progress) });
    expect(news.length).toBeGreaterThanOrEqual(4);
    expect(news.at(-1)).toMatchObject({ callsDone: 4, callsKnown: 4, inFlight: 0, failed: 0 });
    expect(news.some(({ mayGrow }) => mayGrow)).toBe(false);
    // Rows that no pass has seen yet: nobody can tell how many calls they need.
    const many: Progress[] = [];
    await session.execute("SET concurrency = 2");
    await session.execute(
      "SELECT GenerateResponse('q' || value) FROM json_each(:numbers)",
      { numbers: JSON.stringify(Array.from({ length: 60 }, (_, index) => index)) },
      { onProgress: (progress) => many.push(progress) },
    );
    expect(many[0]).toMatchObject({ mayGrow: true });
    expect(many[0]?.callsKnown).toBeLessThan(60);
    expect(many.at(-1)).not.toHaveProperty("mayGrow");
    const spent = news.map(({ tokens, costUsd }) => [tokens, costUsd] as const);
    expect(spent.at(-1)?.[0]).toBeGreaterThan(10);
    expect(spent.at(-1)?.[1]).toBeGreaterThan(0);
    for (const index of [0, 1]) {
      const column = spent.map((pair) => pair[index] ?? 0);
      expect(column).toEqual(column.toSorted((a, b) => a - b));
    }
  });

  test("runs the statements of a script", async () => {
    await using session = await open();
    const script = session.parse(
      "CREATE TABLE t(x); INSERT INTO t VALUES (ModerateText('hi')); SELECT x FROM t",
      "a.sql",
    );
    expect(script.diagnostics).toEqual([]);
    const results = [];
    for (const statement of script.statements) results.push(await (await session.execute(statement)).all());
    expect(results).toEqual([[], [], [{ x: 0 }]]);
  });

  test("without a connection calls nothing and says so", async () => {
    await using session = await openSession({ env: {} });
    expect(await codeOf(session.execute("CALL GenerateResponse('hi')"))).toBe("connect/none");
    expect(await (await session.execute("SELECT 1 AS one")).first()).toEqual({ one: 1 });
    expect(await codeOf(openSession({ connection: "nonsense", env: {} }))).toBe("connect/unknown");
  });

  test("reads no file unless the host allows it", async () => {
    await using closed = await open();
    expect(await codeOf(closed.execute("SELECT readfile('package.json')"))).toMatch(/^sql\//);
    await using opened = await openSession({ files: true });
    expect(
      await (await opened.execute("SELECT length(readfile('package.json')) > 10 AS ok")).first(),
    ).toEqual({ ok: 1 });
  });

  test("closes once, waits for what runs, and runs nothing afterwards", async () => {
    const session = await open();
    server.script(faults.delay(100));
    const running = session.execute("CALL GenerateResponse('last words')");
    await session.close();
    await session.close();
    expect((await running).counts.made).toBe(1);
    expect(await codeOf(session.execute("SELECT 1"))).toBe("session/closed");
  });

  test("does not begin what was cancelled before its turn", async () => {
    await using session = await open();
    server.script(faults.delay(300, { when: 1 }));
    const slow = session.execute("CALL GenerateResponse('slow')");
    const controller = new AbortController();
    const { signal } = controller;
    const waiting = [
      session.execute("CREATE TABLE t(x)", {}, { signal }),
      session.importRows("t", ["x"], [[1]], { signal }),
      session.refreshModels({ signal }),
    ].map(codeOf);
    const next = session.execute("SELECT count(*) AS n FROM sqlite_schema");
    controller.abort();
    // At once, not when their turn comes.
    expect(await Promise.race([Promise.all(waiting), slow])).toEqual(
      Array.from(waiting, () => "call/cancelled"),
    );
    expect((await slow).counts.made).toBe(1);
    expect(await (await next).first()).toEqual({ n: 0 });
    expect(await codeOf(session.execute("SELECT 1", {}, { signal }))).toBe("call/cancelled");
  });

  test("takes an import back that is cancelled", async () => {
    await using session = await open();
    const controller = new AbortController();
    function* rows() {
      yield [1];
      controller.abort();
      yield [2];
    }
    const { signal } = controller;
    expect(await codeOf(session.importRows("t", ["x"], rows(), { signal }))).toBe("call/cancelled");
    expect(await (await session.execute("SELECT count(*) AS n FROM sqlite_schema")).first()).toEqual({
      n: 0,
    });
  });

  test("lets a query be cancelled and goes on", async () => {
    await using session = await open();
    server.script(faults.delay(60_000, { when: 1 }));
    await session.execute("SET drain = 0");
    const controller = new AbortController();
    void vi.waitUntil(() => server.inFlight === 1, { timeout: 20_000 }).then(() => controller.abort());
    const { signal } = controller;
    expect(await codeOf(session.execute("CALL GenerateResponse('slow')", {}, { signal }))).toBe(
      "call/cancelled",
    );
    expect(await (await session.execute("CALL GenerateResponse('slow')")).first()).toMatchObject({
      Status: "completed",
    });
  });
});
