/** The routes of the server, over real HTTP, with real processes for statements. */
import { describe, expect, test } from "vitest";
import { faults, type Fault } from "../support/openai-server.ts";
import { ask, linesOf, startServing, type Asked } from "./support/serving.ts";
import { shareServing } from "./support/shared.ts";

const { api, serving, token } = await shareServing();

const execute = (body: object, headers: Record<string, string> = {}): Promise<Asked> =>
  ask(serving, "/v1/execute", { token, body, headers });

describe("POST /v1/execute", () => {
  test("a call of values, without a process", async () => {
    const { status, body } = await execute({
      command: "CALL GenerateResponse(:Message, Temperature => 0.5)",
      parameters: { Message: "hello" },
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      rows: [{ Response_Result: expect.stringContaining("hello"), Status: "completed" }],
      isTruncated: false,
      counts: { calls: 1, made: 1, failed: 0 },
    });
    expect(api.requests[0]?.body).toMatchObject({ input: "hello", temperature: 0.5 });
  });

  test("SQL with calls, in a process, whose calls the server makes", async () => {
    const { body } = await execute({
      command: "SELECT id, GenerateResponse(body) AS reply FROM t WHERE id <= :most ORDER BY id",
      parameters: { most: 2 },
    });
    expect(body).toMatchObject({
      columns: [{ name: "id", type: "INTEGER" }, { name: "reply" }],
      rows: [
        { id: 1, reply: expect.stringContaining("one") },
        { id: 2, reply: expect.stringContaining("two") },
      ],
      counts: { calls: 2, made: 2 },
    });
    expect(api.requests).toHaveLength(2);
  });

  test("as lines", async () => {
    const { headers, text } = await execute(
      { command: "SELECT id FROM t", format: "arrays" },
      { accept: "application/x-ndjson" },
    );
    expect(headers.get("content-type")).toBe("application/x-ndjson");
    expect(linesOf(text)).toMatchObject([
      { columns: [{ name: "id" }] },
      { row: [1] },
      { row: [2] },
      { end: { isTruncated: false, affectedRows: 0 } },
    ]);
  });

  test("every type of parameter and value", async () => {
    const png =
      "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
    const { text, body } = await ask(serving, "/v1/execute", {
      token,
      body: `{"command": "SELECT :a, @b, $c, :d, :e, :f, :g, typeof(:h) AS h, :i AS i, :big AS big, 9223372036854775807 AS most,
        1 AS x, 2 AS x, x'00ff' AS bytes, NULL AS __proto__", "format": "arrays", "parameters": {
        "a": "text", ":b": 1.5, "$c": 7, "d": true, "e": null, "f": [1, {"x": "y"}], "g": {"k": 1},
        "h": {"type": "real", "value": 2}, "i": {"type": "bytes", "value": "${png}"}, "big": 9007199254740993}}`.replaceAll(
        "\n",
        " ",
      ),
    });
    expect(body?.["rows"]).toMatchObject([
      [
        "text",
        1.5,
        7,
        1,
        null,
        '[1,{"x":"y"}]',
        '{"k":1}',
        "integer",
        { $base64: true, encoded: png, mimeType: "image/png" },
        expect.anything(),
        expect.anything(),
        1,
        2,
        { $base64: true, encoded: "AP8=", mimeType: "application/octet-stream" },
        null,
      ],
    ]);
    expect(text).toContain("9007199254740993,9223372036854775807");
  });

  test("names that are equal, or __proto__, keep their columns", async () => {
    const { text } = await execute({ command: `SELECT 1 AS a, 2 AS a, 3 AS "__proto__", 4 AS constructor` });
    expect(text).toContain(`"rows":[{"a":1,"a_2":2,"__proto__":3,"constructor":4}]`);
  });

  test("vectors are arrays of numbers", async () => {
    const { body } = await execute({
      command: "CALL GetEmbeddings(:Text, Dimensions => 4)",
      parameters: { Text: "v" },
    });
    expect(body?.["rows"]).toMatchObject([
      { Embedding: Array.from({ length: 4 }, () => expect.any(Number)) },
    ]);
  });

  test("no more rows than were asked for, and it says that there were more", async () => {
    const numbers =
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 5000) SELECT i FROM n";
    const { body } = await execute({ command: numbers, pageSize: 1500 });
    expect(body).toMatchObject({ isTruncated: true, rows: { length: 1500 } });
    const { body: exact } = await execute({ command: numbers, pageSize: 5000 });
    expect(exact).toMatchObject({ isTruncated: false, rows: { length: 5000 } });
  });

  test("only described with schemaOnly", async () => {
    const { body } = await execute({
      command: "SELECT GenerateResponse(:m) AS reply, :n AS n",
      schemaOnly: true,
    });
    expect(body).toMatchObject({
      columns: [{ name: "reply" }, { name: "n" }],
      rows: [],
      parameters: [
        { name: "m", procedure: "GenerateResponse", parameter: "Message", type: "text", isRequired: true },
        { name: "n" },
      ],
    });
    expect(api.requests).toEqual([]);
  });

  test("asks anew, unless recorded answers are wanted", async () => {
    const command = "CALL GenerateResponse('again')";
    const counts = [];
    for (const cache of [undefined, undefined, "run", "off"]) {
      counts.push((await execute({ command, cache })).body?.["counts"]);
    }
    expect(counts).toMatchObject([{ made: 1 }, { made: 1 }, { made: 0, cached: 1 }, { made: 1 }]);
  });

  test("a mistake is a problem, with code, span and hint", async () => {
    const command = "SELECT GenerateResponse(Mesage => 'x')";
    const { status, headers, body } = await execute({ command });
    expect([status, headers.get("content-type")]).toEqual([400, "application/problem+json"]);
    expect(body).toMatchObject({
      type: "urn:callsql:bind/unknown-parameter",
      status: 400,
      code: "bind/unknown-parameter",
      hint: 'did you mean "Message"?',
      span: { start: 24, end: 30 },
    });
  });

  test.each([
    [{}, 400, "serve/bad-body"],
    [{ command: "" }, 400, "serve/bad-body"],
    [{ command: "SELECT 1", typo: 1 }, 400, "serve/bad-body"],
    [{ command: "SELECT 1", pageSize: 0 }, 400, "serve/bad-body"],
    [{ command: "SELECT :a", parameters: { a: { type: "bytes", value: "?" } } }, 400, "serve/bad-body"],
    [{ command: "SELECT :a", parameters: { a: { type: "integer", value: 1.5 } } }, 400, "serve/bad-body"],
    [{ command: "SELECT :a" }, 400, "bind/missing-bind"],
    [{ command: "SELECT 1; SELECT 2" }, 400, "session/one-statement"],
    [{ command: "SELECT 1\0, 2" }, 400, "parse/nul"],
    [{ command: "SELECT nope FROM t" }, 400, "sql/error"],
    [{ command: "CALL Nope(1)" }, 404, "bind/unknown-procedure"],
    [{ command: "DROP TABLE t" }, 403, "serve/read-only"],
    [{ command: "SELECT 1", connection: "offline" }, 403, "serve/connection-refused"],
  ])("%j is %i %s", async (body, status, code) => {
    const answer = await execute(body);
    expect([answer.status, answer.body?.["code"]]).toEqual([status, code]);
  });

  test("hints are of use to who asks over HTTP, or name who runs the server", async () => {
    expect((await execute({ command: "SELECT :a" })).body?.["hint"]).toContain('"parameters"');
    expect((await execute({ command: "CALL GenerateResponse(:a)" })).body?.["hint"]).toContain(
      '"parameters"',
    );
    expect((await execute({ command: "SELEC 1" })).body).toMatchObject({
      status: 400,
      code: "sql/error",
      hint: 'did you mean "SELECT"?',
      span: { start: 0, end: 5 },
    });
  });

  test("a name that is not known is said, and explains the one that is missing", async () => {
    expect((await execute({ comand: "SELECT 1" })).body?.["title"]).toContain('"comand"');
  });

  test("failures of the service are told apart from mistakes", async () => {
    const statuses = [];
    for (const fault of [
      faults.contentPolicy(),
      faults.unauthorized("sk-canary-0123456789"),
      faults.insufficientQuota(),
    ]) {
      api.reset();
      api.script(fault);
      const { status, body } = await execute({ command: "CALL GenerateResponse('x')" });
      statuses.push([status, body?.["code"]]);
    }
    expect(statuses).toEqual([
      [422, "call/failed"],
      [502, "connect/refused"],
      [502, "connect/no-credit"],
    ]);
  });

  test.each<readonly [string, Fault, RegExp]>([
    [
      "connect/refused",
      faults.unauthorized("sk-canary-0123456789"),
      /^who runs the server: callsql connect show/,
    ],
    ["connect/no-credit", faults.insufficientQuota(), /^who runs the server: add credit/],
    [
      "call/failed",
      faults.contentPolicy(),
      /^as a table, SELECT \* FROM the call, it gives a row with its error/,
    ],
  ])("%s over HTTP names what the caller or who runs the server can do", async (code, fault, hint) => {
    api.reset();
    api.script(fault);
    const { body } = await execute({ command: "CALL GenerateResponse('x')" });
    expect(body).toMatchObject({ code, hint: expect.stringMatching(hint) });
  });

  test("behind --replay a caller is told what finds the record, and what only the operator can do", async () => {
    const settings = [{ option: "cache", value: "only" }];
    await using replaying = await startServing(api.url, { settings });
    const { body } = await ask(replaying, "/v1/execute", {
      token: replaying.token("first"),
      body: { command: "CALL GenerateResponse('x')" },
    });
    expect(body).toMatchObject({
      code: "ledger/not-recorded",
      hint: expect.stringMatching(/^"cache": "run" finds .*; who runs the server: without --replay /),
    });
    expect(api.requests).toEqual([]);
  });

  test("what only the operator can do says so", async () => {
    const refused = await execute({ command: "DROP TABLE t" });
    expect(refused.body).toMatchObject({ hint: expect.stringMatching(/^who runs the server: .*--writable/) });
  });

  test("an error behind the first line is the last line", async () => {
    const { status, text } = await execute(
      {
        command:
          "SELECT id, abs(CASE id WHEN 12000 THEN -9223372036854775807 - 1 ELSE id END) AS x FROM (WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n LIMIT 20000) SELECT id FROM n)",
      },
      { accept: "application/x-ndjson" },
    );
    expect(status).toBe(200);
    expect(linesOf(text).at(-1)).toMatchObject({ error: { status: 400, code: "sql/error" } });
  });
});

