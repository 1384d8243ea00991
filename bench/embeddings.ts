/**
 * Embeddings of 10,000 texts, through us and through those people would use instead, at 128 texts a request on the same
 * service: our connection alone, which hands out vectors as theirs do and has the goal; and what they have nothing like, a
 * statement that counts vectors, with its record in memory, and one that stores each in a table and each answer in a ledger
 * on disk, synced. And as we pack texts
 * ourselves, against a loop that sends row by row. `node bench/embeddings.ts`, two minutes.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import OpenAI from "openai";
import { fromBase64 } from "../src/catalog/media.ts";
import { readList, readText } from "../src/catalog/read.ts";
import { createOpenAIConnection } from "../src/connection/openai.ts";
import { openSession, type Procedure } from "../src/index.ts";
import { getEmbeddings } from "../src/procedures/get-embeddings.ts";
import { format, publish, type Finding } from "./harness.ts";
import { loadLimit, loadPeer } from "./peers.ts";
import { withServer } from "./service.ts";

const rows = 10_000;
const batch = 128;
const inFlight = 8;
const rounds = 5;
const model = "text-embedding-3-small";
const texts = Array.from({ length: rows }, (_, index) => `A short text about subject ${index}.`);

type Embed = (batch: readonly string[]) => Promise<number>;

const pLimit = await loadLimit();
const { embedMany } = await loadPeer<{
  embedMany: (options: object) => Promise<{ readonly embeddings: readonly unknown[] }>;
}>("ai");
const { createOpenAI } = await loadPeer<{
  createOpenAI: (options: object) => { embedding: (model: string) => unknown };
}>("@ai-sdk/openai");
const { OpenAIEmbeddings } = await loadPeer<{
  OpenAIEmbeddings: new (options: object) => {
    embedDocuments: (texts: readonly string[]) => Promise<readonly unknown[]>;
  };
}>("@langchain/openai");

/** Each gives what embeds one request's worth of texts, and says how many it got. */
const peers: Readonly<Record<string, (baseUrl: string) => Embed>> = {
  "OpenAI SDK with p-limit": (baseURL) => {
    const client = new OpenAI({ apiKey: "sk-bench", baseURL });
    return async (input) => (await client.embeddings.create({ model, input: [...input] })).data.length;
  },
  "Vercel AI SDK": (baseURL) => {
    const provider = createOpenAI({ apiKey: "sk-bench", baseURL });
    return async (values) =>
      (await embedMany({ model: provider.embedding(model), values })).embeddings.length;
  },
  LangChain: (baseURL) => {
    const client = new OpenAIEmbeddings({
      model,
      apiKey: "sk-bench",
      batchSize: batch,
      configuration: { baseURL },
    });
    return async (input) => (await client.embedDocuments(input)).length;
  },
};

/** What a session sends with, without the session: the same work as theirs. */
function connectionAlone(baseUrl: string): Embed {
  const connection = createOpenAIConnection({ name: "openai", apiKey: "sk-bench", baseUrl });
  const { signal } = new AbortController();
  return async (input) => {
    const request = { endpoint: "embeddings", body: { model, input, encoding_format: "base64" } } as const;
    const outcome = await connection.send(request, { signal, timeoutMs: 60_000 });
    if (!outcome.ok) throw new Error(outcome.failure.message);
    const vectors = readList(outcome.answer.body, "data").map((item) =>
      fromBase64(readText(item, "embedding") ?? ""),
    );
    return vectors.filter((vector) => vector?.length === 1536 * Float32Array.BYTES_PER_ELEMENT).length;
  };
}

/** Texts a second. */
async function throughClient(embed: Embed, inputs: readonly string[], size: number): Promise<number> {
  const limit = pLimit(inFlight);
  await embed(["first"]);
  return perSecond(inputs.length, async () => {
    const batches = Array.from({ length: Math.ceil(inputs.length / size) }, (_, index) =>
      limit(async () => embed(inputs.slice(index * size, (index + 1) * size))),
    );
    return (await Promise.all(batches)).reduce((sum, count) => sum + count, 0);
  });
}

/** GetEmbeddings, at most 128 texts a request. */
const embed128: Procedure = {
  ...getEmbeddings,
  name: "Embed128",
  ...(getEmbeddings.pack === undefined ? {} : { pack: { ...getEmbeddings.pack, inputsMax: batch } }),
};

