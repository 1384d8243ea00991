/** When requests are sent: paced by what answers report, one probe after a refusal, on a clock that tests advance. */
import { describe, expect, test } from "vitest";
import { parseDuration, parseRateLimit } from "../../../src/connection/rate-limit.ts";
import type { Dispatched } from "../../../src/runtime/dispatch/dispatcher.ts";
import { dispatcherOf, failure, ok, startService, type Service, type ServiceOptions } from "./service.ts";
import { VirtualClock } from "./virtual-clock.ts";

const never = new AbortController().signal;

interface Told {
  readonly service: Service;
  readonly outcomes: readonly Dispatched[];
  readonly ms: number;
}

/** `rows` requests by as many workers as may be in flight. */
async function send(rows: number, concurrency: number, options: Partial<ServiceOptions>): Promise<Told> {
  const clock = new VirtualClock();
  const service = startService({ clock, ...options });
  const dispatcher = dispatcherOf(service, clock, { concurrency });
  const outcomes: Dispatched[] = [];
  const queue = Array.from({ length: rows }, (_, row) => row).values();
  const work = async (): Promise<void> => {
    for (const row of queue) {
      const request = { endpoint: "responses" as const, body: { input: `row ${row}` } };
      outcomes.push(await dispatcher.dispatch({ key: String(row), request }, { stop: never, cut: never }));
    }
  };
  await clock.run(Promise.all(Array.from({ length: concurrency }, work)));
  return { service, outcomes, ms: clock.now() };
}

function refusedOf({ sent }: Service): number {
  return sent.filter(({ status }) => status === 429 || status === 503).length;
}

describe("a limit of requests a minute is used to nine tenths at least, with hardly a refusal", () => {
  test.each([
    ["10 a second, quick", { perMinute: 600, burst: 10, latencyMs: 5 }, 1000, 16],
    ["10 a second, slow", { perMinute: 600, burst: 10, latencyMs: 2000 }, 1000, 64],
    ["100 a second", { perMinute: 6000, burst: 100, latencyMs: 200 }, 2000, 64],
    ["a whole minute at once", { perMinute: 600, burst: 600, latencyMs: 200 }, 2000, 64],
  ])("%s", async (_, options, rows, concurrency) => {
    const { service, outcomes, ms } = await send(rows, concurrency, options);
    expect(outcomes.filter(({ answer }) => answer === undefined)).toEqual([]);
    expect(rows / ms).toBeGreaterThanOrEqual((0.9 * options.perMinute) / 60_000);
    expect(refusedOf(service) / service.sent.length).toBeLessThanOrEqual(0.02);
  });

  test("one at a time is a limit, too", async () => {
    const { service, ms } = await send(100, 16, { perMinute: 60, burst: 1, latencyMs: 200 });
    expect(ms).toBeLessThan(100_000 / 0.9);
    expect(refusedOf(service)).toBeLessThanOrEqual(15);
  });
});

test("a service without limits is kept busy: 64 in flight at 200 ms", async () => {
  const { service, ms } = await send(6400, 64, { latencyMs: 200 });
  expect(service.peakInFlight).toBe(64);
  expect(6400 / ms).toBeGreaterThanOrEqual(0.95 * (64 / 200));
});

test("used up, says an answer: nothing is sent before the reset", async () => {
  const rateLimit = { requests: { limit: 600, remaining: 0, resetMs: 30_000 } };
  const answer = { body: {}, status: 200, contentType: "application/json", rateLimit };
  const { service } = await send(20, 4, {
    latencyMs: 10,
    answer: (_, number) => (number <= 4 ? { ok: true, answer } : undefined),
  });
  expect(service.sent.slice(4).map(({ at }) => at)).toSatisfy((times: number[]) =>
    times.every((at) => at >= 30_000),
  );
});

