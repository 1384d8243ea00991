/** When requests are sent: paced by what answers report, one probe after a refusal, on a clock that tests advance. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseDuration, parseRateLimit } from "../../../src/connection/rate-limit.ts";
import type { Dispatched } from "../../../src/runtime/dispatch/dispatcher.ts";
import { dispatcherOf, failure, ok, startService, type Service, type ServiceOptions } from "./service.ts";
import { VirtualClock } from "./virtual-clock.ts";

const never = new AbortController().signal;

interface Chance {
  readonly seed: number;
  /** Of requests that are refused. */
  readonly share: number;
  readonly concurrency: number;
  readonly latencyMs: number;
  readonly retryAfterMs: number;
}

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

/** Nothing is sent again before its own Retry-After has passed. */
function expectPatience({ sent }: Service): void {
  const mayBeSentAt = new Map<unknown, number>();
  for (const { request, at, endedAt, retryAfterMs } of sent) {
    const { input } = request.body;
    expect(at).toBeGreaterThanOrEqual(mayBeSentAt.get(input) ?? 0);
    mayBeSentAt.set(input, endedAt + (retryAfterMs ?? 0));
  }
}

/** mulberry32 */
function randomOf(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
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

describe("a limit that nothing but refusals tells of is used as well, with a tenth of refusals at most", () => {
  test.each([
    ["quick", { perMinute: 600, burst: 10, latencyMs: 5 }, 1200],
    ["slow", { perMinute: 600, burst: 10, latencyMs: 200 }, 1200],
    ["100 a second", { perMinute: 6000, burst: 100, latencyMs: 50 }, 4000],
    ["a whole minute at once", { perMinute: 600, burst: 600, latencyMs: 50 }, 1500],
  ])("%s", async (_, options, rows) => {
    const told = await send(rows, 32, { ...options, isTerse: true });
    expect(told.outcomes.filter(({ answer }) => answer === undefined)).toEqual([]);
    expect((rows - options.burst) / told.ms).toBeGreaterThanOrEqual((0.9 * options.perMinute) / 60_000);
    expect(refusedOf(told.service) / told.service.sent.length).toBeLessThanOrEqual(0.1);
    expectPatience(told.service);
  });
});

describe("refusals by chance", () => {
  const refusal = (retryAfterMs: number) =>
    failure({ kind: "http", status: 429, message: "slow down", retryAfterMs });

  test("cost the refused rows their wait, and the others nothing", async () => {
    const random = randomOf(11);
    const { service, outcomes, ms } = await send(10_000, 32, {
      latencyMs: 50,
      answer: () => (random() < 0.05 ? refusal(1000) : undefined),
    });
    expect(outcomes.filter(({ answer }) => answer === undefined)).toEqual([]);
    expectPatience(service);
    // 16 s of latency and 16 s of waiting, shared by 32; stopping for each refusal would take nine minutes.
    expect(ms).toBeLessThan(50_000);
  });

  test("however many: no row before its own Retry-After, and none at all after four in a row", async () => {
    const cases: fc.Arbitrary<Chance> = fc.record({
      seed: fc.integer(),
      share: fc.double({ min: 0, max: 0.7, noNaN: true }),
      concurrency: fc.integer({ min: 1, max: 24 }),
      latencyMs: fc.integer({ min: 1, max: 300 }),
      retryAfterMs: fc.integer({ min: 1, max: 3000 }),
    });
    const property = async ({ seed, share, concurrency, latencyMs, retryAfterMs }: Chance) => {
      const random = randomOf(seed);
      const answer = () => (random() < share ? refusal(Math.ceil(random() * retryAfterMs)) : undefined);
      const { service } = await send(60, concurrency, { latencyMs, answer });
      expectPatience(service);
      for (const [index, one] of service.sent.entries()) {
        const four = service.sent.slice(index - 3, index + 1);
        if (index < 3 || four.some(({ retryAfterMs: wait }) => wait === undefined)) continue;
        // Latency is the same for all: they are answered in the order they were sent in.
        const toldAt = one.at + latencyMs;
        const until = Math.max(...four.map(({ at, retryAfterMs: wait = 0 }) => at + latencyMs + wait));
        expect(service.sent.filter(({ at }) => at > toldAt && at < until)).toEqual([]);
      }
    };
    await fc.assert(fc.asyncProperty(cases, property), { numRuns: 60 });
  });

  test("used up, says a refusal: it is believed at once", async () => {
    const rateLimit = { requests: { limit: 600, remaining: 0, resetMs: 2000 } };
    const usedUp = {
      kind: "http",
      status: 429,
      message: "slow down",
      retryAfterMs: 3000,
      rateLimit,
    } as const;
    const { service } = await send(80, 8, {
      latencyMs: 50,
      answer: (_, number) => (number === 41 ? failure(usedUp) : undefined),
    });
    const toldAt = (service.sent[40]?.at ?? 0) + 50;
    expect(service.sent.filter(({ at }) => at > toldAt && at < toldAt + 3000)).toEqual([]);
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

  test("half as many after refusals that prevail, growing again while answers are clean", async () => {
    const { service } = await send(20_000, 32, {
      latencyMs: 100,
      answer: (_, number) => (number >= 200 && number < 232 ? overloaded : undefined),
    });
    const inFlightAt = (from: number): number =>
      service.sent.filter(({ at }) => at >= from && at < from + 100).length;
    const probe = service.sent.findIndex(({ status }, index) => index > 231 && status === 200);
    expect(inFlightAt(service.sent[probe + 1]?.at ?? 0)).toBeLessThanOrEqual(16);
    expect(inFlightAt(service.sent[19_900]?.at ?? 0)).toBe(32);
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
