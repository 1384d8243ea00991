/**
 * What a statement does when the service misbehaves: through openSession and the OpenAI connection, against the
 * protocol test server with scripted faults (reference reliability.md, F1 and F7 to F13).
 * Most of it is waiting, so tests run side by side, each with a server of its own.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { assert, describe, expect, test, vi } from "vitest";
import { DiagnosticError, exitCodeOf, type Counts, type Diagnostic } from "../../src/index.ts";
import { emptyData, failed, faults, refusal, type Fault } from "../support/openai-server.ts";
import { key, open, timed, type Opened, type OpenOptions } from "./support/open.ts";
import { times } from "./support/soak.ts";

const sentences = "SELECT id, body, GenerateResponse(body) AS reply FROM t ORDER BY id";
const bare = "CALL GenerateResponse('row 1')";

/** The error that a statement ends with. */
async function errorOf(work: Promise<unknown>): Promise<DiagnosticError> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof DiagnosticError) return error;
  throw new Error(`a DiagnosticError was expected, not ${String(error)}`, { cause: error });
}

/** The test server answers with the text it was given. */
function expectRightReplies(rows: readonly Readonly<Record<string, unknown>>[], count: number): void {
  expect(rows).toHaveLength(count);
  const wrong = rows.filter(({ body, reply }) => !String(reply).endsWith(`: ${String(body)}`));
  expect(wrong).toEqual([]);
}

function codesOf(items: readonly Diagnostic[]): string[] {
  return items.map(({ code }) => code);
}

describe.concurrent("a passing trouble is tried again", () => {
  const passing: readonly (readonly [string, Fault, number])[] = [
    ["429 without Retry-After", faults.rateLimited(undefined, { when: 1 }), 1],
    ["429 with Retry-After", faults.rateLimited("0.2", { when: 1 }), 1],
    ["500", faults.serverError({ when: 1 }), 1],
    ["503", faults.overloaded({ when: 1 }), 1],
    ["a reset before the work", faults.reset("request", { when: 1 }), 1],
    ["a reset behind the work, which is billed twice", faults.reset("work", { when: 1 }), 2],
    ["a cut body", faults.cut({ when: 1 }), 2],
    ["malformed JSON", faults.malformed({ when: 1 }), 2],
    ["an empty 200", faults.empty({ when: 1 }), 2],
    ["an HTML page of a proxy", { when: 1, action: { kind: "status", status: 502, body: "<html>" } }, 1],
  ];
  test.each(passing)("%s", async (_, fault, charged) => {
    await using opened = await open({ faults: [fault] });
    const result = await opened.session.execute(bare);
    expect(result.counts).toMatchObject({ calls: 1, made: 1, failed: 0 });
    expect(result.warnings).toEqual([]);
    expect(await result.all()).toMatchObject([
      {
        Response_Result: expect.stringMatching(/: row 1$/),
        Attempts: 2,
        Status: "completed",
        Error_Code: null,
      },
    ]);
    expect(opened.server.requests).toHaveLength(2);
    expect(opened.server.charged).toBe(charged);
  });

  test.each([
    ["no headers", faults.hang({ when: 1 })],
    ["a body that stalls", faults.stall({ when: 1 })],
    ["a body that drips", faults.slow(1, 100, { when: 1 })],
  ])("%s, at the end of SET timeout", async (_, fault) => {
    await using opened = await open({ faults: [fault], set: { timeout: 1 } });
    const { ms, value } = await timed(() => opened.all(bare));
    expect(value).toMatchObject([{ Attempts: 2, Status: "completed" }]);
    expect(ms).toBeGreaterThan(990);
    expect(opened.server.requests).toHaveLength(2);
  });

  test("sockets that the service closes while idle cost no row", { timeout: 120_000 }, async () => {
    await using opened = await open({ keepAliveMs: 50, set: { cache: "off" } });
    for (let number = 0; number < times(40, 1000); number++) {
      expect(await opened.all(bare)).toMatchObject([{ Status: "completed" }]);
      await sleep(45 + (number % 11));
    }
  });
});

