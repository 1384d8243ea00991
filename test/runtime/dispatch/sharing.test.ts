/** Sessions that share a dispatcher share its limits, its requests in flight and its packs. */
import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import { createOpenAIConnection } from "../../../src/connection/openai.ts";
import { openSession, type Session } from "../../../src/index.ts";
import { startOpenAIServer } from "../../support/openai-server.ts";
import { dispatcherOf, startService } from "./service.ts";
import { VirtualClock } from "./virtual-clock.ts";

async function withRows(session: Session, who: string): Promise<Session> {
  await session.importRows(
    "t",
    ["body"],
    Array.from({ length: 10 }, (_, index) => [`${who} ${index}`]),
  );
  return session;
}

function gate(): PromiseWithResolvers<void> {
  return Promise.withResolvers<void>();
}

/** All have asked when it resolves, with their answers to come. */
async function allAsking<T>(
  sessions: readonly Session[],
  ask: (session: Session, onProgress: () => void) => Promise<T>,
): Promise<readonly Promise<T>[]> {
  const begun: Promise<void>[] = [];
  const answers = sessions.map((session) => {
    const { promise, resolve } = gate();
    begun.push(promise);
    return ask(session, resolve);
  });
  await Promise.all(begun);
  // They say that they begin, and ask in the same turn.
  await turn();
  return answers;
}

test("embeddings of several sessions travel together, and each gets its own", async () => {
  await using server = await startOpenAIServer();
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
  const [arrived, may] = [gate(), gate()];
  server.answerWith(async () => {
    arrived.resolve();
    await may.promise;
  });
  const ask = async (session: Session, onProgress = (): void => undefined) => {
    const sql = "SELECT body, hex(GetEmbeddings(body, Dimensions => 8)) AS v FROM t";
    return (await session.execute(sql, {}, { onProgress })).all();
  };
  const running = ask(first);
  await arrived.promise;
  const waiting = await allAsking(others, ask);
  may.resolve();
  const answers = await Promise.all([running, ...waiting]);
  const sizes = server.requests.map(({ body }) => (Array.isArray(body["input"]) ? body["input"].length : 1));
  expect(sizes).toEqual([10, 20]);
  const vectors = answers.flat().map(({ v }) => v);
  expect(new Set(vectors).size).toBe(30);
  const recorded = await (await first.execute("SELECT run, count(*) AS n FROM sys_calls GROUP BY run")).all();
  expect(recorded.map(({ n }) => n)).toEqual([10, 10, 10]);
  for (const session of [...others, first]) await session.close();
});

test("a request that two sessions want at once is paid once, and recorded for both", async () => {
  await using server = await startOpenAIServer();
  const connection = createOpenAIConnection({
    name: "openai",
    apiKey: "sk-test-0123456789",
    baseUrl: server.url,
  });
  const first = await openSession({ connection });
  const second = await openSession({ sharing: first });
  const may = gate();
  server.answerWith(() => may.promise);
  const ask = async (session: Session, onProgress: () => void) => {
    const result = await session.execute("SELECT GenerateResponse('same') AS reply", {}, { onProgress });
    return { rows: await result.all(), counts: result.counts };
  };
  const asking = await allAsking([first, second], ask);
  may.resolve();
  const answers = await Promise.all(asking);
  expect(server.requests).toHaveLength(1);
  expect(answers[1]?.rows).toEqual(answers[0]?.rows);
  // Either may have come first.
  const counts = answers.map((answer) => answer.counts).toSorted((one, other) => other.made - one.made);
  expect(counts).toMatchObject([
    { made: 1, cached: 0 },
    { made: 0, cached: 1, costUsd: 0 },
  ]);
  const sql = "SELECT status, cost_usd > 0 AS paid FROM sys_calls ORDER BY paid DESC";
  const recorded = await (await first.execute(sql)).all();
  expect(recorded).toEqual([
    { status: "succeeded", paid: 1 },
    { status: "succeeded", paid: 0 },
  ]);
  await second.close();
  await first.close();
});

test("who joins a request as its answer arrives takes it when his own departure is done, or is told that it failed", async () => {
  const clock = new VirtualClock();
  const dispatcher = dispatcherOf(startService({ clock, latencyMs: 10 }), clock);
  const never = new AbortController().signal;
  const told: string[] = [];
  const dispatch = async (name: string, onDeparting: () => Promise<void>): Promise<void> => {
    const wanted = { key: "k", request: { endpoint: "responses" as const, body: {} }, onDeparting };
    await dispatcher.dispatch(wanted, { stop: never, cut: never }).then(
      ({ isShared }) => told.push(`${name} ${isShared === true ? "shared" : "made"} at ${clock.now()}`),
      (error: unknown) => told.push(`${name} ${String(error)} at ${clock.now()}`),
    );
  };
  const early = dispatch("early", async () => undefined);
  const late = clock.pause(9).then(() =>
    Promise.all([
      dispatch("late", () => clock.pause(50)),
      dispatch("broken", async () => {
        await clock.pause(20);
        throw new Error("disk full");
      }),
    ]),
  );
  await clock.run(Promise.all([early, late]));
  expect(told).toEqual(["early made at 10", "broken Error: disk full at 29", "late shared at 59"]);
});
