/**
 * A disk that fails at a sync, and how often there is one (reference reliability.md, F4 and F5), by strace, which can do
 * both to a program that knows nothing of it. Linux, with strace installed and dist/ built: part of `npm run soak`.
 * `node bench/disk.ts [failures]`.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import Database from "better-sqlite3";
import { onItsWayMax } from "../test/faults/support/on-its-way.ts";
import { faults, startOpenAIServer, type OpenAIServer } from "../test/support/openai-server.ts";
import { publish } from "./harness.ts";

const failures = Number(process.argv[2] ?? 25);
const concurrency = 8;
/** A commit holds the records of nine calls at most: there are more syncs than places where one fails. */
const rows = 10 * failures;
const folder = mkdtempSync(join(tmpdir(), "callsql-disk-"));
const program = join(import.meta.dirname, "../bin/callsql.js");
const syncs = "fsync,fdatasync";

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The script, `count` rows, under `strace` with these options, or without it. */
async function run(
  server: OpenAIServer,
  { ledger, count, strace }: { ledger: string; count: number; strace?: readonly string[] },
): Promise<Ended> {
  const script = join(folder, `${count}.sql`);
  writeFileSync(
    script,
    `SET concurrency = ${concurrency};
     WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})
     SELECT count(GenerateResponse('row ' || i)) FROM n;`,
  );
  const command = [process.execPath, program, "run", script, "--ledger", ledger, "-o", "csv"];
  const [name = "", ...given] = strace === undefined ? command : ["strace", "-f", ...strace, ...command];
  const env = {
    PATH: process.env["PATH"],
    HOME: folder,
    OPENAI_API_KEY: "sk-test-12345678",
    OPENAI_BASE_URL: server.url,
  };
  const child = spawn(name, given, { env, stdio: ["ignore", "pipe", "pipe"] });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on("error", (error) => {
      reject(new Error(`${name} does not run: apt-get install strace`, { cause: error }));
    });
    child.on("close", resolve);
  });
  const [code, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  return { code, stdout, stderr };
}

/** A sync fails from the `from`th on: stops by name, loses at most what was on its way, and goes on. */
async function failing(from: number): Promise<void> {
  await using server = await startOpenAIServer({ keepRequests: false, faults: [faults.delay(3)] });
  const ledger = join(folder, `failing-${from}.db`);
  const strace = ["-o", "/dev/null", "-e", `trace=${syncs}`, "-e", `inject=${syncs}:error=EIO:when=${from}+`];
  const stopped = await run(server, { ledger, count: rows, strace });
  assert.notEqual(stopped.code, 0);
  assert.match(stopped.stderr, /ledger\/(unwritable|cannot-open)/);
  const { charged } = server;
  const db = new Database(ledger);
  const hasCalls = db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'calls'").get() !== undefined;
  const select = "SELECT count(*) FROM calls WHERE status = 'succeeded'";
  const kept = hasCalls ? Number(db.prepare(select).pluck().get()) : 0;
  assert.equal(db.pragma("integrity_check", { simple: true }), "ok");
  db.close();
  assert.ok(charged - kept <= onItsWayMax(concurrency), `${charged} charged, ${kept} kept`);
  const resumed = await run(server, { ledger, count: rows });
  assert.equal(resumed.code, 0, resumed.stderr);
  assert.match(resumed.stdout, new RegExp(`\n${rows}\n`));
  assert.equal(server.charged, charged + rows - kept);
}

/** Syncs a second while calls are recorded, and calls a sync. */
async function counted(): Promise<{ readonly perSecond: number; readonly callsPerSync: number }> {
  const count = 3000;
  await using server = await startOpenAIServer({ keepRequests: false });
  const log = join(folder, "syncs.log");
  const strace = ["-o", log, "-ttt", "-e", `trace=${syncs}`];
  const { code, stderr } = await run(server, { ledger: join(folder, "counted.db"), count, strace });
  assert.equal(code, 0, stderr);
  const times = [...readFileSync(log, "utf8").matchAll(/^\d+\s+(\d+\.\d+) f(?:data)?sync/gm)].map(([, at]) =>
    Number(at),
  );
  const seconds = (times.at(-1) ?? 0) - (times[0] ?? 0);
  return { perSecond: times.length / seconds, callsPerSync: count / times.length };
}

try {
  for (let failure = 0; failure < failures; failure++) await failing(1 + failure);
  const { perSecond, callsPerSync } = await counted();
  publish("disk", "A disk that fails, and its syncs", [
    {
      what: "runs that a failing sync stopped by name, with no more lost than was in flight, and that then went on",
      against: "all",
      ratio: 1,
      goal: { atLeast: 1 },
      detail: `${failures} runs of ${rows} rows, EIO from the 1st, 2nd, … sync on`,
    },
    {
      what: "syncs a second while 3,000 calls without latency are recorded",
      against: "one in 5 ms",
      ratio: perSecond / 200,
      goal: { atMost: 1 },
      detail: `${Math.round(perSecond)} a second, ${callsPerSync.toFixed(1)} calls each`,
    },
  ]);
} finally {
  rmSync(folder, { recursive: true });
}
