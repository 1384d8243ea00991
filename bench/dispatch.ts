/**
 * What the dispatcher reaches, through a session with its ledger on disk and real HTTP on the loopback: `node bench/dispatch.ts`,
 * two minutes.
 * - a clean service of 200 ms: at least 95 % of concurrency / latency. The steady rate is meant, so there are rows for 40 s: the
 *   first pass and the last calls, which do not end together, are a sixth of a second whatever the number of rows;
 * - a service that holds N requests a minute: at least 90 % of N, at most a tenth of the requests refused;
 * - 10,000 texts: 5 requests of embeddings.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { createOpenAIConnection } from "../src/connection/openai.ts";
import { openSession, type Connection } from "../src/index.ts";
import { Dispatcher } from "../src/runtime/dispatch/dispatcher.ts";
import { faults, startOpenAIServer, type ServerOptions } from "../test/support/openai-server.ts";
import { format, publish, type Finding } from "./harness.ts";

interface Bench {
  readonly name: string;
  readonly rows: number;
  readonly concurrency: number;
  readonly server: ServerOptions;
  /** Undefined: without SQL, the dispatcher alone. */
  readonly call?: string;
  /** Rows a second that would be all, and the share of it that is wanted. */
  readonly ideal?: { readonly perSecond: number; readonly share: number };
  /** Requests at most. */
  readonly requestsMax?: number;
}

const generate = "GenerateResponse(body)";
const latencyMs = 200;
const concurrency = 64;

const benches: readonly Bench[] = [
  {
    name: `clean, ${latencyMs} ms, without SQL`,
    rows: 12_800,
    concurrency,
    server: { faults: [faults.delay(latencyMs)] },
    ideal: { perSecond: (concurrency * 1000) / latencyMs, share: 0.95 },
  },
  {
    name: `clean, ${latencyMs} ms`,
    rows: 12_800,
    concurrency,
    server: { faults: [faults.delay(latencyMs)] },
    call: generate,
    ideal: { perSecond: (concurrency * 1000) / latencyMs, share: 0.95 },
  },
  ...[600, 6000].map((perMinute) => ({
    name: `${perMinute} requests a minute`,
    rows: perMinute / 4,
    concurrency: 32,
    server: { requestsPerMinute: perMinute, faults: [faults.delay(latencyMs)] },
    call: generate,
    ideal: { perSecond: perMinute / 60, share: 0.9 },
  })),
  {
    name: "embeddings, packed",
    rows: 10_000,
    concurrency: 16,
    server: {},
    call: "GetEmbeddings(body, Dimensions => 64)",
    requestsMax: 5,
  },
];

if (isMainThread) await measureAll();
else await serve();

async function measureAll(): Promise<void> {
  const findings: Finding[] = [];
  for (const bench of benches) findings.push(...(await measure(bench)));
  publish("dispatch", "What the dispatcher reaches", findings);
}

/** In a thread of its own, as a service has a processor of its own. */
async function serve(): Promise<void> {
  const server = await startOpenAIServer(readOptions(workerData));
  parentPort?.once("message", () => {
    const refused = server.requests.filter(({ status }) => status === 429).length;
    parentPort?.postMessage({ sent: server.requests.length, refused });
  });
  parentPort?.postMessage(server.url);
}

function readOptions(data: unknown): ServerOptions {
  return data as ServerOptions;
}

interface Served {
  readonly sent: number;
  readonly refused: number;
}

function messageOf<T>(worker: Worker): Promise<T> {
  return new Promise((resolve, reject) => {
    worker.once("message", (message: T) => resolve(message));
    worker.once("error", reject);
  });
}

async function measure({
  name,
  rows,
  concurrency: inFlight,
  server: options,
  call,
  ideal,
  requestsMax,
}: Bench): Promise<readonly Finding[]> {
  const worker = new Worker(new URL(import.meta.url), { workerData: options });
  const baseUrl = await messageOf<string>(worker);
  const connection = createOpenAIConnection({ name: "openai", apiKey: "sk-bench", baseUrl });
  const run = call === undefined ? dispatchAll : selectAll;
  const seconds = await run(connection, { rows, concurrency: inFlight, call: call ?? "" });
  const served = messageOf<Served>(worker);
  worker.postMessage("count");
  const { sent, refused } = await served;
  await worker.terminate();
  const requests = sent - 1;
  const done = `${rows} rows in ${format(seconds)} s, ${requests} requests`;
  const findings: Finding[] = [];
  if (ideal !== undefined) {
    const { perSecond, share } = ideal;
    const ratio = rows / seconds / perSecond;
    findings.push({
      what: name,
      against: `${format(perSecond)} a second`,
      ratio,
      goal: { atLeast: share },
      detail: done,
    });
  }
  if (options.requestsPerMinute !== undefined) {
    const ratio = refused / requests;
    const detail = `${refused} of ${requests}`;
    findings.push({
      what: `${name}, refused`,
      against: "all requests",
      ratio,
      goal: { atMost: 0.1 },
      detail,
    });
  }
  if (requestsMax !== undefined) {
    const ratio = requests / requestsMax;
    findings.push({
      what: name,
      against: `${requestsMax} requests`,
      ratio,
      goal: { atMost: 1 },
      detail: done,
    });
  }
  return findings;
}

interface Load {
  readonly rows: number;
  readonly concurrency: number;
  readonly call: string;
}

async function selectAll(
  connection: Connection,
  { rows, concurrency: inFlight, call }: Load,
): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "callsql-bench-"));
  const session = await openSession({ connection, ledger: join(folder, "ledger.db") });
  await session.execute(`SET concurrency = ${inFlight}`);
  const bodies = Array.from({ length: rows }, (_, index) => [`row ${index}`] as const);
  await session.importRows("t", ["body"], bodies);
  // Opens the pool, and learns that there are answers.
  await session.execute("CALL GenerateResponse('first')");
  const seconds = await secondsOf(async () => {
    const [counted] = await (await session.execute(`SELECT count(${call}) AS n FROM t`)).all();
    if (Number(counted?.["n"]) !== rows) throw new Error(`${String(counted?.["n"])} of ${rows} rows`);
  });
  await session.close();
  rmSync(folder, { recursive: true });
  return seconds;
}

async function dispatchAll(connection: Connection, { rows, concurrency: inFlight }: Load): Promise<number> {
  const backoff = { baseMs: 500, capMs: 20_000, random: Math.random };
  const dispatcher = new Dispatcher(connection, {
    concurrency: inFlight,
    attemptsMax: 6,
    timeoutMs: 60_000,
    backoff,
  });
  const { signal } = new AbortController();
  const send = async (input: string): Promise<void> => {
    const request = { endpoint: "responses" as const, body: { model: "gpt-6-luna", input } };
    await dispatcher.dispatch({ key: input, request }, { stop: signal, cut: signal });
  };
  await send("first");
  const numbers = Array.from({ length: rows }, (_, index) => index).values();
  const work = async (): Promise<void> => {
    for (const number of numbers) await send(`row ${number}`);
  };
  return secondsOf(() => Promise.all(Array.from({ length: inFlight }, work)));
}

async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return (performance.now() - startedAt) / 1000;
}