describe.concurrent("attempts end", () => {
  test("max_attempts counts the first one too; a bare CALL then says it is worth trying later", async () => {
    await using opened = await open({ faults: [faults.serverError()], set: { max_attempts: 3 } });
    const error = await errorOf(opened.all(bare));
    expect(error.code).toBe("call/attempts-used-up");
    expect(error.message).toContain("The server had an error");
    expect(exitCodeOf(error)).toBe(3);
    expect(opened.server.requests).toHaveLength(3);
  });

  test("a row of a query says how often it was tried and what came last", async () => {
    const only2: Fault = faults.serverError({ when: ({ body }) => body["input"] === "row 2" });
    await using opened = await open({ rows: 3, faults: [only2], set: { max_attempts: 2 } });
    const sql = `SELECT t.id, r.Response_Result IS NULL AS bare, r.Attempts, r.Http_Status, r.Error_Type, r.Status
                 FROM t, GenerateResponse(t.body) r ORDER BY t.id`;
    const fine = { bare: 0, Attempts: 1, Http_Status: 200, Error_Type: null, Status: "completed" };
    expect(await opened.all(sql)).toEqual([
      { id: 1, ...fine },
      { id: 2, bare: 1, Attempts: 2, Http_Status: 500, Error_Type: "server_error", Status: "failed" },
      { id: 3, ...fine },
    ]);
    expect(opened.server.requests).toHaveLength(4);
  });

  test.each([
    ["a hang", faults.hang(), "call/timeout"],
    ["a stalled body", faults.stall(), "call/timeout"],
    ["a cut body", faults.cut(), "call/bad-answer"],
    ["malformed JSON", faults.malformed(), "call/bad-answer"],
    ["an empty 200", faults.empty(), "call/bad-answer"],
  ])("%s for ever is an error row", async (_, fault, code) => {
    const set = { timeout: 1, max_attempts: 2, on_error: "row" };
    await using opened = await open({ faults: [fault], set });
    expect(await opened.all(bare)).toMatchObject([
      { Response_Result: null, Error_Code: code, Attempts: 2, Status: "failed" },
    ]);
    expect(opened.server.requests).toHaveLength(2);
  });

  test("a service that always breaks the connection stops the statement: exit code 3", async () => {
    const set = { max_attempts: 2, on_error: "row", concurrency: 2 };
    await using opened = await open({ faults: [faults.reset("request")], set });
    const error = await errorOf(opened.all(sentences));
    expect(error.code).toBe("connect/unreachable");
    expect(exitCodeOf(error)).toBe(3);
    expect(opened.server.requests.length).toBeLessThanOrEqual(4);
  });
});

describe.concurrent("429 and overload slow everybody down", () => {
  test("nothing is sent before Retry-After has passed, for any row", async () => {
    // The first four are under way together; the refusal is the first to be answered.
    const first = [faults.delay(500, { when: 1 }), faults.rateLimited("1", { when: 1 })];
    const script = [...first, faults.delay(800, { when: [2, 3, 4] })];
    await using opened = await open({ rows: 12, faults: script, set: { concurrency: 4 } });
    expectRightReplies(await opened.all(sentences), 12);
    const [refused, ...others] = opened.server.requests;
    const refusedAt = refused?.endedAt ?? 0;
    const later = others.filter(({ receivedAt }) => receivedAt > refusedAt);
    expect(later.length).toBeGreaterThanOrEqual(9);
    expect(Math.min(...later.map(({ receivedAt }) => receivedAt)) - refusedAt).toBeGreaterThanOrEqual(995);
  });

  test("an outage is survived, with few requests meanwhile", async () => {
    await using opened = await open({
      rows: 40,
      faults: [faults.overloaded()],
      set: { concurrency: 8, max_attempts: 12 },
    });
    setTimeout(() => opened.server.heal(), 2000);
    expectRightReplies(await opened.all(sentences), 40);
    const refused = opened.server.requests.filter(({ status }) => status === 503);
    expect(refused.length).toBeLessThanOrEqual(2 * 8 + 2);
  });

  test.each(["-1", "abc", "1.5e3", "1, 2"])(
    "an unreadable Retry-After (%s) means no header",
    async (header) => {
      await using opened = await open({ faults: [faults.rateLimited(header, { when: 1 })] });
      expect(await opened.all(bare)).toMatchObject([{ Attempts: 2, Status: "completed" }]);
    },
  );

  test("a Retry-After of a day stops the statement at once, and nothing more is sent", async () => {
    const set = { concurrency: 2, on_error: "row" };
    await using opened = await open({ faults: [faults.rateLimited("86400")], set });
    const error = await errorOf(opened.all(sentences));
    expect(error.code).toBe("connect/asked-to-wait");
    expect(error.message).toContain("1440 minutes");
    expect(opened.server.requests.length).toBeLessThanOrEqual(3);
    // The next statement asks again, once.
    opened.server.heal();
    expectRightReplies(await opened.all(sentences), 10);
  });
});