test("statements write where the server lets them, with calls and for each of many rows", async () => {
  await using own = await startServing(api.url, { isWritable: true });
  const as = own.token("first");
  const run = (command: string): Promise<Asked> => ask(own, "/v1/execute", { token: as, body: { command } });
  expect((await run("CREATE TABLE r(id, reply)")).status).toBe(200);
  const written = await run("INSERT INTO r SELECT id, GenerateResponse(body) FROM t");
  expect(written.body).toMatchObject({ affectedRows: 2, counts: { made: 2 } });
  const each = await ask(own, "/v1/execute-each", {
    token: as,
    body: '{"command": "INSERT INTO r VALUES (:id, :text) RETURNING id"}\n{"id": 7, "text": "x"}\n{"id": 8, "text": "y"}\n',
    headers: { "content-type": "application/x-ndjson" },
  });
  expect(linesOf(each.text).at(-1)).toMatchObject({ end: { counts: { matched: 2 } } });
  expect((await run("SELECT count(*) AS n FROM r")).body).toMatchObject({ rows: [{ n: 4 }] });
  expect((await execute({ command: "DELETE FROM t" })).body).toMatchObject({ code: "serve/read-only" });
});

test("POST /v1/explain says what would be called, and calls nothing", async () => {
  const { body } = await ask(serving, "/v1/explain", {
    token,
    body: { command: "SELECT GenerateResponse(body, :i) FROM t", parameters: { i: "short" } },
  });
  expect(body).toMatchObject({
    sites: [{ site: 1, procedure: "GenerateResponse", calls: 2, bound: "exact", requests: 2 }],
    warnings: [],
  });
  expect(api.requests).toEqual([]);
});

