/**
 * What the ledger costs: calls a second that are recorded as started and as succeeded, with grouped commits and a sync
 * each, against the 20,000 that are asked for and against the same work in memory. `node bench/ledger.ts [calls]`.
 */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import type { ApiRequest } from "../src/catalog/request.ts";
import { Ledger } from "../src/runtime/ledger/ledger.ts";
import { format, publish } from "./harness.ts";

const calls = Number(process.argv[2] ?? 40_000);
const rounds = 4;
const inFlight = 256;
const goalPerSecond = 20_000;
const request: ApiRequest = {
  endpoint: "responses",
  body: { model: "gpt-6-luna", input: "a short question" },
};
const requestText = JSON.stringify(request.body);
const answer = { body: { output: "x".repeat(600) }, status: 200, contentType: "application/json" };
/** What the caller gave and got. */
const payloadBytes = requestText.length + JSON.stringify(answer.body).length;

const keyOf = (call: number): string => call.toString(16).padStart(64, "0");

/** Milliseconds. What others do on the machine is in the one by the clock alone. */
interface Took {
  readonly processor: number;
  readonly clock: number;
}

function watch(): () => Took {
  const startedAt = performance.now();
  const before = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(before);
    return { processor: (user + system) / 1000, clock: performance.now() - startedAt };
  };
}

/** `calls` calls, `inFlight` at once. */
async function record(file: string): Promise<Took> {
  const ledger = new Ledger(file);
  const run = ledger.runs.begin({ kind: "session", name: "bench" });
  const took = watch();
  let next = 0;
  const work = async (): Promise<void> => {
    for (let call = next++; call < calls; call = next++) {
      const started = {
        key: keyOf(call),
        procedure: "GenerateResponse",
        connection: "bench",
        request,
        requestText,
      };
      const id = await ledger.started(started, run);
      const outcome = { answer, attempts: 1, durationMs: 1 };
      await ledger.ended(id, { outcome, inputTokens: 10, outputTokens: 20, costUsd: 0.0001 });
    }
  };
  await Promise.all(Array.from({ length: inFlight }, work));
  const elapsed = took();
  ledger.close();
  return elapsed;
}

/** Every answer is found and read again. */
function replay(file: string): Took {
  const ledger = new Ledger(file);
  const took = watch();
  for (let call = 0; call < calls; call++) {
    const id = ledger.find(keyOf(call), { scope: "all", ttlMs: Infinity });
    if (id === undefined) throw new Error(`call ${call} is lost`);
    ledger.read(id);
  }
  const elapsed = took();
  ledger.close();
  return elapsed;
}

const folder = mkdtempSync(join(tmpdir(), "callsql-bench-"));
const never: Took = { processor: Infinity, clock: Infinity };
const best = { onDisk: never, inMemory: never, read: never };
const keep = (name: keyof typeof best, took: Took): void => {
  if (took.processor < best[name].processor) best[name] = took;
};
let bytes = 0;
for (let round = 0; round < rounds; round++) {
  const file = join(folder, `${round}.db`);
  keep("onDisk", await record(file));
  keep("inMemory", await record(":memory:"));
  keep("read", replay(file));
  bytes = statSync(file).size / calls - payloadBytes;
}
rmSync(folder, { recursive: true });

const { onDisk, inMemory, read } = best;
const perSecond = (ms: number): number => (calls / ms) * 1000;
const rate = ({ processor, clock }: Took): string =>
  `${Math.round(perSecond(processor))} a second of processor time, ${Math.round(perSecond(clock))} by the clock`;
publish("ledger", "The ledger", [
  {
    what: "calls recorded as started and as succeeded, synced",
    against: `${goalPerSecond} a second`,
    ratio: perSecond(onDisk.processor) / goalPerSecond,
    goal: { atLeast: 1 },
    detail: `${rate(onDisk)}, ${inFlight} in flight, at a load of ${loadavg()[0]?.toFixed(0)}`,
  },
  {
    what: "calls recorded, synced",
    against: "the same in memory",
    ratio: inMemory.processor / onDisk.processor,
    detail: rate(inMemory),
  },
  {
    what: "answers found and read again",
    against: "1,000,000 a minute",
    ratio: (perSecond(read.processor) * 60) / 1_000_000,
    goal: { atLeast: 1 },
    detail: `${format((read.processor / calls) * 1000)} µs each`,
  },
  {
    what: "bytes a call beside what was asked and answered",
    against: "1 KB",
    ratio: bytes / 1024,
    goal: { atMost: 1 },
    detail: `${Math.round(bytes)} bytes`,
  },
]);
