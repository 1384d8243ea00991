/**
 * The long run of `npm run soak` (reference reliability.md, F1): rows against a service that refuses, breaks off, hangs and
 * answers nonsense. Each row ends with the right answer or a stated error, none with another row's; no call whose answer
 * has arrived is sent again, and none that was refused before its Retry-After. `node bench/soak.ts [rows]`, two minutes for
 * 10,000.
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { createOpenAIConnection } from "../src/connection/openai.ts";
import type { ApiAnswer } from "../src/catalog/request.ts";
import { openSession, type Connection, type Session, type SqlValue } from "../src/index.ts";
import { faults, startOpenAIServer, type Fault, type OpenAIServer } from "../test/support/openai-server.ts";

const rows = Number(process.argv[2] ?? 10_000);

/** F1: a twentieth refused, and the like. */
const everyday: readonly Fault[] = [
  faults.rateLimited("1", { probability: 0.05 }),
  faults.serverError({ probability: 0.03 }),
  faults.reset("request", { probability: 0.01 }),
  faults.reset("work", { probability: 0.01 }),
  faults.cut({ probability: 0.01 }),
];
const common: readonly Fault[] = [
  faults.rateLimited("1", { probability: 0.05 }),
  faults.serverError({ probability: 0.015 }),
  faults.overloaded({ probability: 0.015 }),
  faults.reset("request", { probability: 0.01 }),
  faults.reset("work", { probability: 0.01 }),
  faults.cut({ probability: 0.01 }),
  faults.hang({ probability: 0.005 }),
  faults.malformed({ probability: 0.005 }),
  faults.empty({ probability: 0.005 }),
];
const ofPacks: readonly Fault[] = [
  faults.wrongCount({ probability: 0.1 }),
  faults.repeatedIndex({ probability: 0.1 }),
  faults.shuffled({ probability: 0.3 }),
];

interface Case {
  readonly name: string;
  readonly call: string;
  readonly faults: readonly Fault[];
  /** Inputs a request. */
  readonly packMax: number;
  /** Seconds it may take for 10,000 rows, on a machine that does nothing else. */
  readonly secondsMax?: number;
}

const cases: readonly Case[] = [
  {
    name: "everyday faults",
    call: "GenerateResponse(body)",
    faults: everyday,
    packMax: 1,
    secondsMax: 60,
  },
  { name: "single requests", call: "GenerateResponse(body)", faults: common, packMax: 1 },
  {
    name: "packs of embeddings",
    call: "hex(GetEmbeddings(body, Dimensions => 16))",
    faults: [...common, ...ofPacks],
    packMax: 50,
  },
  { name: "packs of moderations", call: "ModerateText(body)", faults: [...common, ...ofPacks], packMax: 32 },
];

const folder = mkdtempSync(join(tmpdir(), "callsql-soak-"));
try {
  for (const one of cases) await soak(one);
} finally {
  rmSync(folder, { recursive: true });
}

async function soak({ name, call, faults: script, packMax, secondsMax = Infinity }: Case): Promise<void> {
  const busy = stretch();
  const calm = await answers(call, [], packMax, undefined);
  const stretched = busy();
  await calm.server.close();
  const ledger = join(folder, `${name}.db`);
  const startedAt = performance.now();
  const { found, failed, server } = await answers(call, script, packMax, ledger);
  const wrong = [...found].filter(([id, answer]) => answer !== null && answer !== calm.found.get(id));
  const missing = [...found].filter(([, answer]) => answer === null).length;
  assert.deepEqual(wrong, [], "an answer on the wrong row");
  assert.equal(found.size, rows);
  assert.equal(missing, failed, "a row without an answer and without an error");

  const db = new Database(ledger, { readonly: true });
  const count = (sql: string): number => Number(db.prepare(sql).pluck().get());
  assert.equal(db.pragma("integrity_check", { simple: true }), "ok");
  assert.equal(count("SELECT count(*) FROM calls WHERE status = 'started'"), 0);
  const succeeded = count("SELECT count(*) FROM calls WHERE status = 'succeeded'");
  assert.equal(succeeded, count("SELECT count(DISTINCT key) FROM calls WHERE status = 'succeeded'"));
  assert.equal(succeeded, rows - missing);
  db.close();

  const seconds = (performance.now() - startedAt) / 1000;
  const secondsAllowed = ((secondsMax * rows) / 10_000) * stretched;
  assert.ok(
    seconds <= secondsAllowed,
    `it took ${seconds.toFixed(1)} s, on a machine ${stretched.toFixed(1)} times busy`,
  );
  assert.deepEqual(server.violations, []);
  const hit = server.requests.filter((request) => request.faults.length > 0).length;
  await server.close();
  const memory = Math.round(process.memoryUsage().rss / 2 ** 20);
  console.log(
    `${name}: ${rows} rows right but ${missing} with an error, ${server.requests.length} requests, ${hit} of them hit; ${seconds.toFixed(1)} s, ${memory} MB with the service`,
  );
}