/** `isStored`: in a table, with a ledger on disk; else they are counted, and the ledger is in memory. */
async function throughUs(baseUrl: string, procedure: string, isStored: boolean): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "callsql-bench-"));
  const connection = createOpenAIConnection({ name: "openai", apiKey: "sk-bench", baseUrl });
  const session = await openSession({
    connection,
    ledger: isStored ? join(folder, "ledger.db") : ":memory:",
    procedures: [embed128],
  });
  await session.execute(`SET concurrency = ${inFlight}`);
  const table = texts.map((text) => [text] as const);
  await session.importRows("t", ["body"], table);
  await session.execute(`CALL ${procedure}('first')`);
  const speed = await perSecond(rows, async () => {
    const vectors = `SELECT ${procedure}(body) AS vector FROM t`;
    if (isStored) await session.execute(`CREATE TABLE v AS ${vectors}`);
    const [row] = await (
      await session.execute(
        `SELECT count(*) AS n FROM ${isStored ? "v" : `(${vectors})`} WHERE vec_length(vector) = 1536`,
      )
    ).all();
    return Number(row?.["n"]);
  });
  await session.close();
  rmSync(folder, { recursive: true });
  return speed;
}

/** `work` says how many texts were embedded, which must be all. */
async function perSecond(count: number, work: () => Promise<number>): Promise<number> {
  const startedAt = performance.now();
  const done = await work();
  const seconds = (performance.now() - startedAt) / 1000;
  if (done !== count) throw new Error(`${done} of ${count} texts`);
  return count / seconds;
}

const speeds = await withServer(0, async (baseUrl) => {
  const best: Record<string, number> = {};
  const keep = (name: string, speed: number): void => {
    best[name] = Math.max(best[name] ?? 0, speed);
  };
  for (let round = 0; round < rounds; round += 1) {
    keep("stored", await throughUs(baseUrl, "Embed128", true));
    keep("counted", await throughUs(baseUrl, "Embed128", false));
    keep("connection", await throughClient(connectionAlone(baseUrl), texts, batch));
    for (const [name, embed] of Object.entries(peers))
      keep(name, await throughClient(embed(baseUrl), texts, batch));
  }
  return best;
});
const against = (which: "connection" | "counted" | "stored", what: string): Finding[] =>
  Object.keys(peers).map((name) => {
    const [ours, theirs] = [speeds[which] ?? NaN, speeds[name] ?? NaN];
    return {
      what: `texts a second, ${batch} a request, ${inFlight} in flight: ${what}`,
      against: name,
      ratio: ours / theirs,
      detail: `${format(ours)} and ${format(theirs)}`,
      ...(which === "connection" ? { goal: { atLeast: name.startsWith("OpenAI SDK") ? 2.5 : 1 } } : {}),
    };
  });
const findings = [
  ...against("connection", "the connection alone"),
  ...against("counted", "a statement that counts them"),
  ...against("stored", "a statement, vectors stored in a table and in the ledger"),
];

const latencyMs = 20;
findings.push(
  await withServer(latencyMs, async (baseUrl) => {
    let [packed, loop] = [0, 0];
    const embed = peers["OpenAI SDK with p-limit"]?.(baseUrl);
    if (embed === undefined) throw new Error("no SDK");
    for (let round = 0; round < 3; round += 1) {
      packed = Math.max(packed, await throughUs(baseUrl, "GetEmbeddings", true));
      loop = Math.max(loop, await rowByRow(embed, texts.slice(0, 200)));
    }
    return {
      what: `texts a second, as callsql packs them, a service of ${latencyMs} ms`,
      against: "OpenAI SDK, one row after the other",
      ratio: packed / loop,
      detail: `${format(packed)} and ${format(loop)}`,
      goal: { atLeast: 100 },
    };
  }),
);
publish("embeddings", `Embeddings of ${rows.toLocaleString("en")} rows`, findings);

async function rowByRow(embed: Embed, inputs: readonly string[]): Promise<number> {
  await embed(["first"]);
  return perSecond(inputs.length, async () => {
    let done = 0;
    for (const text of inputs) done += await embed([text]);
    return done;
  });
}