describe.concurrent("what no further call can survive stops the statement, whatever on_error says", () => {
  const stopping: readonly (readonly [string, Fault, string, number])[] = [
    ["no credit (429 insufficient_quota)", faults.insufficientQuota(), "connect/no-credit", 2],
    ["a refused key", faults.unauthorized(key), "connect/refused", 6],
    ["a forbidden region", faults.status(403, { message: "Country not supported" }), "connect/refused", 6],
    ["a redirect", faults.redirect("http://127.0.0.1:9/"), "connect/redirect", 2],
  ];
  for (const onError of ["auto", "abort", "row"]) {
    test.each(stopping)(`%s, on_error = ${onError}`, async (_, fault, code, exitCode) => {
      const script = [faults.delay(20), { ...fault, when: ({ number }: { number: number }) => number > 6 }];
      const set = { on_error: onError, concurrency: 4 };
      await using opened = await open({ rows: 40, faults: script, set });
      await opened.session.execute("CREATE TABLE out(id, reply)");
      const error = await errorOf(opened.all("INSERT INTO out SELECT id, GenerateResponse(body) FROM t"));
      expect(error.code).toBe(code);
      expect(exitCodeOf(error)).toBe(exitCode);
      expect(JSON.stringify(error.diagnostics) + error.message).not.toContain("canary");
      expect(await opened.all("SELECT count(*) AS n FROM out")).toEqual([{ n: 0 }]);
      // None is sent twice, and no more than were in flight when the first was refused.
      expect(opened.server.requests.length).toBeLessThanOrEqual(6 + 4);
      const inputs = opened.server.requests.map(({ body }) => body["input"]);
      expect(new Set(inputs).size).toBe(inputs.length);
    });
  }

  test("an unknown model", async () => {
    await using opened = await open({ set: { on_error: "row", concurrency: 1 } });
    const error = await errorOf(opened.all("SELECT GenerateResponse(body, Model => 'missing-9') FROM t"));
    expect(error.code).toBe("connect/unknown-model");
    expect(error.message).toContain("missing-9");
    expect(opened.server.requests).toHaveLength(1);
  });

  test("answers bought before are not bought again", async () => {
    const broken = faults.insufficientQuota({ when: ({ number }) => number > 4 });
    await using opened = await open({ faults: [broken], set: { concurrency: 1 } });
    await errorOf(opened.all(sentences));
    opened.server.heal();
    expectRightReplies(await opened.all(sentences), 10);
    expect(opened.server.charged).toBe(10);
  });
});

