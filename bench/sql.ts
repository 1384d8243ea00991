/**
 * What a session costs where nothing is called, against better-sqlite3 itself on the same data: scans, results of 10,000
 * rows, single rows, writes. And answers stored in a table, against a loop that asks the same service with as many in
 * flight and inserts what comes. `node bench/sql.ts`.
 */
import assert from "node:assert/strict";
import Database from "better-sqlite3";
import { openSession, type Connection, type SendOutcome, type Session } from "../src/index.ts";
import { publish, race, type Finding } from "./harness.ts";
import { noModels } from "../test/support/echo.ts";

const rows = 100_000;
const concurrency = 64;
const latencyMs = 20;
const storedRows = 5000;

const fill = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows})
  INSERT INTO t SELECT i, 'name ' || i, i % 97, i * 1.5 FROM n`;
const create = "CREATE TABLE t(id INTEGER PRIMARY KEY, name TEXT, k INTEGER, x REAL)";

interface Pair {
  readonly bare: Database.Database;
  readonly session: Session;
}

/** Of two databases that hold the same one may be 8 % slower, by where its pages lie: the median of five pairs counts. */
const pairs: Pair[] = [];
for (let number = 0; number < 5; number++) pairs.push(await pair(number % 2 === 0));
const [first] = pairs;
assert(first !== undefined);

const findings: Finding[] = [
  await finding(
    "an aggregate over 100,000 rows",
    "SELECT k, count(*), sum(x), max(name) FROM t GROUP BY k",
    1.05,
  ),
  await finding(
    "a join of 100,000 rows",
    "SELECT count(*) FROM t a JOIN t b ON b.id = a.id + 1 WHERE a.k = b.k - 1",
    1.05,
  ),
  await finding("10,000 rows read as arrays", "SELECT * FROM t WHERE id <= 10000"),
  await finding("an update of 100,000 rows", "UPDATE t SET x = x + 1", 1.05),
  await finding("one row by its key", "SELECT * FROM t WHERE id = 4711"),
  await stored(first),
];
await Promise.all(pairs.map(({ session }) => session.close()));
publish("sql", "SQL without calls, and answers stored", findings);

async function pair(isBareFirst: boolean): Promise<Pair> {
  const early = isBareFirst ? filled() : undefined;
  const session = await openSession({ connection: service(), ledger: ":memory:" });
  await session.execute(create);
  await session.execute(fill);
  return { bare: early ?? filled(), session };
}

function filled(): Database.Database {
  const db = new Database(":memory:");
  db.exec(create);
  db.exec(fill);
  return db;
}

async function finding(what: string, sql: string, atMost?: number): Promise<Finding> {
  const races: { readonly ours: number; readonly own: number }[] = [];
  for (const one of pairs) races.push(await raced(one, sql));
  const { ours, own } = races.toSorted((a, b) => a.ours / a.own - b.ours / b.own)[2] ?? {
    ours: NaN,
    own: NaN,
  };
  return {
    what,
    against: "better-sqlite3",
    ratio: ours / own,
    ...(atMost === undefined ? {} : { goal: { atMost } }),
    detail: `${(ours / 1e6).toFixed(3)} ms, ${(own / 1e6).toFixed(3)} ms`,
  };
}

/** Nanoseconds. */
async function raced({ session, bare }: Pair, sql: string): Promise<{ ours: number; own: number }> {
  const isReader = bare.prepare(sql).reader;
  const { ours, own } = await race(
    {
      ours: async () => {
        const result = await session.execute(sql);
        for await (const _ of result.arrays());
      },
      own: () => {
        const statement = bare.prepare(sql);
        if (isReader) statement.raw().all();
        else statement.run();
      },
    },
    { rounds: 7, roundMs: 200 },
  );
  return { ours, own };
}

/** Whole runs, since nothing is asked twice: the best of three each. */
async function stored({ session, bare }: Pair): Promise<Finding> {
  let [ours, own] = [Infinity, Infinity];
  for (let round = 0; round < 3; round++) {
    ours = Math.min(ours, await msOf(() => storedByUs(session, round)));
    own = Math.min(own, await msOf(() => storedByLoop(bare, round)));
  }
  return {
    what: `${storedRows} answers stored in a table, a service of ${latencyMs} ms, ${concurrency} in flight`,
    against: "a loop that sends and inserts",
    ratio: ours / own,
    goal: { atMost: 1.3 },
    detail: `${ours.toFixed(0)} ms, ${own.toFixed(0)} ms`,
  };
}

async function storedByUs(into: Session, round: number): Promise<void> {
  await into.execute(`SET concurrency = ${concurrency}`);
  await into.execute("CREATE TABLE IF NOT EXISTS o(id INTEGER, answer TEXT)");
  const { affectedRows } = await into.execute(
    `INSERT INTO o SELECT id, GenerateResponse(name || ' round ${round}') FROM t WHERE id <= ${storedRows}`,
  );
  assert.equal(affectedRows, storedRows);
}

async function storedByLoop(bare: Database.Database, round: number): Promise<void> {
  const api = service();
  bare.exec("CREATE TABLE IF NOT EXISTS o(id INTEGER, answer TEXT)");
  const insert = bare.prepare("INSERT INTO o VALUES (?, ?)");
  const asked = bare.prepare(`SELECT id, name FROM t WHERE id <= ${storedRows}`).raw().all().values();
  const answers: [unknown, string][] = [];
  const { signal } = new AbortController();
  const work = async (): Promise<void> => {
    for (const row of asked) {
      const [id, name] = row as [number, string];
      const body = { model: "gpt-6-luna", input: `${name} round ${round}` };
      const outcome = await api.send({ endpoint: "responses", body }, { signal, timeoutMs: 60_000 });
      answers.push([id, outcome.ok ? JSON.stringify(outcome.answer.body) : ""]);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  bare.transaction(() => answers.forEach((answer) => insert.run(...answer)))();
  assert.equal(answers.length, storedRows);
}

async function msOf(work: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

function service(): Connection {
  const models = { ...noModels, text: "gpt-6-luna" };
  return {
    name: "bench",
    identity: "bench",
    models,
    send: async ({ body }): Promise<SendOutcome> => {
      await new Promise((resolve) => setTimeout(resolve, latencyMs));
      const content = [{ type: "output_text", text: `about ${String(body["input"])}` }];
      const answer = {
        id: "resp_1",
        status: "completed",
        model: "gpt-6-luna",
        output: [{ type: "message", role: "assistant", content }],
        usage: { input_tokens: 10, output_tokens: 5 },
      };
      return { ok: true, answer: { body: answer, status: 200, contentType: "application/json" } };
    },
  };
}
