/**
 * The server under load: 2,000 execute requests at once against a service of 50 ms, their 99th percentile against what
 * latency and concurrency alone would take; and 100,000 rows through one execute-each, the server's peak memory against
 * 300 MB. Server, service and client are processes of their own. `node bench/serve.ts [rows]`, five minutes.
 */
import { fork, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { startServer } from "../src/server/serve.ts";
import { publish } from "./harness.ts";

const latencyMs = 50;
const concurrency = 32;
const requests = 2000;
const boundMb = 300;
/** As bin/callsql.js starts a server: docs/decisions/0127. */
const frugal = ["--max-semi-space-size=8"];

const [first] = process.argv.slice(2);
if (first === "server") await serve();
else await compare(Number(first ?? 100_000));

/** In the child: serves until it is told to end, and tells its peak memory. */
async function serve(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "callsql-bench-"));
  const server = await startServer({
    host: "127.0.0.1",
    port: 0,
    isWritable: false,
    connection: "openai",
    ledger: join(folder, "ledger.db"),
    env: { OPENAI_API_KEY: "sk-bench", OPENAI_BASE_URL: process.argv[3] },
    settings: [{ option: "concurrency", value: String(concurrency) }],
    tokenFile: "",
    isOpen: true,
    isBehindProxy: false,
    hosts: [],
    origins: [],
    limits: {
      bytesMax: 2 ** 21,
      arrivalMs: 60_000,
      rowsMax: 100_000,
      answerMax: 2 ** 26,
      requestMs: 120_000,
      requestsMax: 4096,
    },
    sql: { ms: 5000, memoryMax: 2 ** 29, processesMax: 2 },
    drainMs: 1000,
    log: () => {},
  });
  process.send?.(server.url);
  await once(process, "message");
  process.send?.(Math.round(process.resourceUsage().maxRSS / 1024));
  await server.close();
  rmSync(folder, { recursive: true });
  process.disconnect();
}

async function compare(rows: number): Promise<void> {
  const service = spawn(process.execPath, [join(import.meta.dirname, "model-server.ts"), String(latencyMs)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  try {
    const [url] = (await once(createInterface(service.stdout), "line")) as [string];
    const burst = await withServer(url, [], (server) => burstOf(server));
    const stream = await withServer(url, frugal, (server) => streamOf(server, rows));
    const untold = await withServer(url, [], (server) => streamOf(server, rows));
    const idealMs = (requests / concurrency) * latencyMs;
    publish("serve", "callsql serve: load and memory", [
      {
        what: `${requests} execute requests at once, service of ${latencyMs} ms, concurrency ${concurrency}: p99`,
        against: "latency × requests / concurrency",
        ratio: burst.result.p99 / idealMs,
        goal: { atMost: 3 },
        detail: `p50 ${burst.result.p50} ms, p99 ${burst.result.p99} ms, ideal ${Math.round(idealMs)} ms; ${burst.result.failed} failed; ${burst.peakMb} MB`,
      },
      {
        what: `${requests} execute requests at once: failed`,
        against: "none",
        ratio: burst.result.failed,
        goal: { atMost: 0 },
        detail: `${burst.result.failed} of ${requests}`,
      },
      {
        what: `${rows} rows through one execute-each: peak memory`,
        against: `${boundMb} MB`,
        ratio: stream.peakMb / boundMb,
        goal: { atMost: 1 },
        detail: `${stream.peakMb} MB with ${frugal.join(" ")}, ${stream.result} outputs; without: ${untold.peakMb} MB`,
      },
    ]);
  } finally {
    service.stdin.end();
  }
}

async function withServer<T>(
  url: string,
  flags: readonly string[],
  work: (server: string) => Promise<T>,
): Promise<{ readonly result: T; readonly peakMb: number }> {
  const child = fork(import.meta.filename, ["server", url], { execArgv: [...flags] });
  const server = await messageOf<string>(child);
  const result = await work(server);
  child.send("end");
  const peakMb = await messageOf<number>(child);
  await once(child, "exit");
  return { result, peakMb };
}

async function messageOf<T>(child: ChildProcess): Promise<T> {
  const [message] = (await once(child, "message")) as [T];
  return message;
}

interface Burst {
  readonly p50: number;
  readonly p99: number;
  readonly failed: number;
}

async function burstOf(server: string): Promise<Burst> {
  const ask = async (id: number): Promise<{ ms: number; isGood: boolean }> => {
    const startedAt = performance.now();
    const body = JSON.stringify({
      command: "CALL GenerateResponse(:m)",
      parameters: { m: `question ${id}` },
    });
    const answer = await fetch(`${server}/v1/execute`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
    });
    const text = await answer.text();
    const isGood = answer.status === 200 && text.includes("fjord");
    if (!isGood) console.error(`${answer.status} ${text}`);
    return { ms: performance.now() - startedAt, isGood };
  };
  for (let id = 0; id < 50; id++) await ask(-id);
  const answers = await Promise.all(Array.from({ length: requests }, (_, id) => ask(id)));
  const times = answers.map(({ ms }) => ms).toSorted((a, b) => a - b);
  const at = (share: number): number => Math.round(times[Math.floor(times.length * share)] ?? 0);
  return { p50: at(0.5), p99: at(0.99), failed: answers.filter(({ isGood }) => !isGood).length };
}

/** Outputs that came. */
async function streamOf(server: string, rows: number): Promise<number> {
  const sending = request(`${server}/v1/execute-each`, {
    method: "POST",
    headers: { "content-type": "application/x-ndjson" },
  });
  const outputs = once(sending, "response").then(async ([response]) => {
    let matched = 0;
    const lines = createInterface(response as NodeJS.ReadableStream);
    for await (const line of lines) if (line.includes('"output":"matched"')) matched++;
    return matched;
  });
  const write = async (line: object): Promise<void> => {
    if (!sending.write(`${JSON.stringify(line)}\n`)) await once(sending, "drain");
  };
  await write({ command: "CALL GenerateResponse(:body)" });
  for (let id = 0; id < rows; id++)
    await write({ id, body: `row ${id} ${"some words of a ticket ".repeat(10)}` });
  sending.end();
  return outputs;
}