describe.concurrent("what only one call can help is an error of its row", () => {
  const row3 = { when: ({ body }: { body: Readonly<Record<string, unknown>> }) => body["input"] === "row 3" };
  const policy = faults.contentPolicy(row3);

  test("with on_error = 'row' a bare CALL gives NULL and the error columns, and warns", async () => {
    await using opened = await open({ faults: [faults.contentPolicy()], set: { on_error: "row" } });
    const result = await opened.session.execute(bare);
    expect(result.counts).toMatchObject({ calls: 1, made: 1, failed: 1 });
    expect(codesOf(result.warnings)).toEqual(["call/row-failed"]);
    expect(result.warnings[0]?.message).toMatch(/^row 1: GenerateResponse failed: .*safety system/);
    expect(await result.all()).toMatchObject([
      {
        Response_Result: null,
        Status: "failed",
        Error_Code: "content_policy_violation",
        Error_Type: "image_generation_user_error",
        Error_Message: expect.stringContaining("safety system"),
        Http_Status: 400,
        Request_Id: expect.stringMatching(/^req_/),
        Attempts: 1,
        Message: "row 1",
      },
    ]);
    expect(opened.server.requests).toHaveLength(1);
  });

  test("by default it aborts a bare CALL", async () => {
    await using opened = await open({ faults: [faults.contentPolicy()] });
    const error = await errorOf(opened.all(bare));
    expect(error.code).toBe("call/failed");
    expect(error.message).toContain("content_policy_violation");
    expect(error.diagnostics[0]).toMatchObject({ span: { start: 0, end: bare.length } });
    expect(exitCodeOf(error)).toBe(1);
  });

  test("by default it is a row of anything else: a value is NULL, with a warning that names the row", async () => {
    await using opened = await open({ faults: [policy] });
    const result = await opened.session.execute("SELECT id, body, GenerateResponse(body) AS reply FROM t");
    expect(codesOf(result.warnings)).toEqual(["call/row-failed"]);
    expect(result.warnings[0]?.message).toMatch(/^row 3: GenerateResponse failed: /);
    const rows = await result.all();
    expect(rows[2]).toEqual({ id: 3, body: "row 3", reply: null });
    expectRightReplies(rows.toSpliced(2, 1), 9);
  });

  test.each([
    ["sorted", `${sentences} DESC`],
    ["grouped", "SELECT max(GenerateResponse(body)) FROM t GROUP BY id"],
    ["counted", "SELECT count(GenerateResponse(body)) FROM t"],
    ["written", "INSERT INTO t SELECT id, GenerateResponse(body) FROM t"],
  ])("no row is named where rows are %s behind the calls", async (_, sql) => {
    await using opened = await open({ faults: [policy] });
    const { warnings } = await opened.session.execute(sql);
    expect(warnings.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^GenerateResponse for "row 3" failed: .*content_policy_violation/),
    ]);
  });

  test("with on_error = 'abort' nothing of a write stays", async () => {
    await using opened = await open({ faults: [policy], set: { on_error: "abort" } });
    await opened.session.execute("CREATE TABLE out(id, reply)");
    const error = await errorOf(opened.all("INSERT INTO out SELECT id, GenerateResponse(body) FROM t"));
    expect(error.code).toBe("call/failed");
    expect(await opened.all("SELECT count(*) AS n FROM out")).toEqual([{ n: 0 }]);
  });

  test.each([
    ["context length", { faults: [faults.contextLength()] }, "context_length_exceeded"],
    ["a refusal", { answer: (request) => refusal(request) }, "refusal"],
    ["200 with an error in it", { faults: [faults.errorInBody({ message: "No", code: "oops" })] }, "oops"],
    ["a failed response", { answer: (request) => failed(request) }, "server_error"],
  ] satisfies [string, OpenOptions, string][])("%s", async (_, options, code) => {
    await using opened = await open({ ...options, set: { on_error: "row" } });
    expect(await opened.all(bare)).toMatchObject([
      { Response_Result: null, Error_Code: code, Status: "failed" },
    ]);
  });

  test.each([
    ["GetEmbeddings('x')", "Embedding"],
    ["ModerateText('x')", "Flagged"],
  ])("an answer of %s with too few items", async (call, column) => {
    await using opened = await open({ faults: [faults.wrongCount()], set: { on_error: "row" } });
    expect(await opened.all(`CALL ${call}`)).toMatchObject([
      { [column]: null, Error_Code: "call/empty-answer", Status: "failed" },
    ]);
    expect(opened.server.requests).toHaveLength(1);
  });

  test("an empty list of images is no image", async () => {
    await using opened = await open({ answer: emptyData, set: { on_error: "row" } });
    expect(await opened.all("CALL GenerateImage('a cat')")).toMatchObject([
      { Image: null, Error_Code: "call/empty-answer", Http_Status: 200 },
    ]);
  });

  test("values refused here are never sent", async () => {
    await using opened = await open({ set: { on_error: "row" } });
    const sql = "SELECT r.Error_Code FROM t, GenerateResponse(t.body, Temperature => t.id) r ORDER BY t.id";
    const codes = (await opened.all(sql)).map((row) => row["Error_Code"]);
    expect(codes).toEqual([null, null, ...Array.from({ length: 8 }, () => "call/out-of-range")]);
    expect(opened.server.requests).toHaveLength(2);
  });
});

