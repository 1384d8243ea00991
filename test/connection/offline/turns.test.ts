/** The connection that is called offline sends sound and pictures in turn: what in-turn.ts does is wired to it. */
import { afterEach, expect, test, vi } from "vitest";
import { connectionFromName } from "../../../src/connection/connect.ts";

const { asked } = vi.hoisted(() => ({ asked: [] as PromiseWithResolvers<Response>[] }));
vi.mock("../../../src/connection/offline/offline.ts", async (original) => ({
  ...(await original<object>()),
  offlineFetch: () => () => {
    const answer = Promise.withResolvers<Response>();
    asked.push(answer);
    return answer.promise;
  },
}));
afterEach(() => void asked.splice(0));

const refused = (): Response => Response.json({ error: { message: "no" } }, { status: 400 });

test("two requests for sound are on their way at a time, the third when one has its answer", async () => {
  const connection = await connectionFromName("offline", {});
  if (connection === undefined) throw new Error("no connection");
  const body = { model: "offline-speech", input: "x", voice: "alloy" };
  const options = { signal: new AbortController().signal, timeoutMs: 5000 };
  const all = Array.from({ length: 3 }, () => connection.send({ endpoint: "audio/speech", body }, options));
  await expect.poll(() => asked).toHaveLength(2);
  // A text waits for nobody; when it has arrived, a third request for sound would have, too.
  const text = connection.send(
    { endpoint: "responses", body: { model: "offline-text", input: "x" } },
    options,
  );
  await expect.poll(() => asked).toHaveLength(3);
  asked[2]?.resolve(refused());
  await text;
  expect(asked).toHaveLength(3);
  asked[0]?.resolve(refused());
  await expect.poll(() => asked).toHaveLength(4);
  for (const { resolve } of asked) resolve(refused());
  expect((await Promise.all(all)).map((outcome) => outcome.ok)).toEqual([false, false, false]);
});
