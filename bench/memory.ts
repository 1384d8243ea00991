/**
 * Memory of statements that call for many rows, each in a process of its own, by the peak of its resident set:
 * - 1,000,000 rows with short prompts: under 500 MB, and at most 1.6 times what 100,000 take;
 * - 100,000 rows with answers of 4 KB: under 400 MB.
 * The service answers at once and keeps nothing, so that what is counted is callsql's own, with what the command line sets for V8.
 * `node bench/memory.ts [share]`: a share of 0.1 runs a tenth of the rows. Ends with 1 when a bound is passed. Linux only.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSession, type Connection, type SendOutcome } from "../src/index.ts";
import { keepCallsYoung } from "../src/cli/young-calls.ts";
import { publish, type Finding } from "./harness.ts";
import { noModels } from "../test/support/echo.ts";

interface Case {
  readonly rows: number;
  readonly answerBytes: number;
  readonly sql: string;
}

const count = "SELECT count(GenerateResponse(body)) FROM t";
const cases: Readonly<Record<string, Case>> = {
  "100,000 rows, short prompts": { rows: 100_000, answerBytes: 20, sql: count },
  "1,000,000 rows, short prompts": { rows: 1_000_000, answerBytes: 20, sql: count },
  "100,000 rows, answers of 4 KB": {
    rows: 100_000,
    answerBytes: 4096,
    sql: "CREATE TABLE o AS SELECT id, GenerateResponse(body) AS answer FROM t",
  },
};

interface Measured {
  readonly peakMb: number;
  readonly seconds: number;
  readonly ledgerMb: number;
}

const [first, second] = process.argv.slice(2);
if (first !== undefined && first in cases) console.log(JSON.stringify(await run(first, Number(second))));
else measureAll(Number(first ?? 1));

function measureAll(share: number): void {
  const [few, many, long] = Object.keys(cases).map((name) => measure(name, share));
  if (few === undefined || many === undefined || long === undefined) throw new Error("a case is missing");
  const detail = ({ peakMb, seconds, ledgerMb }: Measured): string =>
    `${peakMb.toFixed(0)} MB, ${seconds.toFixed(0)} s, a ledger of ${ledgerMb.toFixed(0)} MB`;
  publish("memory", "Memory", [
    finding("1,000,000 rows, short prompts", { against: "500 MB", ratio: many.peakMb / 500 }, detail(many)),
    finding("100,000 rows, answers of 4 KB", { against: "400 MB", ratio: long.peakMb / 400 }, detail(long)),
    {
      ...finding("1,000,000 rows", { against: "100,000 rows", ratio: many.peakMb / few.peakMb }, detail(few)),
      goal: { atMost: 1.6 },
    },
  ]);
}

function finding(what: string, compared: Pick<Finding, "against" | "ratio">, detail: string): Finding {
  return { what, ...compared, goal: { atMost: 1 }, detail };
}

function measure(name: string, share: number): Measured {
  const { stdout } = spawnSync(process.execPath, [import.meta.filename, name, String(share)], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  return readMeasured(stdout);
}

function readMeasured(line: string): Measured {
  return JSON.parse(line) as Measured;
}

async function run(name: string, share: number): Promise<Measured> {
  const { rows, answerBytes, sql } = cases[name] ?? { rows: 0, answerBytes: 0, sql: "" };
  const wanted = Math.round(rows * share);
  const folder = mkdtempSync(join(tmpdir(), "callsql-memory-"));
  const ledger = join(folder, "ledger.db");
  const database = join(folder, "data.db");
  const startedAt = performance.now();
  keepCallsYoung();
  {
    await using session = await openSession({ connection: answering(answerBytes), ledger, database });
    await session.execute("SET concurrency = 64");
    await session.execute("CREATE TABLE t(id INTEGER PRIMARY KEY, body TEXT)");
    const numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :rows)";
    await session.execute(`${numbers} INSERT INTO t(body) SELECT 'Question number ' || i FROM n`, {
      rows: wanted,
    });
    const { counts } = await session.execute(sql);
    if (counts.made !== wanted) throw new Error(`${counts.made} calls for ${wanted} rows`);
  }
  const seconds = (performance.now() - startedAt) / 1000;
  const ledgerMb = statSync(ledger).size / 1e6;
  rmSync(folder, { recursive: true });
  return { peakMb: peakOfProcess(), seconds, ledgerMb };
}

/** A service without latency, whose answers are all alike but for their text. */
function answering(bytes: number): Connection {
  const models = { ...noModels, text: "gpt-6-luna" };
  const usage = { input_tokens: 10, output_tokens: bytes / 4 };
  return {
    name: "bench",
    identity: "bench",
    models,
    send: async ({ body }): Promise<SendOutcome> => {
      const text = `${String(body["input"])} `.padEnd(bytes, "answer ");
      const output = [{ type: "message", role: "assistant", content: [{ type: "output_text", text }] }];
      const answer = { id: "resp_1", status: "completed", model: "gpt-6-luna", output, usage };
      return { ok: true, answer: { body: answer, status: 200, contentType: "application/json" } };
    },
  };
}

/** Of this process, since its start. */
function peakOfProcess(): number {
  const line = /VmHWM:\s+(\d+) kB/.exec(readFileSync("/proc/self/status", "utf8"));
  return Number(line?.[1]) / 1024;
}
