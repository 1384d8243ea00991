/** What is done before a request has its place: begun a little ahead, never by more than may be sent soon. */
import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { whenAborted } from "../../../src/runtime/dispatch/abort-hub.ts";
import { Limiter, type Place } from "../../../src/runtime/dispatch/limiter.ts";
import { VirtualClock } from "./virtual-clock.ts";

const backoff = { baseMs: 500, capMs: 20_000, random: () => 0.5 };
const never = new AbortController().signal;

/** Everyone is blind until a first answer: it lets in as many as may be in flight. */
async function seeing(max: number): Promise<Limiter> {
  const limiter = new Limiter({ max, backoff, clock: new VirtualClock() });
  limiter.leave(await limiter.enter(never), { kind: "clean" });
  return limiter;
}

describe("preparing", () => {
  test("runs an eighth ahead of the places, in order", async () => {
    const limiter = await seeing(64);
    const prepared: number[] = [];
    const places: Place[] = [];
    for (let number = 0; number < 100; number++) {
      const prepare = async (): Promise<void> => void prepared.push(number);
      void limiter.enter(never, { prepare }).then((place) => places.push(place));
    }
    await turn();
    expect(places).toHaveLength(64);
    expect(prepared).toEqual(Array.from({ length: 72 }, (_, number) => number));
    for (const place of places.splice(0, 10)) limiter.leave(place, { kind: "clean" });
    await turn();
    expect(places).toHaveLength(64);
    expect(prepared).toHaveLength(82);
  });

  test("that takes its time keeps nobody else from a place", async () => {
    const limiter = await seeing(2);
    void limiter.enter(never, { prepare: () => new Promise(() => undefined) });
    const place = await limiter.enter(never, { prepare: async () => undefined });
    expect(limiter.inFlight).toBe(1);
    limiter.leave(place, { kind: "clean" });
  });

  test("that fails is the end of it, and its turn is another's", async () => {
    const limiter = await seeing(1);
    const failing = limiter.enter(never, { prepare: () => Promise.reject(new Error("disk full")) });
    await expect(failing).rejects.toThrow("disk full");
    await limiter.enter(never, { prepare: async () => undefined });
    expect(limiter.inFlight).toBe(1);
  });

  test("is not begun for one that gives up before", async () => {
    const limiter = await seeing(1);
    const place = await limiter.enter(never);
    const giveUp = new AbortController();
    let isPrepared = false;
    const waiting = limiter.enter(giveUp.signal, { prepare: async () => void (isPrepared = true) });
    giveUp.abort(new Error("no more"));
    await expect(waiting).rejects.toThrow("no more");
    limiter.leave(place, { kind: "clean" });
    await turn();
    expect(isPrepared).toBe(false);
    expect(limiter.inFlight).toBe(0);
  });

  test("that ends after it was given up waits for no place", async () => {
    const limiter = await seeing(8);
    for (let taken = 0; taken < 8; taken++) await limiter.enter(never);
    const giveUp = new AbortController();
    const prepared = Promise.withResolvers<void>();
    let error: unknown;
    limiter
      .enter(giveUp.signal, { prepare: () => prepared.promise })
      .catch((reason: unknown) => (error = reason));
    giveUp.abort(new Error("no more"));
    prepared.resolve();
    await turn();
    expect(error).toEqual(new Error("no more"));
  });
});

describe("who listens to an abort", () => {
  test("hears it once, unless he has left; one that comes late hears it at once", () => {
    const controller = new AbortController();
    const heard: string[] = [];
    whenAborted(controller.signal, () => heard.push("stays"));
    const leave = whenAborted(controller.signal, () => heard.push("left"));
    leave();
    controller.abort();
    whenAborted(controller.signal, () => heard.push("late"));
    expect(heard).toEqual(["stays", "late"]);
  });

  test("the same listener given twice hears it twice, and leaves once", () => {
    const controller = new AbortController();
    let heard = 0;
    const listen = (): void => void heard++;
    whenAborted(controller.signal, listen)();
    whenAborted(controller.signal, listen);
    whenAborted(controller.signal, listen);
    controller.abort();
    expect(heard).toBe(2);
  });
});