describe.concurrent("limits", () => {
  test("max_calls stops before the next call; what was bought is used when it is raised", async () => {
    await using opened = await open({ rows: 20, set: { max_calls: 5, concurrency: 4 } });
    const error = await errorOf(opened.all(sentences));
    expect(error.code).toBe("call/budget-reached");
    expect(exitCodeOf(error)).toBe(4);
    expect(opened.server.requests).toHaveLength(5);
    await opened.session.execute("RESET max_calls");
    expectRightReplies(await opened.all(sentences), 20);
    expect(opened.server.requests).toHaveLength(20);
  });

  test("a statement that fails still says what it has spent, and by which prices", async () => {
    await using opened = await open({ rows: 20, set: { max_calls: 5, concurrency: 1 } });
    let spent: Counts | undefined;
    const onFailed = (counts: Counts): void => {
      spent = counts;
    };
    await errorOf(opened.session.execute(sentences, {}, { onFailed }));
    expect(spent).toMatchObject({ made: 5, costAsOf: expect.stringMatching(/^\d{4}-\d\d-\d\d$/) });
    expect(spent?.costUsd).toBeGreaterThan(0);
  });

  test("max_calls counts calls, not attempts, and holds across statements", async () => {
    await using opened = await open({ faults: [faults.serverError({ when: 1 })], set: { max_calls: 2 } });
    await opened.all("CALL GenerateResponse('one')");
    await opened.all("CALL GenerateResponse('two')");
    expect((await errorOf(opened.all("CALL GenerateResponse('three')"))).code).toBe("call/budget-reached");
    expect(await opened.all("CALL GenerateResponse('two')")).toHaveLength(1);
  });

  test.each([1, 3, 16])("never more than concurrency = %d requests are in flight", async (concurrency) => {
    const script = [faults.delay(100), faults.serverError({ probability: 0.1 })];
    await using opened = await open({ rows: 36, faults: script, set: { concurrency } });
    expectRightReplies(await opened.all(sentences), 36);
    expect(opened.server.peakInFlight).toBe(concurrency);
  });

  test("equal calls are one request, equal requests of one statement too", async () => {
    await using opened = await open({ rows: 30 });
    await opened.all(
      "SELECT GenerateResponse('row ' || (id % 3)), GenerateResponse(Message => 'row ' || (id % 3)) FROM t",
    );
    expect(opened.server.requests).toHaveLength(3);
  });
});

describe.concurrent("an AbortSignal ends a statement promptly", () => {
  /** Aborted when so many requests have come. */
  const abortAfter = ({ server }: Opened, requests: number): AbortSignal => {
    const controller = new AbortController();
    void vi
      .waitUntil(() => server.requests.length >= requests, { timeout: 20_000 })
      .finally(() => controller.abort());
    return controller.signal;
  };
  const whileDoing: readonly (readonly [string, OpenOptions])[] = [
    ["while answers are awaited", { faults: [faults.delay(60_000)] }],
    ["while a body is read", { faults: [faults.stall()] }],
    ["while it backs off", { faults: [faults.serverError()], set: { max_attempts: 50 } }],
    ["while everybody waits for Retry-After", { faults: [faults.rateLimited("60")] }],
    ["while most calls wait for their turn", { faults: [faults.delay(60_000)], set: { concurrency: 1 } }],
  ];
  test.each(whileDoing)("%s", async (_, options) => {
    await using opened = await open({ rows: 40, ...options, set: { drain: 0.2, ...options.set } });
    // All that may be in flight has arrived: nothing else is on the wire.
    const signal = abortAfter(opened, Number(options.set?.["concurrency"] ?? 16));
    const { ms, value } = await timed(() => errorOf(opened.session.execute(sentences, {}, { signal })));
    expect(value?.code).toBe("call/cancelled");
    // It waits for none of what would take a minute.
    expect(ms).toBeLessThan(20_000);
    opened.server.heal();
    // What was on its way has arrived by then, and is the last.
    await vi.waitFor(() => assert.equal(opened.server.inFlight, 0), { timeout: 30_000 });
    await sleep(50);
    const sent = opened.server.requests.length;
    await sleep(300);
    expect(opened.server.requests).toHaveLength(sent);
  });

  test("before it starts: nothing is sent", async () => {
    await using opened = await open();
    const signal = AbortSignal.abort();
    expect((await errorOf(opened.session.execute(sentences, {}, { signal }))).code).toBe("call/cancelled");
    expect(opened.server.requests).toEqual([]);
  });

  test("the session goes on, and keeps the answers that had arrived", async () => {
    const slow = faults.delay(60_000, { when: ({ number }) => number > 4 });
    await using opened = await open({ faults: [slow], set: { concurrency: 2, drain: 0.1 } });
    await errorOf(opened.session.execute(sentences, {}, { signal: abortAfter(opened, 6) }));
    opened.server.heal();
    expectRightReplies(await opened.all(sentences), 10);
    expect(opened.server.requests.filter(({ status }) => status === 200)).toHaveLength(10);
  });
});

