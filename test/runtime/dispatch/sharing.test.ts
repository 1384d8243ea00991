/** Sessions that share a dispatcher share its limits, its requests in flight and its packs. */
import { expect, test, vi } from "vitest";
import { createOpenAIConnection } from "../../../src/connection/openai.ts";
import { openSession, type Session } from "../../../src/index.ts";
import { faults, startOpenAIServer } from "../../support/openai-server.ts";

async function withRows(session: Session, who: string): Promise<Session> {
  await session.importRows(
    "t",
    ["body"],
    Array.from({ length: 10 }, (_, index) => [`${who} ${index}`]),
  );
  return session;
}

test("embeddings of several sessions travel together, and each gets its own", async () => {
  await using server = await startOpenAIServer({ faults: [faults.delay(150)] });
  const connection = createOpenAIConnection({
    name: "openai",
    apiKey: "sk-test-0123456789",
    baseUrl: server.url,
  });
  const first = await withRows(await openSession({ connection }), "first");
  await first.execute("SET concurrency = 1");
  const others = await Promise.all(
    ["second", "third"].map(async (who) => withRows(await openSession({ sharing: first }), who)),
  );
  const ask = async (session: Session) =>
    (await session.execute("SELECT body, hex(GetEmbeddings(body, Dimensions => 8)) AS v FROM t")).all();
  const running = ask(first);
  await vi.waitUntil(() => server.inFlight === 1);
  const answers = await Promise.all([running, ...others.map(ask)]);
  const sizes = server.requests.map(({ body }) => (Array.isArray(body["input"]) ? body["input"].length : 1));
  expect(sizes).toEqual([10, 20]);
  const vectors = answers.flat().map(({ v }) => v);
  expect(new Set(vectors).size).toBe(30);
  const recorded = await (await first.execute("SELECT run, count(*) AS n FROM sys_calls GROUP BY run")).all();
  expect(recorded.map(({ n }) => n)).toEqual([10, 10, 10]);
  for (const session of [...others, first]) await session.close();
});

test("a request that two sessions want at once is paid once, and recorded for both", async () => {
  await using server = await startOpenAIServer({ faults: [faults.delay(150)] });
  const connection = createOpenAIConnection({
    name: "openai",
    apiKey: "sk-test-0123456789",
    baseUrl: server.url,
  });
  const first = await openSession({ connection });
  const second = await openSession({ sharing: first });
  const ask = async (session: Session) => {
    const result = await session.execute("SELECT GenerateResponse('same') AS reply");
    return { rows: await result.all(), counts: result.counts };
  };
  const [one, other] = await Promise.all([ask(first), ask(second)]);
  expect(server.requests).toHaveLength(1);
  expect(other?.rows).toEqual(one?.rows);
  expect(one?.counts).toMatchObject({ made: 1, cached: 0 });
  expect(other?.counts).toMatchObject({ made: 0, cached: 1, costUsd: 0 });
  const recorded = await (await first.execute("SELECT status, cost_usd > 0 AS paid FROM sys_calls")).all();
  expect(recorded).toEqual([
    { status: "succeeded", paid: 1 },
    { status: "succeeded", paid: 0 },
  ]);
  await second.close();
  await first.close();
});
