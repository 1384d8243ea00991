/** What JSON requests travel over: packed answers, sockets, and the same headers for JSON and for files. */
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { ApiRequest } from "../../src/catalog/request.ts";
import { createOpenAIConnection } from "../../src/connection/openai.ts";

const text = JSON.stringify({ id: "resp_1", words: "fjord ".repeat(500) });
const within = { signal: new AbortController().signal, timeoutMs: 5000 };
let answer: { readonly encoding?: string; readonly bytes: Buffer };
const seen: IncomingHttpHeaders[] = [];
const server = createServer((request, response) => {
  seen.push(request.headers);
  request.resume().on("end", () => {
    const encoding = answer.encoding === undefined ? {} : { "content-encoding": answer.encoding };
    response.writeHead(200, { "content-type": "application/json", ...encoding }).end(answer.bytes);
  });
});
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
beforeEach(() => {
  seen.length = 0;
  answer = { bytes: Buffer.from(text) };
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

async function send(
  request: ApiRequest,
  options: Partial<Parameters<typeof createOpenAIConnection>[0]> = {},
) {
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  const connection = createOpenAIConnection({ name: "t", apiKey: "key-12345678", baseUrl, ...options });
  const outcome = await connection.send(request, within);
  await connection.close?.();
  return outcome;
}

const hello: ApiRequest = { endpoint: "responses", body: { input: "Hello" } };

test.each([
  ["gzip", gzipSync(text)],
  ["x-gzip", gzipSync(text)],
  ["deflate", deflateSync(text)],
  ["br", brotliCompressSync(text)],
  ["deflate, gzip", gzipSync(deflateSync(text))],
  ["identity", Buffer.from(text)],
])("an answer packed with %s is unpacked", async (encoding, bytes) => {
  answer = { encoding, bytes };
  const outcome = await send(hello);
  expect(outcome).toMatchObject({ ok: true, answer: { body: JSON.parse(text) as unknown } });
  expect(seen[0]?.["accept-encoding"]).toContain("gzip");
});

test.each([
  ["half a gzip", { encoding: "gzip", bytes: gzipSync(text).subarray(0, 40) }, /cut off/],
  ["no gzip at all", { encoding: "gzip", bytes: Buffer.from(text) }, /cut off/],
])("%s is a bad answer", async (_, packed, message) => {
  answer = packed;
  const failure = { kind: "bad-answer", message: expect.stringMatching(message) as unknown };
  expect(await send(hello)).toMatchObject({ ok: false, failure });
});

test("the limit counts what comes out of the packing", async () => {
  answer = { encoding: "gzip", bytes: gzipSync(text) };
  const outcome = await send(hello, { answerBytesMax: 2000 });
  const message = "the answer is larger than 2000 bytes";
  expect(outcome).toMatchObject({ ok: false, failure: { kind: "bad-answer", message } });
});

test("JSON and files travel with the same headers, whatever their names are written like", async () => {
  const options = {
    organization: "org-1",
    project: "proj-1",
    headers: { "X-Team": "search", Authorization: "Bearer of-the-user" },
  };
  const image = {
    kind: "upload",
    bytes: Buffer.from("x"),
    filename: "a.png",
    mimeType: "image/png",
  } as const;
  await send(hello, options);
  await send({ endpoint: "images/edits", body: { prompt: "x", image } }, options);
  const named = ["authorization", "openai-organization", "openai-project", "x-team", "accept", "user-agent"];
  const [json, form] = seen.map((headers) => named.map((name) => headers[name]));
  expect(json).toEqual(["Bearer of-the-user", "org-1", "proj-1", "search", "application/json", "callsql"]);
  expect(form).toEqual(json);
  expect(seen[0]?.["content-type"]).toBe("application/json");
  expect(seen[1]?.["content-type"]).toMatch(/^multipart\/form-data/);
});

test("a fetch of the program's own gets both", async () => {
  const asked: string[] = [];
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const url = input instanceof Request ? input.url : input.toString();
    asked.push(`${init?.method} ${url.replace(/.*\/v1/, "")} ${typeof init?.body}`);
    return Response.json({ id: "x" });
  };
  const image = {
    kind: "upload",
    bytes: Buffer.from("x"),
    filename: "a.png",
    mimeType: "image/png",
  } as const;
  expect(await send(hello, { fetch })).toMatchObject({ ok: true });
  expect(await send({ endpoint: "images/edits", body: { image } }, { fetch })).toMatchObject({ ok: true });
  expect(asked).toEqual(["POST /responses string", "POST /images/edits object"]);
  expect(seen).toEqual([]);
});
