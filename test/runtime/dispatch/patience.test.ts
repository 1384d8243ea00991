import { expect, test } from "vitest";
import { LightStop, whenAborted } from "../../../src/runtime/dispatch/abort-hub.ts";
import { Company } from "../../../src/runtime/dispatch/patience.ts";

test("a light stop tells its listeners once, in their order, and later ones at once", () => {
  const stop = new LightStop();
  const heard: string[] = [];
  whenAborted(stop, () => heard.push("first"));
  whenAborted(stop, () => heard.push("left"))();
  whenAborted(stop, () => heard.push("second"));
  stop.abort("reason");
  stop.abort("another");
  whenAborted(stop, () => heard.push("late"));
  expect(heard).toEqual(["first", "second", "late"]);
  expect(stop.aborted).toBe(true);
  expect(stop.reason).toBe("reason");
});

test("a company is stopped and cut with the last of its members, whenever its signal is asked for", () => {
  const [one, other] = [0, 1].map(() => ({ stop: new AbortController(), cut: new AbortController() }));
  if (one === undefined || other === undefined) throw new Error("two members");
  const patiences = [one, other].map(({ stop, cut }) => ({ stop: stop.signal, cut: cut.signal }));
  const [early, late] = [new Company(patiences, {}), new Company(patiences, {})];
  const signal = early.cut;
  one.stop.abort();
  one.cut.abort();
  expect([early.stop.aborted, signal.aborted]).toEqual([false, false]);
  other.stop.abort();
  expect([early.stop.aborted, signal.aborted]).toEqual([true, false]);
  other.cut.abort("gone");
  expect([signal.aborted, signal.reason]).toEqual([true, "gone"]);
  expect([late.cut.aborted, late.cut.reason]).toEqual([true, "gone"]);
});
