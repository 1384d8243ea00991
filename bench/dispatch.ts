/**
 * What the dispatcher reaches, through a session and real HTTP on the loopback: `node bench/dispatch.ts`, about a minute.
 * - a clean service of 200 ms: at least 95 % of concurrency / latency;
 * - a service that holds N requests a minute: at least 90 % of N, at most a tenth of the requests refused;
 * - 10,000 texts: 5 requests of embeddings.
 */
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { createOpenAIConnection } from "../src/connection/openai.ts";
import { openSession, type Connection } from "../src/index.ts";
import { Dispatcher } from "../src/runtime/dispatch/dispatcher.ts";
import { faults, startOpenAIServer, type ServerOptions } from "../test/support/openai-server.ts";

interface Bench {
  readonly name: string;
  readonly rows: number;
  readonly concurrency: number;
  readonly server: ServerOptions;
  /** Undefined: without SQL, the dispatcher alone. */
  readonly call?: string;
  /** Rows a second that would be all. */
  readonly ideal?: number;
}

const generate = "GenerateResponse(body)";
const latencyMs = 200;
const concurrency = 64;

const benches: readonly Bench[] = [
  {
    name: `clean, ${latencyMs} ms, without SQL`,
    rows: 6400,
    concurrency,
    server: { faults: [faults.delay(latencyMs)] },
    ideal: (concurrency * 1000) / latencyMs,
  },
  {
    name: `clean, ${latencyMs} ms`,
    rows: 6400,
    concurrency,
    server: { faults: [faults.delay(latencyMs)] },
    call: generate,
    ideal: (concurrency * 1000) / latencyMs,
  },
  ...[600, 6000].map((perMinute) => ({
    name: `${perMinute} requests a minute`,
    rows: perMinute / 4,
    concurrency: 32,
    server: { requestsPerMinute: perMinute, faults: [faults.delay(latencyMs)] },
    call: generate,
    ideal: perMinute / 60,
  })),
  {
    name: "embeddings, packed",
    rows: 10_000,
    concurrency: 16,
    server: {},
    call: "GetEmbeddings(body, Dimensions => 64)",
  },
];

if (isMainThread) for (const bench of benches) console.log(await measure(bench));
else await serve();

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
}: Bench): Promise<string> {
  const worker = new Worker(new URL(import.meta.url), { workerData: options });
  const baseUrl = await messageOf<string>(worker);
  const connection = createOpenAIConnection({ name: "openai", apiKey: "sk-bench", baseUrl });
  const run = call === undefined ? dispatchAll : selectAll;
  const seconds = await run(connection, { rows, concurrency: inFlight, call: call ?? "" });
  const served = messageOf<Served>(worker);
  worker.postMessage("count");
  const { sent, refused } = await served;
  await worker.terminate();
  const share =
    ideal === undefined ? "" : ` (${((100 * rows) / seconds / ideal).toFixed(1)} % of ${ideal.toFixed(0)})`;
  const done = `${rows} rows, ${seconds.toFixed(1)} s, ${(rows / seconds).toFixed(1)} a second${share}`;
  return `${name}: ${done}; ${sent - 1} requests, ${refused} refused`;
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
  await using session = await openSession({ connection });
  await session.execute(`SET concurrency = ${inFlight}`);
  const bodies = Array.from({ length: rows }, (_, index) => [`row ${index}`] as const);
  await session.importRows("t", ["body"], bodies);
  // Opens the pool, and learns that there are answers.
  await session.execute("CALL GenerateResponse('first')");
  return await secondsOf(async () => {
    const [counted] = await (await session.execute(`SELECT count(${call}) AS n FROM t`)).all();
    if (Number(counted?.["n"]) !== rows) throw new Error(`${String(counted?.["n"])} of ${rows} rows`);
  });
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