describe("hostile answers", () => {
  /** A line each; what JSON cannot say is added below. */
  const lines = `
    null | [] | 0 | "text" | true | {} | {"error":null} | {"error":"a"} | <html></html> | {"__proto__":{"x":1}}
    {"id":"x","output":null} | {"status":"completed","output":"text"}
    {"status":"queued","output":[]} | {"status":"failed"} | {"status":"incomplete","output":null}
    {"data":null} | {"data":[null]} | {"data":{}} | {"data":[{"embedding":"%%%"}]} | {"data":[{"embedding":["a"]}]}
    {"data":[{"b64_json":5}]} | {"results":[5]} | {"results":[{}]} | {"results":[{"flagged":"yes"}]} | {"text":5}`;
  const bodies = [
    ...lines.split(/[|\n]/).map((line) => line.trim()),
    "\u0000",
    "\ufeff{}",
    `${"[".repeat(5000)}${"]".repeat(5000)}`,
  ];
  const calls = [
    ["GenerateResponse(:x)", "Response_Result"],
    ["ClassifyText(:x, 'a, b')", "Category"],
    ["GetEmbeddings(:x)", "Embedding"],
    ["ModerateText(:x)", "Flagged"],
    ["GenerateImage(:x)", "Image"],
  ] as const;

  test.each(calls)("to %s: one named error each, no half row, no crash", async (call, column) => {
    await using opened = await open({ set: { max_attempts: 1, on_error: "row", cache: "off" } });
    for (const [index, body] of bodies.entries()) {
      opened.server.answerWith(() => body);
      const sql = `SELECT * FROM ${call} UNION ALL SELECT * FROM ${call.replace(":x", ":y")}`;
      const rows = await (await opened.session.execute(sql, { x: `a${index}`, y: `b${index}` })).all();
      const failure = {
        [column]: null,
        Status: expect.not.stringMatching("completed"),
        Error_Code: expect.any(String),
      };
      expect(rows, body.slice(0, 60)).toMatchObject([failure, failure]);
    }
  });
});

test("500 rows with mixed faults: every row right, no answer on a wrong row", async () => {
  const script = [
    faults.rateLimited("0.05", { probability: 0.05 }),
    faults.serverError({ probability: 0.03 }),
    faults.reset("request", { probability: 0.01 }),
    faults.reset("work", { probability: 0.01 }),
    faults.cut({ probability: 0.01 }),
  ];
  await using opened = await open({ rows: 500, faults: script, set: { max_attempts: 8 } });
  await opened.session.execute("CREATE TABLE out(id INTEGER PRIMARY KEY, body, reply)");
  const result = await opened.session.execute(`INSERT INTO out ${sentences}`);
  expect(result.affectedRows).toBe(500);
  expect(result.warnings).toEqual([]);
  expectRightReplies(await opened.all("SELECT * FROM out"), 500);
  const { requests, charged } = opened.server;
  const eaten = requests.filter((request) => request.charged && request.faults.length > 0);
  expect(requests.length).toBeGreaterThan(530);
  expect(charged).toBe(500 + eaten.length);
  expect(opened.server.violations).toEqual([]);
});