describe("refusals", () => {
  const overloaded = failure({ kind: "http", status: 503, message: "busy", code: "server_is_overloaded" });

  test("an outage of 30 s: one probe at a time, and back within 2 s", async () => {
    const clock = new VirtualClock();
    const service = startService({
      clock,
      latencyMs: 20,
      answer: () => (clock.now() < 30_000 ? overloaded : undefined),
    });
    const dispatcher = dispatcherOf(service, clock);
    const all = Array.from({ length: 200 }, (_, row) =>
      dispatcher.dispatch(
        { key: String(row), request: { endpoint: "responses", body: { input: row } } },
        { stop: never, cut: never },
      ),
    );
    const outcomes = await clock.run(Promise.all(all));
    expect(outcomes.filter(({ answer }) => answer === undefined)).toEqual([]);
    const during = service.sent.filter(({ at }) => at < 30_000).map(({ at }) => at);
    expect(during.length).toBeLessThanOrEqual(2 * 16 + 30);
    const probes = during.filter((at) => at > 20);
    expect(new Set(probes).size).toBe(probes.length);
    expect(service.sent.find(({ at }) => at >= 30_000)?.at).toBeLessThanOrEqual(32_000);
  });

  test("Retry-After is the least that everybody waits, and then one goes first", async () => {
    const refusal = failure({ kind: "http", status: 429, message: "slow down", retryAfterMs: 5000 });
    const { service } = await send(40, 8, {
      latencyMs: 50,
      answer: (_, number) => (number === 1 ? refusal : undefined),
    });
    const [probe = 0, ...others] = service.sent.slice(8).map(({ at }) => at);
    expect(probe).toBeGreaterThanOrEqual(5050);
    expect(Math.min(...others)).toBeGreaterThanOrEqual(probe + 50);
  });

  test("half as many after a refusal, growing again while answers are clean", async () => {
    const { service } = await send(2000, 32, {
      latencyMs: 100,
      answer: (_, number) => (number === 200 ? overloaded : undefined),
    });
    const inFlightAt = (from: number): number =>
      service.sent.filter(({ at }) => at > from && at <= from + 100).length;
    const refusedAt = service.sent[199]?.at ?? 0;
    expect(inFlightAt(refusedAt + 700)).toBeLessThanOrEqual(20);
    expect(inFlightAt(service.sent[1900]?.at ?? 0)).toBe(32);
  });

  test("a pause of a day ends the call at once", async () => {
    const refusal = failure({ kind: "http", status: 429, message: "slow down", retryAfterMs: 86_400_000 });
    const { service, outcomes, ms } = await send(1, 1, { answer: () => refusal });
    expect(service.sent).toHaveLength(1);
    expect(outcomes[0]).toMatchObject({ verdict: "fatal", attempts: 1 });
    expect(ms).toBe(0);
  });
});

describe("a response that failed for a passing reason is tried again, like its twin among the statuses", () => {
  const failed = (code: string) => ok({ status: "failed", error: { code, message: "no" } });

  test.each(["server_error", "rate_limit_exceeded"])("%s", async (code) => {
    const answer = (_: unknown, number: number) => (number < 3 ? failed(code) : ok({ status: "completed" }));
    const { service, outcomes } = await send(1, 1, { answer });
    expect(service.sent).toHaveLength(3);
    expect(outcomes[0]).toMatchObject({ attempts: 3, answer: { body: { status: "completed" } } });
  });

  test("in the end it is the answer", async () => {
    const { outcomes } = await send(1, 1, { answer: () => failed("server_error") });
    expect(outcomes[0]).toMatchObject({ attempts: 6, answer: { body: { status: "failed" } } });
  });

  test("invalid_prompt is not tried again", async () => {
    const { service } = await send(1, 1, { answer: () => failed("invalid_prompt") });
    expect(service.sent).toHaveLength(1);
  });
});

describe("headers", () => {
  test.each([
    ["12ms", 12],
    ["6m0s", 360_000],
    ["1h2m3.5s", 3_723_500],
    ["2", 2000],
    ["1d", 86_400_000],
    ["", undefined],
    ["soon", undefined],
    ["-1s", undefined],
    ["1 s", undefined],
  ])("%j is %s ms", (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  test("limits that are there are read, others are absent", () => {
    const headers = new Headers({
      "x-ratelimit-limit-requests": "600",
      "x-ratelimit-remaining-requests": "599",
      "x-ratelimit-reset-requests": "100ms",
      "x-ratelimit-remaining-tokens": "-1",
    });
    expect(parseRateLimit(headers)).toEqual({ requests: { limit: 600, remaining: 599, resetMs: 100 } });
    expect(parseRateLimit(new Headers())).toBeUndefined();
  });
});
