/**
 * A script that is killed at random moments and given again, as the same command: no recorded answer is bought again, no
 * write is done twice, and the tables end as those of an undisturbed run (reference reliability.md, F2 and F6).
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import Database from "better-sqlite3";
import { afterAll, expect, test, vi } from "vitest";
import { root, startCallsql, startNode } from "../e2e/support/process.ts";
import { faults } from "../support/openai-faults.ts";
import { startOpenAIServer } from "../support/openai-server.ts";
import { onItsWayMax } from "./support/on-its-way.ts";
import { times } from "./support/soak.ts";

const folder = mkdtempSync(join(tmpdir(), "callsql-crash-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const concurrency = 16;

function writeScript(rows: number): string {
  const file = join(folder, `${rows}-rows.sql`);
  const text = `SET concurrency = ${concurrency};
   CREATE TABLE t AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows})
     SELECT i AS id, 'ticket ' || i AS body, NULL AS s FROM n;
   CREATE TABLE log(n INTEGER, what TEXT NOT NULL);
   INSERT INTO log SELECT count(*), 'before' FROM t;
   CREATE TEMP TABLE half AS SELECT id FROM t WHERE id % 2 = 0;
   UPDATE t SET s = GenerateResponse(body) WHERE id IN (SELECT id FROM half);
   INSERT INTO log SELECT count(s), 'half' FROM t;
   BEGIN;
   INSERT INTO log SELECT length(GenerateResponse(body || '!')), 'length' FROM t WHERE id <= 40;
   UPDATE log SET n = n + 1 WHERE what = 'half';
   COMMIT;
   UPDATE t SET s = GenerateResponse(body) WHERE s IS NULL;
   INSERT INTO log SELECT total, 'after' FROM (SELECT count(DISTINCT s) AS total FROM t);
   SELECT count(*), count(s) FROM t;`;
  writeFileSync(file, text);
  return file;
}

interface Setting {
  readonly script: string;
  readonly database: string;
  readonly ledger: string;
  readonly url: string;
}

function start(setting: Setting): ReturnType<typeof startCallsql> {
  return startCallsql(argumentsOf(setting), { env: envOf(setting) });
}

function argumentsOf({ script, database, ledger }: Setting): string[] {
  return ["run", script, database, "--ledger", ledger, "-o", "csv"];
}

function envOf({ url }: Setting): Record<string, string> {
  return { OPENAI_API_KEY: "sk-test-12345678", OPENAI_BASE_URL: url };
}

function tables(database: string): unknown[] {
  const db = new Database(database, { readonly: true });
  const read = (sql: string): unknown[] => db.prepare(sql).raw().all();
  const found = [
    read("SELECT * FROM t ORDER BY id"),
    read("SELECT * FROM log ORDER BY what, n"),
    read("PRAGMA integrity_check"),
    read("SELECT name FROM sqlite_schema ORDER BY 1"),
  ];
  db.close();
  return found;
}

interface Records {
  readonly answered: number;
  /** On their way when a process was killed. */
  readonly unanswered: number;
}

function records(ledger: string): Records {
  if (!existsSync(ledger)) return { answered: 0, unanswered: 0 };
  const db = new Database(ledger);
  const count = (sql: string): number => Number(db.prepare(sql).pluck().get());
  const isMade = count("SELECT count(*) FROM sqlite_schema WHERE name = 'calls'") > 0;
  const answered = isMade ? count("SELECT count(*) FROM calls WHERE status = 'succeeded'") : 0;
  const unanswered = isMade ? count("SELECT count(*) FROM calls WHERE status IN ('started', 'unknown')") : 0;
  db.close();
  return { answered, unanswered };
}

/** A random one: before `most` more calls are charged, and now and then while the process starts. */
async function moment(charged: () => number, most: number): Promise<void> {
  if (Math.random() < 1 / 4) {
    await sleep(Math.random() * 600);
    return;
  }
  const until = charged() + Math.random() * most;
  await vi.waitUntil(() => charged() >= until, { timeout: 60_000, interval: 1 });
}

