/**
 * Calls for the rows of a join, with filters, duplicates and LIMIT: how many are made, which must be exactly as many as
 * there are different texts among the rows that are given, and how long it takes against what one would write by hand:
 * better-sqlite3, the SDK, p-limit and a Map of what has been asked. `node bench/joins.ts`, a minute.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import OpenAI from "openai";
import { createOpenAIConnection } from "../src/connection/openai.ts";
import { openSession } from "../src/index.ts";
import { format, publish, type Finding } from "./harness.ts";
import { loadLimit } from "./peers.ts";
import { withServer } from "./service.ts";

const latencyMs = 20;
const inFlight = 16;
const rounds = 3;
const tickets = 20_000;
const customers = 2_000;
/** Different texts of tickets, each of some ten of them. A prime, so that every kind of ticket has them all. */
const bodies = 2_003;
const model = "gpt-6-luna";

const joined = "FROM tickets t JOIN customers c ON c.id = t.customer_id";
const chosen = "c.plan = 'pro' AND t.status = 'open'";

interface Case {
  readonly what: string;
  readonly sql: string;
  /** What a person selects before the loop. */
  readonly rows: string;
}

const cases: readonly Case[] = [
  {
    what: "a call in the select list",
    sql: `SELECT t.id, c.name, GenerateResponse(t.body) AS answer ${joined} WHERE ${chosen}`,
    rows: `SELECT t.id, c.name, t.body ${joined} WHERE ${chosen}`,
  },
  {
    what: "a call that is joined",
    sql: `SELECT t.id, c.name, r.Response_Result AS answer ${joined} JOIN GenerateResponse(t.body) r WHERE ${chosen}`,
    rows: `SELECT t.id, c.name, t.body ${joined} WHERE ${chosen}`,
  },
  {
    what: "the first 500 rows",
    sql: `SELECT t.id, c.name, GenerateResponse(t.body) AS answer ${joined} WHERE ${chosen} ORDER BY t.id LIMIT 500`,
    rows: `SELECT t.id, c.name, t.body ${joined} WHERE ${chosen} ORDER BY t.id LIMIT 500`,
  },
  {
    what: "the first 500 rows of a joined call",
    sql: `SELECT t.id, c.name, r.Response_Result AS answer ${joined} JOIN GenerateResponse(t.body) r WHERE ${chosen} ORDER BY t.id LIMIT 500`,
    rows: `SELECT t.id, c.name, t.body ${joined} WHERE ${chosen} ORDER BY t.id LIMIT 500`,
  },
  {
    what: "a filter on the answers, which names both tables",
    sql: `SELECT t.id, c.name, r.Response_Result AS answer ${joined} JOIN GenerateResponse(iif(c.id IS NULL, t.body, t.body)) r WHERE ${chosen} AND r.Response_Result LIKE '%fjord%'`,
    rows: `SELECT t.id, c.name, t.body ${joined} WHERE ${chosen}`,
  },
];

interface Row {
  readonly id: number;
  readonly body: string;
}

interface Took {
  readonly rows: number;
  readonly calls: number;
  readonly ms: number;
}

const pLimit = await loadLimit();
const folder = mkdtempSync(join(tmpdir(), "callsql-bench-"));
const file = join(folder, "tickets.db");
fill();
const findings = await withServer(latencyMs, async (baseUrl) => {
  const found: Finding[] = [];
  for (const one of cases) found.push(...(await compare(one, baseUrl)));
  return found;
});
rmSync(folder, { recursive: true });
publish("joins", "Calls over a join", findings);

/** The same every time. */
function fill(): void {
  const db = new Database(file);
  db.exec(`CREATE TABLE customers(id INTEGER PRIMARY KEY, name TEXT, plan TEXT);
    CREATE TABLE tickets(id INTEGER PRIMARY KEY, customer_id INTEGER, status TEXT, body TEXT);
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${customers})
      INSERT INTO customers SELECT i, 'customer ' || i, iif(i % 3 = 0, 'pro', 'free') FROM n;
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${tickets})
      INSERT INTO tickets SELECT i, i * 7919 % ${customers} + 1, iif(i % 2 = 0, 'open', 'closed'),
        'Where is my parcel number ' || (i * 104729 % ${bodies}) || '?' FROM n;`);
  db.close();
}

