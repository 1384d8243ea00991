/** Answers that break off, lead elsewhere or are too large, through a `fetch` of the program's own and through ours. */
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { createOpenAIConnection } from "../../src/connection/openai.ts";

type Options = Partial<Parameters<typeof createOpenAIConnection>[0]>;

async function send(
  baseUrl: string,
  options: Options = {},
  signal: AbortSignal = new AbortController().signal,
) {
  const connection = createOpenAIConnection({ name: "t", apiKey: "key-12345678", baseUrl, ...options });
  const outcome = await connection.send(
    { endpoint: "responses", body: { input: "Hello" } },
    { signal, timeoutMs: 5000 },
  );
  await connection.close?.();
  return outcome;
}

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
}

describe("a redirect", () => {
  test.each<readonly [string, Record<string, string>, RegExp]>([
    [
      "to another host",
      { location: "https://elsewhere.example/v1?token=t" },
      /\(307\) to https:\/\/elsewhere\.example,/,
    ],
    ["to nowhere", {}, /\(307\) to another address,/],
    ["to no address", { location: "::" }, /\(307\) to another address,/],
  ])("%s is told and never followed", async (_, headers, said) => {
    const url = await serve((__, response) => void response.writeHead(307, headers).end());
    for (const options of [{}, { fetch: globalThis.fetch }]) {
      const outcome = await send(url, options);
      expect(outcome).toMatchObject({
        ok: false,
        failure: { kind: "redirect", message: expect.stringMatching(said) as string },
      });
    }
  });
});

describe("a fetch of one's own", () => {
  const none = "http://127.0.0.1:9/v1";
  const answering = (answer: () => Response | Promise<Response>): Options => ({
    fetch: async () => answer(),
  });
  const json = { headers: { "content-type": "application/json" } };

  test("that gives no body gives an empty answer", async () => {
    expect(
      await send(
        none,
        answering(() => new Response(null, json)),
      ),
    ).toMatchObject({
      failure: { kind: "bad-answer", message: "the answer is empty" },
    });
  });

  test("is read no further than the limit", async () => {
    const options = { ...answering(() => Response.json({ text: "x".repeat(100) })), answerBytesMax: 50 };
    expect(await send(none, options)).toMatchObject({
      failure: { message: "the answer is larger than 50 bytes" },
    });
  });

  test("whose body breaks off gives an answer that was cut off", async () => {
    const body = (): ReadableStream<Uint8Array> =>
      new ReadableStream({
        start: (controller) => {
          controller.enqueue(Buffer.from("{"));
          controller.error(new TypeError("terminated"));
        },
      });
    expect(
      await send(
        none,
        answering(() => new Response(body(), json)),
      ),
    ).toMatchObject({
      failure: { message: expect.stringContaining("the answer was cut off") as string },
    });
  });

  test("that gave up waiting has run into a time limit", async () => {
    const cause = Object.assign(new Error("Headers Timeout Error"), { code: "UND_ERR_HEADERS_TIMEOUT" });
    const outcome = await send(
      none,
      answering(() => Promise.reject(new TypeError("fetch failed", { cause }))),
    );
    expect(outcome).toMatchObject({
      failure: { kind: "timeout", message: "no answer: Node's fetch gave up waiting for the service" },
    });
  });

  test("that tried several addresses tells why the first was not reached", async () => {
    const refused = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
    const cause = new AggregateError([refused, new Error("other")]);
    const outcome = await send(
      none,
      answering(() => Promise.reject(new TypeError("fetch failed", { cause }))),
    );
    expect(outcome).toMatchObject({
      failure: { kind: "network", message: expect.stringContaining("ECONNREFUSED") as string },
    });
  });

  test("is not asked for a call that nobody waits for any more", async () => {
    const outcome = await send(
      none,
      answering(() => Response.json({})),
      AbortSignal.abort(),
    );
    expect(outcome).toMatchObject({ ok: false, failure: { kind: "cancelled" } });
  });
});

describe("over our own connections", () => {
  test("an answer may be announced by another, and a header may come twice", async () => {
    const url = await serve((_, response) => {
      response.writeProcessing();
      response.writeHead(200, { "content-type": "application/json", "x-request-id": ["req_a", "req_b"] });
      response.end('{"id":"resp_1"}');
    });
    expect(await send(url)).toMatchObject({
      ok: true,
      answer: { status: 200, requestId: "req_a, req_b", body: { id: "resp_1" } },
    });
  });

  test("an answer of no type is told as that", async () => {
    const url = await serve((_, response) => void response.writeHead(200).end("hello"));
    expect(await send(url)).toMatchObject({
      failure: { message: "the answer is not JSON (no content type): hello" },
    });
  });
});
