import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { createOpenAIConnection } from "../../src/connection/openai.ts";
import type { ApiFailure, ApiRequest } from "../../src/catalog/request.ts";
import { faults, startOpenAIServer, type Fault, type OpenAIServer } from "../support/openai-server.ts";
import { failureOf } from "../support/outcome.ts";

let server: OpenAIServer;
beforeAll(async () => {
  server = await startOpenAIServer();
});
afterEach(() => server.reset());
afterAll(() => server.close());

const key = "sk-proj-abcdefghijklmnop1234";
const hello: ApiRequest = { endpoint: "responses", body: { model: "gpt-6-luna", input: "Hello" } };

type Options = Partial<Parameters<typeof createOpenAIConnection>[0]> & {
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
  readonly request?: ApiRequest;
};

async function failureWith(fault: Fault | undefined, options: Options = {}): Promise<ApiFailure> {
  if (fault !== undefined) server.script(fault);
  const { signal = new AbortController().signal, timeoutMs = 5000, request = hello, ...rest } = options;
  const connection = createOpenAIConnection({ name: "openai", apiKey: key, baseUrl: server.url, ...rest });
  return failureOf(await connection.send(request, { signal, timeoutMs }));
}

describe("the API says no", () => {
  test("status, code, type, param and request id come through", async () => {
    const failure = await failureWith(faults.contextLength());
    expect(failure).toEqual({
      kind: "http",
      status: 400,
      code: "context_length_exceeded",
      type: "invalid_request_error",
      param: "input",
      message: "Your input exceeds the context window of this model. Please adjust your input and try again.",
      requestId: expect.stringMatching(/^req_/),
      rateLimit: {
        requests: { limit: 10_000, remaining: 9_999, resetMs: 6 },
        tokens: { limit: 30_000_000, remaining: 29_999_000, resetMs: 2 },
      },
    });
  });

  test("no status is retried here", async () => {
    for (const fault of [
      faults.serverError(),
      faults.overloaded(),
      faults.rateLimited("0"),
      faults.insufficientQuota(),
    ]) {
      server.reset();
      await failureWith(fault);
      expect(server.requests).toHaveLength(1);
    }
  });

  test.each([
    ["1", 1000],
    ["0.25", 250],
    ["86400", 86_400_000],
    ["-1", undefined],
    ["abc", undefined],
    ["1.5e3", undefined],
    ["1, 2", undefined],
  ])("Retry-After: %s means %s ms", async (header, expected) => {
    const failure = await failureWith(faults.rateLimited(header));
    expect(failure).toMatchObject({ kind: "http", status: 429, code: "rate_limit_exceeded" });
    expect(failure.retryAfterMs).toBe(expected);
  });

  test("Retry-After as a date counts from now, and not below 0", async () => {
    const soon = await failureWith(faults.rateLimited(new Date(Date.now() + 60_000).toUTCString()));
    expect(soon.retryAfterMs).toBeGreaterThan(55_000);
    server.reset();
    const past = await failureWith(faults.rateLimited(new Date(0).toUTCString()));
    expect(past.retryAfterMs).toBe(0);
  });

  test("retry-after-ms is preferred, x-should-retry is passed on", async () => {
    const headers = { "retry-after": "9", "retry-after-ms": "120", "x-should-retry": "false" };
    const failure = await failureWith(faults.status(503, { message: "no" }, {}, headers));
    expect(failure).toMatchObject({ retryAfterMs: 120, shouldRetry: false });
  });

  test("an HTML page of a proxy becomes one line without tags", async () => {
    const body = "<html>\n<head><title>502</title></head><body><h1>Bad\nGateway</h1></body></html>";
    const failure = await failureWith({ action: { kind: "status", status: 502, body } });
    expect(failure).toMatchObject({ kind: "http", status: 502, message: "502 Bad Gateway" });
  });

  test("words of compatible servers are found where they stand", async () => {
    const bodies = [{ error: "no such model" }, { message: "no such model" }, { detail: "no such model" }];
    for (const body of bodies) {
      server.reset();
      const failure = await failureWith({ action: { kind: "status", status: 404, body } });
      expect(failure).toMatchObject({ kind: "http", status: 404, message: "no such model" });
    }
  });

  test("an empty error body still has a message", async () => {
    const failure = await failureWith({ action: { kind: "status", status: 500, body: "" } });
    expect(failure.message).toBe("the service answered 500 without a message");
  });

  test("200 with an error in the body is a failure with the error's code", async () => {
    const failure = await failureWith(
      faults.errorInBody({ message: "no credit", code: "insufficient_quota" }),
    );
    expect(failure).toMatchObject({
      kind: "http",
      status: 200,
      code: "insufficient_quota",
      message: "no credit",
    });
  });

  test("a failed response is an answer, not a failure", async () => {
    await using failing = await startOpenAIServer({
      answer: (request) => ({ id: "resp_1", error: { code: "x" }, request }),
    });
    const connection = createOpenAIConnection({ name: "openai", apiKey: key, baseUrl: failing.url });
    const outcome = await connection.send(hello, { signal: new AbortController().signal, timeoutMs: 5000 });
    expect(outcome.ok).toBe(true);
  });

  test("what the offline connection lacks is unavailable", async () => {
    const failure = await failureWith(
      faults.status(400, { message: "not here", code: "not_available_offline" }),
    );
    expect(failure).toMatchObject({
      kind: "unavailable",
      message: "not here",
      hint: expect.stringMatching(/openai/),
    });
  });
});

