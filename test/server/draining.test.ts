/** A server that is asked to stop: what is under way is answered, what comes behind it on the same connection is refused. */
import { connect } from "node:net";
import { expect, test } from "vitest";
import { faults, startOpenAIServer } from "../support/openai-server.ts";
import { startServing } from "./support/serving.ts";

test("requests behind one that is under way are told that it is shutting down", async () => {
  await using api = await startOpenAIServer();
  const serving = await startServing(api.url, { drainMs: 5000 });
  const token = serving.token("first");
  api.script(faults.delay(1500));
  const body = JSON.stringify({ command: "CALL GenerateResponse('slow')" });
  const head = (line: string): string =>
    `${line} HTTP/1.1\r\nHost: 127.0.0.1:${serving.port}\r\nAuthorization: Bearer ${token}\r\n`;
  const socket = connect(serving.port, "127.0.0.1");
  const heard: Buffer[] = [];
  socket.on("data", (data) => heard.push(data));
  const ended = new Promise((resolve) => socket.once("close", resolve));
  socket.write(
    `${head("POST /v1/execute")}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
  await expect.poll(() => api.requests.length, { timeout: 20_000 }).toBe(1);
  const closing = serving.close();
  socket.write(`${head("GET /healthz")}\r\n${head("GET /v1/procedures")}Connection: close\r\n\r\n`);
  await Promise.all([ended, closing]);
  const said = Buffer.concat(heard).toString();
  expect(Array.from(said.matchAll(/HTTP\/1\.1 (\d+)/g), ([, status]) => status)).toEqual([
    "200",
    "503",
    "503",
  ]);
  expect(said).toContain('"status":"shutting down"');
  expect(said).toContain("serve/shutting-down");
});
