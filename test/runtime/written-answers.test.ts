/** What a caller writes into a vector it was given is its own affair: no answer after it shows it. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openSession, type Session, type SqlValue } from "../../src/index.ts";
import { startOpenAIServer, type OpenAIServer } from "../support/openai-server.ts";

let api: OpenAIServer;
let session: Session;

beforeAll(async () => {
  api = await startOpenAIServer();
  const env = { OPENAI_API_KEY: "sk-proj-abcdefghijklmnop1234", OPENAI_BASE_URL: api.url };
  session = await openSession({ env, connection: "openai", ledger: ":memory:" });
});
afterAll(async () => {
  await session.close();
  await api.close();
});

/** Takes each vector before it asks for the next, and writes into it. */
async function writtenInto(vectors: AsyncIterable<SqlValue | undefined>): Promise<string[]> {
  const seen: string[] = [];
  for await (const vector of vectors) {
    if (!(vector instanceof Uint8Array)) throw new Error(`no vector but ${String(vector)}`);
    seen.push(Buffer.from(vector).toString("hex"));
    const components = new Float32Array(vector.buffer, vector.byteOffset, vector.byteLength / 4);
    components.fill(9);
  }
  return seen;
}

type Ask = (text: string) => AsyncGenerator<SqlValue | undefined>;

const call = (text: string): string => `GetEmbeddings('${text}', Dimensions => 4)`;
const three = "(SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3)";
const forEach = "CALL GetEmbeddings(:text, Dimensions => 4)";
const inputsOf = (text: string) => Array.from({ length: 3 }, () => ({ text }));

const ways: readonly (readonly [string, Ask])[] = [
  [
    "a statement that is only a call",
    async function* again(text) {
      for (let times = 0; times < 3; times++) {
        const result = await session.execute(`CALL ${call(text)}`);
        for await (const [vector] of result.arrays()) yield vector;
      }
    },
  ],
  [
    "a call of values, without a turn",
    async function* again(text) {
      for (let times = 0; times < 3; times++) {
        const result = await session.callAlone(`CALL ${call(text)}`);
        for await (const [vector] of result?.arrays() ?? []) yield vector;
      }
    },
  ],
  [
    "rows of a function",
    async function* rows(text) {
      const result = await session.execute(`SELECT ${call(text)} FROM ${three}`);
      for await (const [vector] of result.arrays()) yield vector;
    },
  ],
  [
    "rows of a table function",
    async function* rows(text) {
      const result = await session.execute(`SELECT v.Embedding FROM ${three}, ${call(text)} v`);
      for await (const [vector] of result.arrays()) yield vector;
    },
  ],
  [
    "equal rows of executeForEach",
    async function* rows(text) {
      for await (const out of session.executeForEach(forEach, inputsOf(text))) {
        if (out.output === "matched") yield out.row.Embedding;
      }
    },
  ],
  [
    "equal rows of executeForEach, with arrays of rows",
    async function* rows(text) {
      const options = { behavior: "Array", property: "found" } as const;
      for await (const out of session.executeForEach(forEach, inputsOf(text), options)) {
        if (out.output === "matched") yield out.row.found[0]?.Embedding;
      }
    },
  ],
];

describe.each(["run", "on"])("with cache = '%s'", (cache) => {
  test.each(ways)("%s", async (way, ask) => {
    await session.execute(`SET cache = '${cache}'`);
    const seen = await writtenInto(ask(`${way}, ${cache}`));
    expect(seen).toHaveLength(3);
    expect(new Set(seen).size).toBe(1);
  });
});
