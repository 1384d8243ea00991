/** `callsql serve` as a process: a token, each route, and what it says when the program around it is made to talk (S30). */
import { createInterface } from "node:readline";
import { afterAll, beforeAll, expect, test } from "vitest";
import { faults, startOpenAIServer, type OpenAIServer } from "../support/openai-server.ts";
import { temporaryFolder } from "./support/folder.ts";
import { callsql, startCallsql } from "./support/process.ts";

const key = "sk-proj-canary0123456789abcdef";
const prompt = "a canary in the prompt";
const reply = "a canary in the reply";

const folder = temporaryFolder();
let api: OpenAIServer;
beforeAll(async () => {
  api = await startOpenAIServer({ apiKey: key });
});
afterAll(async () => {
  await api.close();
  folder.remove();
});

test("S30: with a debugger and every debug log there is, no body and no key is told", async () => {
  const env = {
    HOME: folder.path,
    OPENAI_API_KEY: key,
    OPENAI_BASE_URL: api.url,
    NODE_OPTIONS: "--inspect=127.0.0.1:0 --trace-warnings",
    NODE_DEBUG: "http,http2,net,tls,stream,fetch,undici,child_process,worker",
    OPENAI_LOG: "debug",
    DEBUG: "*",
  };
  const { stdout: token } = await callsql(["serve", "token", "create", "etl"], {
    env: { HOME: folder.path },
  });
  const { child, finished } = startCallsql(["serve", "--port", "0"], { env });
  if (child.stderr === null) throw new Error("no standard error");
  let url = "";
  for await (const line of createInterface(child.stderr)) {
    url = /^listening on (\S+)/.exec(line)?.[1] ?? "";
    if (url !== "") break;
  }
  const said: string[] = [];
  child.stderr.on("data", (data: Buffer) => said.push(data.toString("latin1")));
  const ask = async (command: string): Promise<string> => {
    const response = await fetch(`${url}/v1/execute`, {
      method: "POST",
      headers: { authorization: `Bearer ${token.trim()}`, "content-type": "application/json" },
      body: JSON.stringify({ command, parameters: { prompt } }),
    });
    return response.text();
  };
  api.answerWith(() => undefined);
  expect(await ask("CALL GenerateResponse(:prompt)")).toContain(prompt);
  expect(await ask("SELECT GenerateResponse(:prompt || '!') AS r, 'a canary in the reply' AS x")).toContain(
    reply,
  );
  api.script(faults.unauthorized(key));
  expect(await ask("CALL GenerateResponse(:prompt)")).toContain("connect/refused");
  expect(await ask(`SELECT '${key}'`)).toContain("session/key-in-text");
  child.kill("SIGTERM");
  const { stdout } = await finished;
  const told = said.join("") + stdout;
  expect(told).toContain('"route":"/v1/execute"');
  for (const secret of [key, key.slice(8), token.trim(), prompt, reply]) expect(told).not.toContain(secret);
});
