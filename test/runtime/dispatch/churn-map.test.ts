/** What comes and goes through a ChurnMap, and that nothing of it stays. */
import { getHeapSpaceStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { expect, test } from "vitest";
import { ChurnMap } from "../../../src/runtime/dispatch/churn-map.ts";

const key = fc.integer({ min: 0, max: 20 });
const step = fc.oneof(
  fc.tuple(fc.constant("set" as const), key),
  fc.tuple(fc.constant("delete" as const), key),
  fc.tuple(fc.constant("delete first" as const), key),
);

test("is a Map, however often it is copied", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
      const [churned, plain] = [new ChurnMap<number, string>(), new Map<number, string>()];
      for (const [at, [verb, given]] of steps.entries()) {
        const first = plain.keys().next().value;
        expect(churned.firstKey).toBe(first);
        const one = verb === "delete first" ? (first ?? given) : given;
        if (verb === "set") {
          churned.set(one, `${at}`);
          plain.set(one, `${at}`);
        } else expect(churned.delete(one)).toBe(plain.delete(one));
        expect([churned.size, churned.has(given), churned.get(given)]).toEqual([
          plain.size,
          plain.has(given),
          plain.get(given),
        ]);
      }
    }),
  );
});

test("what has gone through it does not reach the old generation", () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as (options?: { type: "minor" }) => void;
  const waiting = new ChurnMap<number, Uint8Array[]>();
  const churn = (rounds: number): void => {
    for (let index = 0; index < rounds; index++) {
      waiting.set(index, Array(250));
      waiting.delete(index - 64);
      if (index % 1000 === 0) collect({ type: "minor" });
    }
  };
  churn(100);
  collect();
  const before = oldBytes();
  churn(40_000);
  expect(oldBytes() - before).toBeLessThan(4e6);
});

/** Bytes in use. */
function oldBytes(): number {
  const space = getHeapSpaceStatistics().find(({ space_name: name }) => name === "old_space");
  return space?.space_used_size ?? NaN;
}