describe("no answer", () => {
  test("a refused connection names host and code", async () => {
    const closed = await startOpenAIServer();
    await closed.close();
    const failure = await failureWith(undefined, { baseUrl: closed.url });
    expect(failure.kind).toBe("network");
    expect(failure.message).toMatch(/^127\.0\.0\.1:\d+ refused the connection \(ECONNREFUSED\)$/);
  });

  test("an unknown host is a network failure", async () => {
    const failure = await failureWith(undefined, { baseUrl: "http://nobody.invalid/v1" });
    expect(failure).toMatchObject({
      kind: "network",
      message: expect.stringMatching(/nobody\.invalid .*\((ENOTFOUND|EAI_AGAIN)\)/),
    });
  });

  test.each(["request", "work"] as const)("a reset after the %s is a network failure", async (after) => {
    const failure = await failureWith(faults.reset(after));
    expect(failure).toMatchObject({
      kind: "network",
      message: expect.stringMatching(/broke the connection \(\w+\)/),
    });
    expect(server.charged).toBe(after === "work" ? 1 : 0);
  });

  test("something that does not speak HTTP is a network failure", async () => {
    const other = createServer((socket) => socket.end("SSH-2.0-OpenSSH_9.6\r\n")).listen(0, "127.0.0.1");
    await new Promise((resolve) => other.once("listening", resolve));
    const address = other.address();
    const port = typeof address === "object" ? address?.port : 0;
    const failure = await failureWith(undefined, { baseUrl: `http://127.0.0.1:${port}` });
    expect(failure.kind).toBe("network");
    other.close();
  });

  test("a redirect is not followed: the other server sees nothing", async () => {
    await using canary = await startOpenAIServer();
    for (const status of [301, 302, 303, 307, 308]) {
      server.reset();
      const failure = await failureWith(faults.redirect(`${canary.url}/responses?token=secret`, {}, status));
      expect(failure).toMatchObject({ kind: "redirect", status });
      expect(failure.message).toContain(new URL(canary.url).origin);
      expect(failure.message).not.toContain("token");
    }
    expect(canary.connections).toBe(0);
  });
});