test(
  "killed at random moments, given again: the same tables, no answer bought twice",
  { timeout: 600_000 },
  async () => {
    await using server = await startOpenAIServer({ keepRequests: false });
    const kills = times(3, 50);
    // So many that every kill has some to come before.
    const rows = 240 * kills;
    const calm = {
      script: writeScript(rows),
      database: join(folder, "calm.db"),
      ledger: join(folder, "calm-ledger.db"),
      url: server.url,
    };
    const undisturbed = await start(calm).finished;
    expect(undisturbed).toMatchObject({ code: 0, stdout: `count(*),count(s)\n${rows},${rows}\n` });
    const needed = server.charged;

    server.reset();
    server.script(faults.delay(40));
    const disturbed = { ...calm, database: join(folder, "hit.db"), ledger: join(folder, "hit-ledger.db") };
    let recorded = records(disturbed.ledger);
    for (let kill = 0; kill < kills; kill++) {
      const running = start(disturbed);
      await moment(() => server.charged, (needed - recorded.answered) / (kills - kill));
      running.child.kill("SIGKILL");
      const killed = await running.finished;
      expect(killed, killed.stderr).toMatchObject({ signal: "SIGKILL" });
      const before = recorded;
      recorded = records(disturbed.ledger);
      expect(recorded.unanswered - before.unanswered).toBeLessThanOrEqual(onItsWayMax(concurrency));
    }
    const last = await start(disturbed).finished;
    expect(last, last.stderr).toMatchObject({ code: 0, stdout: `count(*),count(s)\n${rows},${rows}\n` });
    expect(last.stderr).toContain("goes on");
    expect(tables(disturbed.database)).toEqual(tables(calm.database));

    const ledger = new Database(disturbed.ledger, { readonly: true });
    const count = (sql: string): number => Number(ledger.prepare(sql).pluck().get());
    expect(ledger.pragma("integrity_check", { simple: true })).toBe("ok");
    expect(count("SELECT count(*) FROM calls WHERE status = 'succeeded'")).toBe(needed);
    expect(count("SELECT count(DISTINCT key) FROM calls WHERE status = 'succeeded'")).toBe(needed);
    expect(count("SELECT count(*) FROM calls WHERE status = 'started'")).toBe(0);
    // Paid without an answer is only what was on its way when it was killed, and every one of them is listed.
    const unknown = count("SELECT count(*) FROM calls WHERE status = 'unknown'");
    expect(unknown).toBe(recorded.unanswered);
    expect(server.charged).toBeLessThanOrEqual(needed + unknown);
    ledger.close();
  },
);

test("a process that was killed and that nobody has waited for does not hold its run", async () => {
  await using server = await startOpenAIServer({ keepRequests: false });
  server.script(faults.delay(60));
  const setting = {
    script: writeScript(100),
    database: join(folder, "zombie.db"),
    ledger: join(folder, "zombie-ledger.db"),
    url: server.url,
  };
  // As in a container whose first process reaps nothing.
  const heedless =
    "import('node:child_process').then(({ spawn }) => { \
    console.log(spawn(process.execPath, process.argv.slice(1), { stdio: 'inherit' }).pid); \
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60000); })";
  const { child, finished } = startNode(
    ["-e", heedless, join(root, "bin/callsql.js"), ...argumentsOf(setting)],
    {
      env: envOf(setting),
    },
  );
  let printed = "";
  child.stdout?.on("data", (text) => (printed += String(text)));
  await vi.waitUntil(() => server.charged > 20 && printed.includes("\n"), { timeout: 30_000 });
  const pid = Number(printed.split("\n")[0]);
  process.kill(pid, "SIGKILL");
  if (process.platform === "linux")
    await vi.waitUntil(() => /\) Z /.test(readFileSync(`/proc/${pid}/stat`, "latin1")), { timeout: 30_000 });
  else child.kill("SIGKILL");
  const next = await start(setting).finished;
  expect(next, next.stderr).toMatchObject({ code: 0, stdout: "count(*),count(s)\n100,100\n" });
  expect(next.stderr).toContain("goes on");
  child.kill("SIGKILL");
  await finished;
});

test("a second process is refused, and when the first is killed a third takes over: nothing is lost, nothing bought twice", async () => {
  await using server = await startOpenAIServer({ keepRequests: false });
  server.script(faults.delay(60));
  const rows = 240;
  const setting = {
    script: writeScript(rows),
    database: join(folder, "twice.db"),
    ledger: join(folder, "twice-ledger.db"),
    url: server.url,
  };
  const first = start(setting);
  await vi.waitUntil(() => server.charged > 40, { timeout: 30_000 });
  const second = await start(setting).finished;
  expect(second.code).toBe(3);
  expect(second.stderr).toContain("ledger/already-running");
  first.child.kill("SIGKILL");
  await first.finished;

  const third = await start(setting).finished;
  expect(third, third.stderr).toMatchObject({ code: 0, stdout: `count(*),count(s)\n${rows},${rows}\n` });
  expect(third.stderr).toContain("goes on");
  const ledger = new Database(setting.ledger, { readonly: true });
  const count = (sql: string): number => Number(ledger.prepare(sql).pluck().get());
  const succeeded = count("SELECT count(*) FROM calls WHERE status = 'succeeded'");
  const unknown = count("SELECT count(*) FROM calls WHERE status = 'unknown'");
  expect(count("SELECT count(DISTINCT key) FROM calls WHERE status = 'succeeded'")).toBe(succeeded);
  ledger.close();
  expect(unknown).toBeLessThanOrEqual(onItsWayMax(concurrency));
  expect(server.charged).toBeLessThanOrEqual(succeeded + unknown);
});
