/**
 * What the dispatcher reaches, through a session and real HTTP on the loopback: `node bench/dispatch.ts`, about a minute.
 * - a clean service of 200 ms: at least 95 % of concurrency / latency;
 * - a service that holds N requests a minute: at least 90 % of N, at most a tenth of the requests refused;
 * - 10,000 texts: 5 requests of embeddings.
 */
import { createOpenAIConnection } from "../src/connection/openai.ts";
import { openSession } from "../src/index.ts";
import { faults, startOpenAIServer, type ServerOptions } from "../test/support/openai-server.ts";

interface Bench {
  readonly name: string;
  readonly rows: number;
  readonly concurrency: number;
  readonly server: ServerOptions;
  readonly call: string;
  /** Rows a second that would be all. */
  readonly ideal?: number;
}

const generate = "GenerateResponse(body)";
const latencyMs = 200;
const concurrency = 64;

const benches: readonly Bench[] = [
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

for (const bench of benches) console.log(await measure(bench));

async function measure({
  name,
  rows,
  concurrency: inFlight,
  server: options,
  call,
  ideal,
}: Bench): Promise<string> {
  await using server = await startOpenAIServer(options);
  const connection = createOpenAIConnection({ name: "openai", apiKey: "sk-bench", baseUrl: server.url });
  await using session = await openSession({ connection });
  await session.execute(`SET concurrency = ${inFlight}`);
  const bodies = Array.from({ length: rows }, (_, index) => [`row ${index}`] as const);
  await session.importRows("t", ["body"], bodies);
  const startedAt = performance.now();
  const result = await session.execute(`SELECT count(${call}) AS n FROM t`);
  const [counted] = await result.all();
  const seconds = (performance.now() - startedAt) / 1000;
  const refused = server.requests.filter(({ status }) => status === 429).length;
  const share =
    ideal === undefined ? "" : ` (${((100 * rows) / seconds / ideal).toFixed(1)} % of ${ideal.toFixed(0)})`;
  const requests = `${server.requests.length} requests, ${refused} refused`;
  return `${name}: ${String(counted?.["n"])} rows, ${seconds.toFixed(1)} s, ${(rows / seconds).toFixed(1)} a second${share}; ${requests}`;
}
