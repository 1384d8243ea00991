/**
 * Every answer is synced before it is shown, and few syncs serve many answers (reference reliability.md, F5). In WAL
 * with `synchronous = FULL` each commit is one sync, and leaves one frame that says how large the database is now.
 * bench/disk.ts counts the system's own calls.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect, test, vi } from "vitest";
import { createOpenAIConnection } from "../../src/connection/openai.ts";
import { openSession, type Procedure } from "../../src/index.ts";
import { getEmbeddings } from "../../src/procedures/get-embeddings.ts";
import { Ledger } from "../../src/runtime/ledger/ledger.ts";
import { startOpenAIServer } from "../support/openai-server.ts";

const folder = mkdtempSync(join(tmpdir(), "callsql-syncs-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Commits in a write-ahead log: https://sqlite.org/fileformat2.html#the_write_ahead_log */
function commitsIn(wal: Buffer): number {
  const frameBytes = 24 + wal.readUInt32BE(8);
  let commits = 0;
  for (let frame = 32; frame + frameBytes <= wal.length; frame += frameBytes) {
    if (wal.readUInt32BE(frame + 4) !== 0) commits++;
  }
  return commits;
}

const answered = { body: "x", status: 200, contentType: "application/json" };

function open(name: string) {
  const file = join(folder, `${name}.db`);
  const ledger = new Ledger(file);
  // Otherwise the log begins anew when it has a thousand pages.
  ledger.db.pragma("wal_autocheckpoint = 0");
  const run = ledger.runs.begin({ kind: "session", name });
  const before = commitsIn(readFileSync(`${file}-wal`));
  const commits = (): number => commitsIn(readFileSync(`${file}-wal`)) - before;
  const call = async (number: number, answer = async (): Promise<void> => undefined): Promise<void> => {
    const id = await ledger.started(
      {
        key: number.toString(16).padStart(64, "0"),
        procedure: "P",
        connection: "c",
        request: { endpoint: "responses", body: {} },
        requestText: "{}",
      },
      run,
    );
    await answer();
    await ledger.ended(id, {
      outcome: { answer: answered, attempts: 1, durationMs: 1 },
      inputTokens: 1,
      outputTokens: 1,
      costUsd: 0,
    });
  };
  return { ledger, commits, call };
}

test("a call alone is two syncs: one before it is sent, one before its answer is shown", async () => {
  const { ledger, commits, call } = open("alone");
  for (let number = 0; number < 20; number++) await call(number);
  expect(commits()).toBe(40);
  ledger.close();
});

test("a write is held back for others that may come, never for none", async () => {
  const { ledger, commits, call } = open("one by one");
  vi.useFakeTimers({ toFake: ["setTimeout"] });
  try {
    // Nobody lets time pass here: a wait would have no end.
    for (let number = 0; number < 20; number++) await call(number);
  } finally {
    vi.useRealTimers();
  }
  expect(commits()).toBe(40);
  ledger.close();
});

test("at a thousand calls a second at most one sync in 5 ms", async () => {
  const { ledger, commits, call } = open("steady");
  const startedAt = performance.now();
  const running: Promise<void>[] = [];
  for (let tick = 0; tick < 100; tick++) {
    for (let number = 0; number < 10; number++) {
      running.push(call(tick * 10 + number, () => sleep(25)));
    }
    await sleep(10);
  }
  await Promise.all(running);
  const elapsedMs = performance.now() - startedAt;
  expect(commits()).toBeLessThanOrEqual((elapsedMs / 5) * 1.1 + 1);
  ledger.close();
});

test("a flood is committed in large groups", async () => {
  const { ledger, commits, call } = open("flood");
  await Promise.all(Array.from({ length: 4096 }, (_, number) => call(number)));
  expect(commits()).toBeLessThanOrEqual((2 * 4096) / 64);
  ledger.close();
});

test("the end of a pack and the start of the next are one sync", async () => {
  const server = await startOpenAIServer();
  const ledger = join(folder, "packs.db");
  const connection = createOpenAIConnection({ name: "openai", apiKey: "sk-t", baseUrl: server.url });
  const { pack } = getEmbeddings;
  if (pack === undefined) throw new Error("not packed");
  const embed: Procedure = { ...getEmbeddings, name: "Embed64", pack: { ...pack, inputsMax: 64 } };
  const session = await openSession({ connection, ledger, procedures: [embed] });
  await session.execute("SET concurrency = 1");
  const texts = Array.from({ length: 1280 }, (_, index) => [`text ${index}`] as const);
  await session.importRows("t", ["body"], texts);
  await session.execute("SELECT count(Embed64(body)) FROM t");
  expect(server.requests).toHaveLength(20);
  // What a pack has cost is known when its end is on disk, and written then: two commits a pack, and not three.
  expect(commitsIn(readFileSync(`${ledger}-wal`))).toBeLessThanOrEqual(2 * 20 + 8);
  await session.close();
  await server.close();
});
