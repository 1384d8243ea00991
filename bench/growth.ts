/**
 * What grows while 100,000 rows call a service without latency, and when the ledger then answers all of them (reference
 * reliability.md, F14): resident memory from the 10,000th call to the last, with a small heap so that V8 collects what is
 * garbage; live heap; open files; the ledger. Linux. `node bench/growth.ts [rows]`.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSession, type Connection, type SendOutcome } from "../src/index.ts";
import { noModels } from "../test/support/echo.ts";
import { publish } from "./harness.ts";

const rows = Number(process.argv[2] ?? 100_000);
const heap = ["--expose-gc", "--max-semi-space-size=8", "--max-old-space-size=160"];

/** A service without latency that counts what it was asked and what it answered. */
const sent = { bytes: 0 };
const connection: Connection = {
  name: "bench",
  identity: "bench",
  models: { ...noModels, text: "gpt-6-luna" },
  send: async ({ body }): Promise<SendOutcome> => {
    const content = [{ type: "output_text", text: String(body["input"]) }];
    const output = [{ type: "message", role: "assistant", content }];
    const usage = { input_tokens: 10, output_tokens: 10 };
    const answer = { id: "resp_1", status: "completed", model: "gpt-6-luna", output, usage };
    sent.bytes += JSON.stringify(body).length + JSON.stringify(answer).length;
    return { ok: true, answer: { body: answer, status: 200, contentType: "application/json" } };
  },
};

interface Measured {
  readonly rssMb: readonly [number, number];
  readonly heapMb: readonly [number, number];
  readonly files: readonly [number, number];
  readonly ledgerBytes: number;
  readonly payloadBytes: number;
  readonly seconds: number;
  readonly replaySeconds: number;
}

if (process.argv[3] === "measure") console.log(JSON.stringify(await measure()));
else {
  const { stdout } = spawnSync(process.execPath, [...heap, import.meta.filename, String(rows), "measure"], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  report(readMeasured(stdout));
}

function report(found: Measured): void {
  const growth = ([before, after]: readonly [number, number]): number => Math.max(0, after - before);
  const pair = ([before, after]: readonly [number, number], unit = ""): string =>
    `${Math.round(before)}${unit} and ${Math.round(after)}${unit}`;
  const beside = (found.ledgerBytes - found.payloadBytes) / rows;
  publish("growth", "What grows with the rows", [
    {
      what: `resident memory, from the 10,000th of ${rows} calls to the last`,
      against: "50 MB",
      ratio: growth(found.rssMb) / 50,
      goal: { atMost: 1 },
      detail: `${pair(found.rssMb, " MB")}, in ${found.seconds.toFixed(0)} s, with ${heap.slice(1).join(" ")}`,
    },
    {
      what: "live heap, likewise",
      against: "10 MB",
      ratio: growth(found.heapMb) / 10,
      goal: { atMost: 1 },
      detail: pair(found.heapMb, " MB"),
    },
    {
      what: "open files, likewise",
      against: "as many as before",
      ratio: found.files[1] / found.files[0],
      goal: { atMost: 1 },
      detail: pair(found.files),
    },
    {
      what: "bytes of the ledger a call, beside what was asked and answered",
      against: "1 KB",
      ratio: beside / 1024,
      goal: { atMost: 1 },
      detail: `${Math.round(beside)} bytes`,
    },
    {
      what: "a statement whose calls the ledger answers",
      against: "1,000,000 rows a minute",
      ratio: (rows / found.replaySeconds) * (60 / 1e6),
      goal: { atLeast: 1 },
      detail: `${rows} rows in ${found.replaySeconds.toFixed(1)} s`,
    },
  ]);
}

function readMeasured(line: string): Measured {
  return JSON.parse(line) as Measured;
}

async function measure(): Promise<Measured> {
  const folder = mkdtempSync(join(tmpdir(), "callsql-growth-"));
  const ledger = join(folder, "ledger.db");
  const samples: (readonly [rss: number, heap: number, files: number])[] = [];
  const sample = (): void => {
    globalThis.gc?.();
    const { rss, heapUsed } = process.memoryUsage();
    samples.push([rss / 2 ** 20, heapUsed / 2 ** 20, readdirSync("/proc/self/fd").length]);
  };
  const sql = "SELECT count(GenerateResponse(body)) FROM t";
  const times: number[] = [];
  {
    await using session = await openSession({ connection, ledger, database: join(folder, "data.db") });
    await session.execute("SET concurrency = 64");
    await session.execute("CREATE TABLE t(id INTEGER PRIMARY KEY, body TEXT)");
    const numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :rows)";
    await session.execute(`${numbers} INSERT INTO t(body) SELECT 'Question number ' || i FROM n`, { rows });
    const onProgress = ({ callsDone }: { readonly callsDone: number }): void => {
      if (samples.length === 0 && callsDone >= Math.min(10_000, rows / 10)) sample();
    };
    for (const options of [{ onProgress }, {}]) {
      const startedAt = performance.now();
      await session.execute(sql, {}, options);
      times.push((performance.now() - startedAt) / 1000);
      if (times.length === 1) sample();
    }
  }
  const ledgerBytes = statSync(ledger).size;
  rmSync(folder, { recursive: true });
  const pair = (index: 0 | 1 | 2): readonly [number, number] => [
    samples[0]?.[index] ?? 0,
    samples.at(-1)?.[index] ?? 0,
  ];
  return {
    rssMb: pair(0),
    heapMb: pair(1),
    files: pair(2),
    ledgerBytes,
    payloadBytes: sent.bytes,
    seconds: times[0] ?? 0,
    replaySeconds: times[1] ?? 0,
  };
}
