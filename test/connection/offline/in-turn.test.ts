import { expect, it } from "vitest";

import type { ApiRequest, SendOutcome } from "../../../src/catalog/request.ts";
import { sendInTurn } from "../../../src/connection/offline/in-turn.ts";

const outcome: SendOutcome = { ok: false, failure: { kind: "timeout", message: "" } };

/** A connection whose requests end when they are told to. */
function setUp(): {
  ask: (endpoint: ApiRequest["endpoint"], signal?: AbortSignal) => Promise<SendOutcome>;
  begun: (() => void)[];
} {
  const begun: (() => void)[] = [];
  const send = sendInTurn(async () => {
    const { promise, resolve } = Promise.withResolvers<SendOutcome>();
    begun.push(() => resolve(outcome));
    return promise;
  });
  const ask = (
    endpoint: ApiRequest["endpoint"],
    signal = new AbortController().signal,
  ): Promise<SendOutcome> => send({ endpoint, body: {} }, { signal, timeoutMs: 1000 });
  return { ask, begun };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it("two requests with sound are sent at a time, in order, and every one gets its turn", async () => {
  const { ask, begun } = setUp();
  const all = Array.from({ length: 5 }, () => ask("audio/speech"));
  for (let sent = 0; sent < 5; sent += 1) {
    await settled();
    expect(begun.length).toBe(Math.min(5, sent + 2));
    begun[sent]?.();
  }
  expect(await Promise.all(all)).toHaveLength(5);
});

it("texts do not wait", async () => {
  const { ask, begun } = setUp();
  for (let index = 0; index < 5; index += 1) void ask("embeddings");
  await settled();
  expect(begun).toHaveLength(5);
});

it("one that is cancelled while it waits goes on at once, and takes nobody's turn", async () => {
  const { ask, begun } = setUp();
  const controller = new AbortController();
  void ask("images/edits");
  void ask("images/edits");
  void ask("audio/transcriptions", controller.signal);
  void ask("audio/speech");
  await settled();
  expect(begun).toHaveLength(2);
  controller.abort();
  await settled();
  expect(begun).toHaveLength(3);
  begun[2]?.();
  await settled();
  expect(begun).toHaveLength(2 + 1);
  begun[0]?.();
  await settled();
  expect(begun).toHaveLength(4);
});
