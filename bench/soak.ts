/**
 * The long run of `npm run soak` (reference reliability.md, F1): rows against a service that refuses, breaks off, hangs and
 * answers nonsense. Each row ends with the right answer or a stated error, none with another row's, and no call that has
 * succeeded is sent again. `node bench/soak.ts [rows]`, some minutes for 10,000.
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { createOpenAIConnection } from "../src/connection/openai.ts";
import { openSession, type Session, type SqlValue } from "../src/index.ts";
import { faults, startOpenAIServer, type Fault, type OpenAIServer } from "../test/support/openai-server.ts";

const rows = Number(process.argv[2] ?? 10_000);

const common: readonly Fault[] = [
  faults.rateLimited("0.2", { probability: 0.05 }),
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
}

const cases: readonly Case[] = [
  { name: "single requests", call: "GenerateResponse(body)", faults: common, packMax: 1 },
  {
    name: "packs of embeddings",
    call: "hex(GetEmbeddings(body, Dimensions => 16))",
    faults: [...common, ...ofPacks],
    packMax: 50,
  },
  { name: "packs of moderations", call: "ModerateText(body)", faults: [...common, ...ofPacks], packMax: 32 },
];

/** Of what a fault does to a request, what leaves its answer whole. */
const harmless = new Set(["shuffled"]);

const folder = mkdtempSync(join(tmpdir(), "callsql-soak-"));
try {
  for (const one of cases) await soak(one);
} finally {
  rmSync(folder, { recursive: true });
}

async function soak({ name, call, faults: script, packMax }: Case): Promise<void> {
  const startedAt = performance.now();
  const calm = await answers(call, [], packMax, undefined);
  await calm.server.close();
  const ledger = join(folder, `${name}.db`);
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

  const inputs = server.requests
    .filter((request) => request.charged && request.faults.every((kind) => harmless.has(kind)))
    .flatMap(({ body }) => body["input"]);
  assert.equal(new Set(inputs).size, inputs.length, "a call that had succeeded was sent again");
  assert.deepEqual(server.violations, []);
  const hit = server.requests.filter((request) => request.faults.length > 0).length;
  await server.close();
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  const memory = Math.round(process.memoryUsage().rss / 2 ** 20);
  console.log(
    `${name}: ${rows} rows right but ${missing} with an error, ${server.requests.length} requests, ${hit} of them hit; ${seconds} s, ${memory} MB with the service`,
  );
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
  const connection = { ...own, packMax, send: own.send.bind(own) };
  await using session = await openSession({ connection, ...(ledger === undefined ? {} : { ledger }) });
  const bodies = Array.from({ length: rows }, (_, index) => [index + 1, `row ${index + 1}`] as const);
  await session.importRows("t", ["id", "body"], bodies);
  // Longer than a busy machine takes for an answer: one that came too late would be asked for again, rightly.
  await set(session, { concurrency: 32, timeout: 10, max_attempts: 12 });
  const result = await session.execute(`CREATE TABLE out AS SELECT id, ${call} AS answer FROM t`);
  const { failed } = result.counts;
  const found = new Map<SqlValue, SqlValue>();
  for await (const [id = null, answer = null] of (await session.execute("SELECT * FROM out")).arrays()) {
    found.set(id, answer);
  }
  return { found, failed, server };
}

async function set(session: Session, options: Readonly<Record<string, number>>): Promise<void> {
  for (const [name, value] of Object.entries(options)) await session.execute(`SET ${name} = ${value}`);
}
