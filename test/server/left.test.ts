/** Clients that leave before they were heard: under load most of them do (decision 0112). */
import { afterAll, beforeAll, expect, test } from "vitest";
import { faults, startOpenAIServer, type OpenAIServer } from "../support/openai-server.ts";
import { ask, startServing, type Asked, type Serving } from "./support/serving.ts";

const clients = 50;
const statements = 10;
const concurrency = 8;

let api: OpenAIServer;
let serving: Serving;
beforeAll(async () => {
  api = await startOpenAIServer();
  const settings = [{ option: "concurrency", value: String(concurrency) }];
  serving = await startServing(api.url, { settings });
});
afterAll(async () => {
  await serving.close();
  await api.close();
});

interface Statement {
  readonly id: string;
  readonly isLeaving: boolean;
  readonly body: object;
}

/** One in ten is left. */
function statementOf(client: number, number: number): Statement {
  const id = `c${client}s${number}.`;
  return {
    id,
    isLeaving: number === 7,
    body: { command: "CALL GenerateResponse(:id)", parameters: { id } },
  };
}

test("of 500 calls at once a tenth is left: no reply is mixed up, no call is made for those who left", async () => {
  api.script(faults.delay(20));
  const token = serving.token("first");
  const leaving = new AbortController();
  let answered = 0;
  const tell = async ({ id, isLeaving, body }: Statement): Promise<string | undefined> => {
    const signal = isLeaving ? { signal: leaving.signal } : {};
    const answer: Asked | undefined = await ask(serving, "/v1/execute", { token, body, ...signal }).catch(
      () => undefined,
    );
    answered++;
    if (answered === (clients * statements) / 4) leaving.abort();
    if (answer === undefined) return isLeaving ? undefined : `${id} has no answer`;
    const isOwn = answer.status === 200 && answer.text.includes(id);
    return isOwn ? undefined : `${id} was told ${answer.text.slice(0, 200)}`;
  };
  const all = Array.from({ length: clients }, (_, client) =>
    Array.from({ length: statements }, (__, number) => statementOf(client, number)),
  ).flat();
  const replies = all.map(tell);
  const before = await new Promise<number>((resolve) => {
    leaving.signal.addEventListener("abort", () => resolve(sentForLeaving().length));
  });
  expect((await Promise.all(replies)).filter((mistake) => mistake !== undefined)).toEqual([]);
  await expect.poll(() => api.inFlight, { timeout: 30_000 }).toBe(0);
  // What was in flight, or on its way to be, when they left.
  expect(sentForLeaving().length - before).toBeLessThanOrEqual(concurrency);
});

function sentForLeaving(): readonly string[] {
  return api.requests.map(({ body }) => String(body["input"])).filter((id) => id.endsWith("s7."));
}