async function compare({ what, sql, rows }: Case, baseUrl: string): Promise<readonly Finding[]> {
  const needed = countNeeded(rows);
  const ours: Took[] = [];
  const theirs: Took[] = [];
  for (let round = 0; round < rounds; round += 1) {
    ours.push(await throughUs(sql, baseUrl));
    theirs.push(await byHand(rows, baseUrl));
  }
  const wrong = [...ours, ...theirs].find((took) => took.rows !== needed.rows);
  if (wrong !== undefined) throw new Error(`${wrong.rows} of ${needed.rows} rows: ${sql}`);
  const [best, byLoop] = [bestOf(ours), bestOf(theirs)];
  return [
    {
      what: `${what}: calls made`,
      against: "different texts of its rows",
      // Of the round that is furthest from right; a call too few is as wrong as one too many.
      ratio: Math.max(...ours.map(({ calls }) => Math.max(calls / needed.calls, needed.calls / calls))),
      goal: { atMost: 1 },
      detail: `${ours.map(({ calls }) => calls).join(", ")}; ${needed.calls}, for ${needed.rows} rows`,
    },
    {
      what: `${what}: time`,
      against: "a loop by hand",
      ratio: best / byLoop,
      goal: { atMost: 1.5 },
      detail: `${format(best)} and ${format(byLoop)} ms, ${latencyMs} ms a call, ${inFlight} in flight`,
    },
  ];
}

function bestOf(tries: readonly Took[]): number {
  return Math.min(...tries.map(({ ms }) => ms));
}

function countNeeded(rows: string): { readonly rows: number; readonly calls: number } {
  const db = new Database(file, { readonly: true });
  const [counted] = db.prepare(`SELECT count(*) AS rows, count(DISTINCT body) AS calls FROM (${rows})`).all();
  db.close();
  return readCounted(counted);
}

function readCounted(counted: unknown): { readonly rows: number; readonly calls: number } {
  return counted as { readonly rows: number; readonly calls: number };
}

/** Into memory, as the loop does: what the record costs is in ledger.ts. */
async function throughUs(sql: string, baseUrl: string): Promise<Took> {
  const connection = createOpenAIConnection({ name: "openai", apiKey: "sk-bench", baseUrl });
  await using session = await openSession({ connection, database: file });
  await session.execute(`SET concurrency = ${inFlight}`);
  await session.execute("CALL GenerateResponse('first')");
  return await measure(baseUrl, async () => {
    const rows = await (await session.execute(sql)).all();
    return rows.filter((row) => typeof row["answer"] === "string").length;
  });
}

async function byHand(sql: string, baseURL: string): Promise<Took> {
  const client = new OpenAI({ apiKey: "sk-bench", baseURL });
  const limit = pLimit(inFlight);
  const ask = async (input: string): Promise<string> =>
    (await client.responses.create({ model, input })).output_text;
  await ask("first");
  return await measure(baseURL, async () => {
    const db = new Database(file, { readonly: true });
    const asked = new Map<string, Promise<string>>();
    const rows = db.prepare(sql).all().map(readRow);
    for (const { body } of rows)
      if (!asked.has(body))
        asked.set(
          body,
          limit(async () => ask(body)),
        );
    const answered = await Promise.all(
      rows.map(async (row) => ({ ...row, answer: await asked.get(row.body) })),
    );
    db.close();
    return answered.filter(({ answer }) => answer?.includes("fjord")).length;
  });
}

function readRow(row: unknown): Row {
  return row as Row;
}

/** `work` says how many rows have an answer. */
async function measure(baseUrl: string, work: () => Promise<number>): Promise<Took> {
  const before = await requestsOf(baseUrl);
  const startedAt = performance.now();
  const rows = await work();
  const ms = performance.now() - startedAt;
  return { rows, calls: (await requestsOf(baseUrl)) - before, ms };
}

async function requestsOf(baseUrl: string): Promise<number> {
  return Number(await (await fetch(`${baseUrl}/requests`)).text());
}
