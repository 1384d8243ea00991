/** Answers that come before their request is whole arrive all the same, and nobody may send for ever. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startOpenAIServer, type OpenAIServer } from "../support/openai-server.ts";
import { ask, linesOf, startServing, type Serving } from "./support/serving.ts";

const megabyte = 2 ** 20;
const large = "x".repeat(3 * megabyte);
const rows = { "content-type": "application/x-ndjson" };

let api: OpenAIServer;
let serving: Serving;
let token: string;
beforeAll(async () => {
  api = await startOpenAIServer();
  serving = await startServing(api.url);
  token = serving.token("first");
});
afterAll(async () => {
  await serving.close();
  await api.close();
});

test.each([
  ["a body that is too large", 413, { path: "/v1/execute", body: { command: large }, headers: {} }],
  ["an address that is none", 404, { path: "/v1/nothing", body: { command: large }, headers: {} }],
  [
    "a type that is not taken",
    415,
    { path: "/v1/execute", body: large, headers: { "content-type": "text/plain" } },
  ],
  [
    "a wrong command",
    400,
    { path: "/v1/execute-each", body: `{"command":"SELEC"}\n${large}`, headers: rows },
  ],
  [
    "a row that is too long",
    200,
    { path: "/v1/execute-each", body: `{"command":"SELECT :a AS x"}\n{"a":1}\n${large}`, headers: rows },
  ],
])("who sends 3 MB is told of %s, 50 times, and asks on", async (_, status, { path, body, headers }) => {
  for (let time = 0; time < 50; time++) {
    const answer = await ask(serving, path, { token, body, headers });
    expect(answer.status).toBe(status);
    if (status === 200) expect(linesOf(answer.text)).toHaveLength(3);
    else expect(answer.body).toHaveProperty("hint");
  }
  expect((await ask(serving, "/v1/execute", { token, body: { command: "SELECT 1" } })).status).toBe(200);
});

interface Heard {
  readonly text: string;
  readonly problem: string | undefined;
}

/** A request by hand; `send` gets the socket once its head is sent. */
async function speak(
  { version, lines }: { readonly version: string; readonly lines: readonly string[] },
  send: (socket: Socket) => Promise<void>,
): Promise<Heard> {
  const socket = connect(serving.port, "127.0.0.1");
  socket.setEncoding("latin1");
  let text = "";
  let problem: string | undefined;
  socket.on("data", (data: string) => (text += data));
  socket.on("error", ({ message }) => (problem = message));
  const closed = new Promise((resolve) => socket.once("close", resolve));
  const head = [
    `POST /v1/execute HTTP/${version}`,
    "Host: localhost",
    "Content-Type: application/json",
    `Authorization: Bearer ${token}`,
    ...lines,
  ];
  socket.write(`${head.join("\r\n")}\r\n\r\n`);
  await send(socket);
  await closed;
  return { text, problem };
}

describe("a connection that ends with its answer", () => {
  const sendAll = async (socket: Socket): Promise<void> => {
    // The answer is there, and the connection half closed, before the body is.
    await once(socket, "end");
    for (let sent = 0; sent < 3; sent++) await new Promise((resolve) => socket.write(large, resolve));
    socket.end();
  };
  const length = `Content-Length: ${3 * large.length}`;

  test.each([
    ["1.1", ["Connection: close", length]],
    ["1.0", [length]],
  ])("is not reset while its body comes: HTTP/%s", async (version, lines) => {
    const options = { version, lines };
    const { text, problem } = await speak(options, (socket) => {
      socket.allowHalfOpen = true;
      return sendAll(socket);
    });
    expect(text).toMatch(/^HTTP\/1.1 413/);
    expect(text).toContain("serve/body-too-large");
    expect(problem).toBeUndefined();
  });
});

describe("a connection is ended", () => {
  const lines = [`Content-Length: ${1024 * megabyte}`];

  test("of one who sends nothing more", async () => {
    const { text } = await speak({ version: "1.1", lines }, () => Promise.resolve());
    expect(text).toMatch(/^HTTP\/1.1 413/);
  });

  test("of one who sends without an end", async () => {
    let sent = 0;
    await speak({ version: "1.1", lines }, async (socket) => {
      while (!socket.destroyed && sent < 1000 * megabyte) {
        sent += large.length;
        await new Promise<unknown>((resolve) => socket.write(large, resolve));
      }
      socket.destroy();
    });
    expect(sent).toBeGreaterThan(60 * megabyte);
    expect(sent).toBeLessThan(900 * megabyte);
  });

  test("when the server shuts down", async () => {
    const ending = await startServing(api.url, { drainMs: 60_000 });
    const own = ending.token("first");
    const socket = connect(ending.port, "127.0.0.1").on("error", () => {});
    const head = ["POST /v1/execute HTTP/1.1", "Host: localhost", `Authorization: Bearer ${own}`];
    socket.write(`${[...head, "Content-Type: application/json", ...lines].join("\r\n")}\r\n\r\n`);
    await once(socket, "data");
    const closed = once(socket, "close");
    await ending.close();
    await closed;
    expect(socket.destroyed).toBe(true);
  });
});
