/**
 * What the ledger costs: recorded calls a second with grouped commits on a real file, against the same work in memory, in
 * one run. Prints ratios beside the numbers: machines are noisy. `node bench/ledger.ts [calls]`.
 */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ApiRequest } from "../src/catalog/request.ts";
import { Ledger } from "../src/runtime/ledger/ledger.ts";

const calls = Number(process.argv[2] ?? 20_000);
const inFlight = 256;
const request: ApiRequest = {
  endpoint: "responses",
  body: { model: "gpt-6-luna", input: "a short question" },
};
const answer = { body: { output: "x".repeat(600) }, status: 200, contentType: "application/json" };

/** Milliseconds for `calls` calls, each recorded as started and as succeeded, `inFlight` at once. */
async function record(file: string): Promise<number> {
  const ledger = new Ledger(file);
  const run = ledger.runs.begin({ kind: "session", name: "bench" });
  const startedAt = performance.now();
  let next = 0;
  const work = async (): Promise<void> => {
    for (let call = next++; call < calls; call = next++) {
      const key = call.toString(16).padStart(64, "0");
      const started = {
        key,
        procedure: "GenerateResponse",
        connection: "bench",
        request,
        requestText: '{"input":"a"}',
      };
      const id = await ledger.started(started, run);
      const outcome = { answer, attempts: 1, durationMs: 1 };
      await ledger.ended(id, { outcome, inputTokens: 10, outputTokens: 20, costUsd: 0.0001 });
    }
  };
  await Promise.all(Array.from({ length: inFlight }, work));
  const elapsed = performance.now() - startedAt;
  ledger.close();
  return elapsed;
}

const folder = mkdtempSync(join(tmpdir(), "callsql-bench-"));
const file = join(folder, "ledger.db");
const onDisk = await record(file);
const inMemory = await record(":memory:");
const perSecond = (ms: number): number => Math.round((calls / ms) * 1000);
console.log(
  `on disk, synced: ${perSecond(onDisk)} recorded calls a second (${calls} calls, ${inFlight} in flight)`,
);
console.log(
  `in memory:       ${perSecond(inMemory)} a second; disk costs ${(onDisk / inMemory).toFixed(1)} times`,
);
console.log(
  `file:            ${Math.round(statSync(file).size / calls)} bytes a call, of which 616 are the answer`,
);
rmSync(folder, { recursive: true });