describe("POST /v1/explain counts what is recorded for the token", () => {
  const command = "SELECT GenerateResponse('explained ' || id) AS r FROM t";
  const explain = async (as: string, options: object = {}) => {
    const { body } = await ask(serving, "/v1/explain", { token: as, body: { command, ...options } });
    const [site] = (body?.["sites"] ?? []) as Record<string, unknown>[];
    return [site?.["calls"], site?.["recorded"], site?.["requests"]];
  };

  test("where a request would use it", async () => {
    expect(await explain(token, { cache: "run" })).toEqual([2, 0, 2]);
    await execute({ command: "CALL GenerateResponse('explained 2')" });
    expect(await explain(token, { cache: "run" })).toEqual([2, 1, 1]);
    expect(await explain(token)).toEqual([2, 0, 2]);
    expect(await explain(serving.token("explains"), { cache: "run" })).toEqual([2, 0, 2]);
    expect(api.requests).toHaveLength(1);
  });

  test("calls that depend on a recorded answer are counted by it", async () => {
    const nested = "SELECT GenerateResponse(GenerateResponse('inner')) AS r";
    const body = { command: nested, cache: "run" };
    const sites = async (): Promise<unknown> => {
      const { body: answer } = await ask(serving, "/v1/explain", { token, body });
      return ((answer?.["sites"] ?? []) as Record<string, unknown>[])
        .toSorted((a, b) => Number(a["site"]) - Number(b["site"]))
        .map(({ calls, bound, recorded }) => [calls, bound, recorded]);
    };
    expect(await sites()).toEqual([
      [0, "at least", 0],
      [1, "exact", 0],
    ]);
    await execute({ command: "CALL GenerateResponse('inner')" });
    expect(await sites()).toEqual([
      [1, "exact", 0],
      [1, "exact", 1],
    ]);
  });

  test("of the connection the request names", async () => {
    const allowed = serving.token("explains-offline", { connections: ["offline"] });
    const body = { command: "CALL ModerateText('x')", connection: "offline" };
    const { body: answer } = await ask(serving, "/v1/explain", { token: allowed, body });
    expect(answer).toMatchObject({ sites: [{ connections: ["offline"], models: ["offline-moderation"] }] });
    const refused = await ask(serving, "/v1/explain", { token, body });
    expect([refused.status, refused.body?.["code"]]).toEqual([403, "serve/connection-refused"]);
  });
});