/** How much longer than its computing a run takes that waits for nothing: by what else the machine has to do. */
function stretch(): () => number {
  const startedAt = performance.now();
  const before = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(before);
    return Math.max(1, (performance.now() - startedAt) / ((user + system) / 1000));
  };
}

interface Answered {
  /** By row. */
  readonly found: ReadonlyMap<SqlValue, SqlValue>;
  readonly failed: number;
  readonly server: OpenAIServer;
}

async function answers(
  call: string,
  script: readonly Fault[],
  packMax: number,
  ledger: string | undefined,
): Promise<Answered> {
  const server = await startOpenAIServer({ faults: script, seed: 7 });
  const own = createOpenAIConnection({ name: "openai", apiKey: "sk-soak-0123456789", baseUrl: server.url });
  const connection = { ...own, packMax, send: watched(own) };
  await using session = await openSession({ connection, ...(ledger === undefined ? {} : { ledger }) });
  const bodies = Array.from({ length: rows }, (_, index) => [index + 1, `row ${index + 1}`] as const);
  await session.importRows("t", ["id", "body"], bodies);
  // An answer that comes later is asked for again: on a busy machine some do, and have not arrived.
  await set(session, { concurrency: 32, timeout: 2, max_attempts: 12 });
  const result = await session.execute(`CREATE TABLE out AS SELECT id, ${call} AS answer FROM t`);
  const { failed } = result.counts;
  const found = new Map<SqlValue, SqlValue>();
  for await (const [id = null, answer = null] of (await session.execute("SELECT * FROM out")).arrays()) {
    found.set(id, answer);
  }
  return { found, failed, server };
}

/** A connection that is never asked for what it has answered, nor before the time that a refusal named. */
function watched(connection: Connection): Connection["send"] {
  const answered = new Set<unknown>();
  const mayBeSentAt = new Map<unknown, number>();
  return async (request, options) => {
    const { input } = request.body;
    const inputs: readonly unknown[] = Array.isArray(input) ? input : [input];
    for (const one of inputs) {
      assert.ok(!answered.has(one), `${String(one)} was sent again after its answer`);
      assert.ok(performance.now() >= (mayBeSentAt.get(one) ?? 0), `${String(one)} was sent before its time`);
    }
    const outcome = await connection.send(request, options);
    // One clock counts from the answer's last byte, the other from when it was read.
    const until = outcome.ok ? 0 : performance.now() + (outcome.failure.retryAfterMs ?? 0) - 1;
    for (const one of inputs) {
      if (outcome.ok && isWhole(outcome.answer, inputs.length)) answered.add(one);
      else mayBeSentAt.set(one, until);
    }
    return outcome;
  };
}

/** One item for each input: of a pack with fewer, or with one twice, nothing can be used. */
function isWhole({ body }: ApiAnswer, inputs: number): boolean {
  const { data, results } = body as Partial<Record<"data" | "results", readonly { index?: number }[]>>;
  const items = data ?? results ?? [{}];
  return new Set(items.map(({ index }, place) => index ?? place)).size === inputs;
}

async function set(session: Session, options: Readonly<Record<string, number>>): Promise<void> {
  for (const [name, value] of Object.entries(options)) await session.execute(`SET ${name} = ${value}`);
}
