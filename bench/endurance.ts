/**
 * The soak of reference reliability.md, F22: rows come steadily, the service fails now and then, and nothing may grow or
 * stall: resident memory by at most 1 MB a minute, the event loop held for at most 50 ms (p99), open files not at all.
 * `node bench/endurance.ts [minutes] [rows a second]`: 30 and 200, part of `npm run soak`. Linux.
 */
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createOpenAIConnection } from "../src/connection/openai.ts";
import { openSession } from "../src/index.ts";
import { faults, startOpenAIServer } from "../test/support/openai-server.ts";
import { publish, watchEventLoop, type LoopDelay } from "./harness.ts";

const [first = "30", second = "200", role] = process.argv.slice(2);
/** So that V8 collects what is garbage: what grows all the same is held. */
const heap = ["--max-semi-space-size=8", "--max-old-space-size=160"];

if (first === "serve") await serve();
else if (role === "endure") await endure(Number(first), Number(second));
else {
  const child = [...heap, import.meta.filename, first, second, "endure"];
  process.exitCode = spawnSync(process.execPath, child, { stdio: "inherit" }).status ?? 1;
}

/** In a process of its own, so that only callsql is measured. Ends with its standard input. */
async function serve(): Promise<void> {
  const script = [
    faults.rateLimited("0.2", { probability: 0.003 }),
    faults.serverError({ probability: 0.002 }),
    faults.reset("request", { probability: 0.002 }),
    faults.cut({ probability: 0.001 }),
    faults.malformed({ probability: 0.001 }),
    faults.hang({ probability: 0.001 }),
    faults.delay(50),
  ];
  const server = await startOpenAIServer({ faults: script, keepRequests: false });
  console.log(server.url);
  process.stdin.resume().on("end", () => process.exit());
}

interface Sample {
  readonly minute: number;
  readonly rssMb: number;
  readonly files: number;
}

async function endure(minutes: number, perSecond: number): Promise<void> {
  const service = spawn(process.execPath, [import.meta.filename, "serve"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const baseUrl = await new Promise<string>((resolve) => {
    service.stdout.once("data", (line: Buffer) => resolve(line.toString().trim()));
  });
  const folder = mkdtempSync(join(tmpdir(), "callsql-endurance-"));
  const connection = createOpenAIConnection({ name: "openai", apiKey: "sk-soak-0123456789", baseUrl });
  const samples: Sample[] = [];
  let held: LoopDelay | undefined;
  const startedAt = performance.now();
  const minute = (): number => (performance.now() - startedAt) / 60_000;
  let rows = 0;
  let errors = 0;

  /** As many as are due by now, never faster. */
  async function* input(): AsyncGenerator<{ body: string }> {
    for (let number = 1; minute() < minutes; number++) {
      const dueMs = (number / perSecond) * 1000;
      const waitMs = dueMs - (performance.now() - startedAt);
      if (waitMs > 1) await sleep(waitMs);
      yield { body: `row ${number}` };
    }
  }

  {
    await using session = await openSession({ connection, ledger: join(folder, "ledger.db") });
    for (const [name, value] of Object.entries({ concurrency: 64, timeout: 5, max_attempts: 8 })) {
      await session.execute(`SET ${name} = ${value}`);
    }
    let sampledAt = 0;
    const stop = watchEventLoop();
    // A call that hangs must not hold back the others.
    const outputs = session.executeForEach("CALL GenerateResponse(:body)", input(), { ordered: false });
    for await (const output of outputs) {
      rows++;
      if (output.output === "error") errors++;
      if (minute() - sampledAt < 0.05) continue;
      sampledAt = minute();
      const files = readdirSync("/proc/self/fd").length;
      samples.push({ minute: sampledAt, rssMb: process.memoryUsage().rss / 2 ** 20, files });
    }
    held = stop();
  }
  service.stdin.end();
  rmSync(folder, { recursive: true });

  // The first third fills caches and the heap.
  const settled = samples.filter((sample) => sample.minute > minutes / 3);
  const slope = slopeOf(settled);
  const files = settled.map((sample) => sample.files);
  const half = Math.floor(files.length / 2);
  const [earlier, later] = [Math.max(...files.slice(0, half)), Math.max(...files.slice(half))];
  const rate = rows / (minutes * 60);
  publish("endurance", "Endurance", [
    {
      what: `resident memory, over ${minutes} minutes at ${perSecond} rows a second and 1 % faults`,
      against: "1 MB more a minute",
      ratio: Math.max(0, slope),
      goal: { atMost: 1 },
      detail: `${slope.toFixed(2)} MB a minute, ${Math.round(settled.at(-1)?.rssMb ?? 0)} MB at the end`,
    },
    {
      what: "the event loop is held (p99)",
      against: "50 ms",
      ratio: held.computedMs / 50,
      goal: { atMost: 1 },
      detail: `${held.computedMs.toFixed(0)} ms of computing, timers ${held.feltMs.toFixed(0)} ms late at a load of ${loadavg()[0]?.toFixed(0)}`,
    },
    {
      what: "open files, second half",
      against: "first half",
      ratio: later / earlier,
      goal: { atMost: 1.1 },
      detail: `${later} and ${earlier} at most`,
    },
    {
      what: "rows answered a second",
      against: `${perSecond}`,
      ratio: rate / perSecond,
      detail: `${rate.toFixed(0)} a second, ${rows} in all, ${errors} with an error`,
    },
  ]);
}

/** MB a minute: the line that fits best. */
function slopeOf(samples: readonly Sample[]): number {
  const meanOf = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const x = meanOf(samples.map((sample) => sample.minute));
  const y = meanOf(samples.map((sample) => sample.rssMb));
  const shared = samples.reduce((sum, { minute, rssMb }) => sum + (minute - x) * (rssMb - y), 0);
  const spread = samples.reduce((sum, { minute }) => sum + (minute - x) ** 2, 0);
  return shared / spread;
}