test("GET /v1/procedures and one of them", async () => {
  const { body } = await ask(serving, "/v1/procedures", { token });
  expect(body?.["procedures"]).toContainEqual(
    expect.objectContaining({
      name: "GetEmbeddings",
      signature: "GetEmbeddings(Text, [Model], [Dimensions])",
    }),
  );
  const { body: one } = await ask(serving, "/v1/procedures/getembeddings", { token });
  expect(one).toMatchObject({
    name: "GetEmbeddings",
    primary: "Embedding",
    parameters: [{ name: "Text", isRequired: true }, {}, {}],
  });
  expect((await ask(serving, "/v1/procedures/nope", { token })).status).toBe(404);
});

test("GET /v1/runs shows the token's own", async () => {
  await execute({ command: "CALL GenerateResponse('recorded')" });
  const { body } = await ask(serving, "/v1/runs", { token });
  expect(body).toMatchObject({ runs: [{ status: "running", succeeded: expect.any(Number) }] });
  const other = await ask(serving, "/v1/runs", { token: serving.token("other") });
  expect(other.body).toEqual({ runs: [] });
});

test("GET /healthz needs no token, GET /metrics counts", async () => {
  expect((await ask(serving, "/healthz")).body).toMatchObject({ status: "ok" });
  const { text, headers } = await ask(serving, "/metrics", { token });
  expect(headers.get("content-type")).toContain("version=0.0.4");
  expect(text).toMatch(/callsql_requests_total\{route="\/v1\/execute",status="200"\} \d+/);
  expect(text).toMatch(/callsql_request_duration_seconds_bucket\{route="\/healthz",le="\+Inf"\} 1/);
  for (const line of text.trimEnd().split("\n")) {
    expect(line).toMatch(/^(# (HELP|TYPE) \w+ .+|[a-z_]+(\{.*\})? -?[\d.e+-]+)$/);
  }
});

test("the log has one line a request, without commands and values", async () => {
  const before = serving.log.length;
  await execute({ command: "CALL GenerateResponse('a secret prompt')" });
  await ask(serving, "/v1/nowhere/secret", { token });
  expect(serving.log.slice(before)).toMatchObject([
    { method: "POST", route: "/v1/execute", status: 200, token: "first", rows: 1, calls: 1 },
    { method: "GET", route: "unknown", status: 404, code: "serve/not-found" },
  ]);
  expect(JSON.stringify(serving.log)).not.toContain("secret");
});