describe("a deadline covers the whole exchange", () => {
  test.each([
    ["no headers", faults.hang()],
    ["a body that stops", faults.stall()],
    ["a body that drips", faults.slow(1, 40)],
    ["an answer that comes late", faults.delay(1500)],
  ])("%s", async (_, fault) => {
    const failure = await failureWith(fault, { timeoutMs: 200 });
    expect(failure).toEqual({ kind: "timeout", message: "no complete answer within 0.2 s" });
  });

  test("a key that never comes", async () => {
    const failure = await failureWith(undefined, {
      timeoutMs: 100,
      apiKey: () => new Promise<string>(() => undefined),
    });
    expect(failure.kind).toBe("timeout");
    expect(server.requests).toHaveLength(0);
  });

  test("of a binary body, too", async () => {
    const request: ApiRequest = {
      endpoint: "audio/speech",
      body: { model: "tts-1", voice: "alloy", input: "Hi" },
    };
    const failure = await failureWith(faults.stall(), { timeoutMs: 200, request });
    expect(failure.kind).toBe("timeout");
  });

  test("the socket is closed", async () => {
    await failureWith(faults.stall(), { timeoutMs: 100 });
    await expect.poll(() => server.inFlight).toBe(0);
  });
});

describe("the caller's signal", () => {
  test.each([
    ["before headers", faults.hang()],
    ["within the body", faults.stall()],
  ])("cancels %s", async (_, fault) => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error("Ctrl-C")), 60);
    const failure = await failureWith(fault, { signal: controller.signal });
    expect(failure).toEqual({ kind: "cancelled", message: "cancelled" });
    await expect.poll(() => server.inFlight).toBe(0);
  });

  test("that is already aborted sends nothing", async () => {
    const failure = await failureWith(undefined, { signal: AbortSignal.abort() });
    expect(failure.kind).toBe("cancelled");
    expect(server.requests).toHaveLength(0);
  });

  test("collects no listeners over many calls", async () => {
    const { signal } = new AbortController();
    let listeners = 0;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>) => ((listeners += 1), add(...args));
    signal.removeEventListener = (...args: Parameters<typeof remove>) => ((listeners -= 1), remove(...args));
    for (let i = 0; i < 3; i++) {
      server.reset();
      await failureWith(faults.serverError(), { signal });
    }
    expect(listeners).toBe(0);
  });
});

describe("an answer that cannot be used", () => {
  test.each([
    ["cut", faults.cut(), /cut off/],
    ["empty", faults.empty(), /^the answer is empty$/],
    ["half a JSON", faults.malformed(), /^the answer is not JSON \(application\/json\)/],
    ["a JSON that is no object", { action: { kind: "body", body: "[1]" } }, /not an object/],
    [
      "a login page",
      { action: { kind: "body", body: "<h1>Log in</h1>", contentType: "text/html" } },
      /\(text\/html\): Log in/,
    ],
    ["not UTF-8", { action: { kind: "body", body: Buffer.from([0x7b, 0xff, 0x7d]) } }, /not JSON/],
  ] satisfies [string, Fault, RegExp][])("%s is a bad answer", async (_, fault, message) => {
    const failure = await failureWith(fault);
    expect(failure).toMatchObject({ kind: "bad-answer", message: expect.stringMatching(message) });
  });

  test("speech must be bytes: an HTML page or an error is no audio", async () => {
    const request: ApiRequest = {
      endpoint: "audio/speech",
      body: { model: "tts-1", voice: "alloy", input: "Hi" },
    };
    const page = { action: { kind: "body", body: "<p>hello", contentType: "text/html" } } as const;
    expect(await failureWith(page, { request })).toMatchObject({ kind: "bad-answer" });
    server.reset();
    const error = {
      action: { kind: "body", body: { error: { message: "no" } }, contentType: "application/json" },
    } as const;
    expect(await failureWith(error, { request })).toMatchObject({ kind: "http", message: "no" });
  });

  test("an answer past the limit is dropped while it is read", async () => {
    await using large = await startOpenAIServer({ answer: () => ({ id: "x".repeat(5_000_000) }) });
    const failure = await failureWith(undefined, { baseUrl: large.url, answerBytesMax: 1_000_000 });
    expect(failure).toMatchObject({ kind: "bad-answer", message: "the answer is larger than 1000000 bytes" });
  });

  test("a gzip bomb costs no more memory than the limit", async () => {
    const before = process.memoryUsage().rss;
    const failure = await failureWith(faults.gzipBomb(300_000_000), { answerBytesMax: 8_000_000 });
    expect(failure).toMatchObject({ kind: "bad-answer", message: expect.stringMatching(/larger than/) });
    expect(process.memoryUsage().rss - before).toBeLessThan(150_000_000);
    await expect.poll(() => server.inFlight).toBe(0);
  });

  test("so does one behind an error status", async () => {
    const huge = { action: { kind: "status", status: 500, body: "x".repeat(3_000_000) } } as const;
    const failure = await failureWith(huge, { answerBytesMax: 1_000_000 });
    expect(failure.kind).toBe("bad-answer");
  });
});

