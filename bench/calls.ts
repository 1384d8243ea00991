/**
 * One call after the other through us and through those people would use instead, on the same service, in one run:
 * `node bench/calls.ts`, eight minutes. Ours binds, records in a ledger on disk and returns rows; theirs return text.
 * What is compared is processor time a call, and the rate at many calls in flight.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import OpenAI from "openai";
import { createOpenAIConnection } from "../src/connection/openai.ts";
import { openSession } from "../src/index.ts";
import { format, publish, type Finding } from "./harness.ts";
import { loadLimit, loadPeer } from "./peers.ts";
import { withServer } from "./service.ts";

interface Load {
  readonly baseUrl: string;
  readonly calls: number;
  readonly inFlight: number;
}

interface Spent {
  /** Processor microseconds a call. */
  readonly cpu: number;
  readonly perSecond: number;
}

const pLimit = await loadLimit();
const { generateText } = await loadPeer<{ generateText: (options: object) => Promise<unknown> }>("ai");
const { createOpenAI } = await loadPeer<{
  createOpenAI: (options: object) => { responses: (model: string) => unknown };
}>("@ai-sdk/openai");
const { ChatOpenAI } = await loadPeer<{
  ChatOpenAI: new (options: object) => { invoke: (prompt: string) => Promise<unknown> };
}>("@langchain/openai");

const model = "gpt-6-luna";
const prompt = (index: number): string => `What is a fjord? Question ${index}.`;

/** Each gives what makes one call. Ours is apart: it makes all of them with one statement. */
const peers: Readonly<Record<string, (baseUrl: string) => (text: string) => Promise<unknown>>> = {
  "OpenAI SDK with p-limit": (baseURL) => {
    const client = new OpenAI({ apiKey: "sk-bench", baseURL });
    return async (input) => (await client.responses.create({ model, input })).output_text;
  },
  "Vercel AI SDK": (baseURL) => {
    const provider = createOpenAI({ apiKey: "sk-bench", baseURL });
    return async (text) => generateText({ model: provider.responses(model), prompt: text });
  },
  LangChain: (baseURL) => {
    const chat = new ChatOpenAI({
      model,
      apiKey: "sk-bench",
      useResponsesApi: true,
      configuration: { baseURL },
    });
    return async (text) => chat.invoke(text);
  },
};

async function throughPeer(name: string, { baseUrl, calls, inFlight }: Load): Promise<Spent> {
  const call = peers[name]?.(baseUrl);
  if (call === undefined) throw new Error(`no peer ${name}`);
  const limit = pLimit(inFlight);
  await call("first");
  return measured(calls, async () => {
    await Promise.all(Array.from({ length: calls }, (_, index) => limit(async () => call(prompt(index)))));
  });
}

async function throughUs({ baseUrl, calls, inFlight }: Load): Promise<Spent> {
  const folder = mkdtempSync(join(tmpdir(), "callsql-bench-"));
  const connection = createOpenAIConnection({ name: "openai", apiKey: "sk-bench", baseUrl });
  const session = await openSession({ connection, ledger: join(folder, "ledger.db") });
  await session.execute(`SET concurrency = ${inFlight}`);
  await session.importRows(
    "t",
    ["body"],
    Array.from({ length: calls }, (_, index) => [prompt(index)] as const),
  );
  await session.execute("CALL GenerateResponse('first')");
  const spent = await measured(calls, async () => {
    const [row] = await (await session.execute("SELECT count(GenerateResponse(body)) AS n FROM t")).all();
    if (Number(row?.["n"]) !== calls) throw new Error(`${String(row?.["n"])} of ${calls} calls`);
  });
  await session.close();
  rmSync(folder, { recursive: true });
  return spent;
}

async function measured(calls: number, work: () => Promise<void>): Promise<Spent> {
  const cpuBefore = process.cpuUsage();
  const startedAt = performance.now();
  await work();
  const seconds = (performance.now() - startedAt) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  return { cpu: (user + system) / calls, perSecond: calls / seconds };
}

/** Of eight turns each the best, for noise only ever adds. */
async function compare(load: Load): Promise<Readonly<Record<string, Spent>>> {
  const best: Record<string, Spent> = {};
  const keep = (name: string, { cpu, perSecond }: Spent): void => {
    const known = best[name] ?? { cpu: Infinity, perSecond: 0 };
    best[name] = { cpu: Math.min(known.cpu, cpu), perSecond: Math.max(known.perSecond, perSecond) };
  };
  for (let round = 0; round < 8; round += 1) {
    keep("callsql", await throughUs(load));
    for (const name of Object.keys(peers)) keep(name, await throughPeer(name, load));
  }
  return best;
}

const findings: Finding[] = [];
for (const { delayMs, inFlight, calls } of [
  { delayMs: 0, inFlight: 1, calls: 1000 },
  { delayMs: 0, inFlight: 16, calls: 6000 },
  { delayMs: 20, inFlight: 64, calls: 4000 },
  { delayMs: 200, inFlight: 256, calls: 10_000 },
]) {
  const spent = await withServer(delayMs, async (baseUrl) => compare({ baseUrl, calls, inFlight }));
  const ours = spent["callsql"] ?? { cpu: NaN, perSecond: NaN };
  const where = `${delayMs} ms, ${inFlight} in flight`;
  for (const name of Object.keys(peers)) {
    const theirs = spent[name] ?? { cpu: NaN, perSecond: NaN };
    const atMost = name.startsWith("OpenAI SDK") ? 0.6 : 1;
    findings.push({
      what: `processor time a call, ${where}`,
      against: name,
      ratio: ours.cpu / theirs.cpu,
      detail: `${format(ours.cpu)} and ${format(theirs.cpu)} µs`,
      ...(inFlight >= 16 ? { goal: { atMost } } : {}),
    });
  }
  if (delayMs === 0) continue;
  const ideal = (inFlight * 1000) / delayMs;
  findings.push({
    what: `rate, ${where}`,
    against: "the ideal",
    ratio: ours.perSecond / ideal,
    detail: `${format(ours.perSecond)} of ${format(ideal)} a second; OpenAI SDK ${format(spent["OpenAI SDK with p-limit"]?.perSecond ?? NaN)}`,
    ...(inFlight === 256 ? { goal: { atLeast: 0.9 } } : {}),
  });
}
publish("calls", "Calls, one a row", findings);
