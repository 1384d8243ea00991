/** An aborted statement sends nothing more, waits a while for what is paid, and then ends. */
import { describe, expect, test, vi } from "vitest";
import { Drain } from "../../../src/runtime/dispatch/patience.ts";
import { faults } from "../../support/openai-server.ts";
import { open, timed, type OpenOptions } from "../../faults/support/open.ts";
import { dispatcherOf, failure, startService, type ServiceOptions } from "./service.ts";
import { VirtualClock } from "./virtual-clock.ts";

const request = { endpoint: "responses" as const, body: { input: "x" } };

/** One request; sending stops at `stopAt`, and is cut at `cutAt`. */
async function sendOne(options: Partial<ServiceOptions>, stopAt: number, cutAt: number) {
  const clock = new VirtualClock();
  const service = startService({ clock, ...options });
  const [stop, cut] = [new AbortController(), new AbortController()];
  clock.after(stopAt, () => stop.abort());
  clock.after(cutAt, () => cut.abort());
  const patience = { stop: stop.signal, cut: cut.signal };
  const outcome = await clock.run(dispatcherOf(service, clock).dispatch({ key: "k", request }, patience));
  return { outcome, sent: service.sent.length, endedAt: clock.now() };
}

describe("one request", () => {
  test("what is in flight may arrive after the stop", async () => {
    const { outcome, endedAt } = await sendOne({ latencyMs: 1000 }, 100, 5000);
    expect(outcome.answer).toBeDefined();
    expect(endedAt).toBe(1000);
  });

  test("it is cut when the time is up", async () => {
    const { outcome, endedAt } = await sendOne({ latencyMs: 60_000 }, 100, 5000);
    expect(outcome).toMatchObject({ failure: { kind: "cancelled" }, attempts: 1 });
    expect(endedAt).toBe(5000);
  });

  test.each([
    ["backing off", failure({ kind: "http", status: 500, message: "no" })],
    ["in a cool-down", failure({ kind: "http", status: 429, message: "no", retryAfterMs: 60_000 })],
  ])("%s it ends at once, and nothing more is sent", async (_, trouble) => {
    const { outcome, sent, endedAt } = await sendOne({ answer: () => trouble }, 100, 5000);
    expect(outcome).toMatchObject({ failure: { kind: "cancelled" }, attempts: 1 });
    expect(sent).toBe(1);
    expect(endedAt).toBe(100);
  });
});

test("a drain cuts some time after the stop, not before", () => {
  vi.useFakeTimers({ toFake: ["setTimeout"] });
  try {
    const stop = new AbortController();
    const drain = new Drain(stop.signal, 20);
    stop.abort();
    vi.advanceTimersByTime(19);
    expect(drain.cut.aborted).toBe(false);
    vi.advanceTimersByTime(1);
    expect(drain.cut.aborted).toBe(true);
  } finally {
    vi.useRealTimers();
  }
});

describe("a statement", () => {
  const sentences = "SELECT id, GenerateResponse(body) AS reply FROM t";
  const cancelAfter = async (options: OpenOptions, requests: number) => {
    const opened = await open(options);
    const stop = new AbortController();
    const running = timed(() => opened.session.execute(sentences, {}, { signal: stop.signal }));
    await expect
      .poll(() => opened.server.requests.length, { timeout: 20_000 })
      .toBeGreaterThanOrEqual(requests);
    stop.abort();
    const { error } = await running;
    return { opened, error };
  };

  test("answers that arrive while it drains are kept, and not bought again", async () => {
    const { opened, error } = await cancelAfter(
      { rows: 100, faults: [faults.delay(200)], set: { concurrency: 4, drain: 30 } },
      4,
    );
    expect(error).toMatchObject({ code: "call/cancelled" });
    expect(new Set(opened.server.requests.map(({ status }) => status))).toEqual(new Set([200]));
    opened.server.heal();
    expect(await opened.all(sentences)).toHaveLength(100);
    expect(opened.server.requests).toHaveLength(100);
    await opened[Symbol.asyncDispose]();
  });

  test("with drain = 0 it ends at once", async () => {
    const { opened, error } = await cancelAfter({ faults: [faults.hang()], set: { drain: 0 } }, 1);
    expect(error).toMatchObject({ code: "call/cancelled" });
    await opened[Symbol.asyncDispose]();
  });

  test("packs that wait for their turn are not sent after the first is refused for good", async () => {
    await using opened = await open({
      rows: 400,
      faults: [faults.delay(30), faults.insufficientQuota()],
      set: { concurrency: 2 },
    });
    await expect(opened.all("SELECT ModerateText(body) FROM t")).rejects.toMatchObject({
      code: "connect/no-credit",
    });
    expect(opened.server.requests.length).toBeLessThanOrEqual(2);
  });
});