describe("secrets stay inside", () => {
  test("the API's quote of the key is masked", async () => {
    await using strict = await startOpenAIServer({ apiKey: "another" });
    const failure = await failureWith(undefined, { baseUrl: strict.url });
    expect(failure).toMatchObject({ kind: "http", status: 401, code: "invalid_api_key" });
    expect(failure.message).toMatch(/^Incorrect API key provided: \[masked\]\. You can find/);
  });

  test("a key of any shape is masked in message, code, type and param", async () => {
    const odd = "company/token+with=odd:chars";
    const failure = await failureWith(
      faults.status(400, {
        message: `bad ${odd}, ${encodeURIComponent(odd)}`,
        code: odd,
        type: odd,
        param: `a ${odd}`,
      }),
      { apiKey: odd },
    );
    expect(JSON.stringify(failure)).not.toContain("odd");
    expect(failure.code).toBe("[masked]");
  });

  test("a key with a line break is refused here, unsaid", async () => {
    const failure = await failureWith(undefined, { apiKey: "sk-abcdefgh\r\nx-evil: 1" });
    expect(failure.kind).toBe("credentials");
    expect(failure.message).not.toMatch(/abcdefgh|evil/);
    expect(server.requests).toHaveLength(0);
  });

  test("a key that cannot be had is a credentials failure with its reason", async () => {
    const apiKey = async () => {
      await sleep(1);
      throw new Error("vault is sealed; tried sk-abcdefgh12345678");
    };
    const failure = await failureWith(undefined, { apiKey });
    expect(failure).toEqual({
      kind: "credentials",
      message: "the API key could not be had: vault is sealed; tried [masked]",
    });
  });

  test("an empty key is a credentials failure", async () => {
    expect(await failureWith(undefined, { apiKey: "" })).toMatchObject({ kind: "credentials" });
  });

  test("a request that cannot be written down is a failure, too", async () => {
    const request: ApiRequest = { endpoint: "responses", body: { input: 1n } };
    expect(await failureWith(undefined, { request })).toMatchObject({
      message: expect.stringMatching(/BigInt/),
    });
  });
});

test("idle sockets that the server closes cost no request", async () => {
  await using short = await startOpenAIServer({ keepAliveMs: 25 });
  const connection = createOpenAIConnection({ name: "openai", apiKey: key, baseUrl: short.url });
  const failures: ApiFailure[] = [];
  for (let i = 0; i < 40; i++) {
    const outcome = await connection.send(hello, { signal: new AbortController().signal, timeoutMs: 5000 });
    if (!outcome.ok) failures.push(outcome.failure);
    await sleep(20 + (i % 10));
  }
  // A socket may still close in the very moment it is used: that is a network failure, which the dispatcher retries.
  for (const failure of failures) expect(failure.kind).toBe("network");
  expect(failures.length).toBeLessThanOrEqual(4);
});
