import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Progress } from "../../src/index.ts";
import { ProgressLine, progressText } from "../../src/cli/progress.ts";
import { duration, usd } from "../../src/cli/quantity.ts";
import { fakeTerminal } from "./support/terminal.ts";

const progress: Progress = {
  callsDone: 20,
  callsKnown: 100,
  inFlight: 8,
  retries: 1,
  failed: 2,
  tokens: 1234,
  costUsd: 0.0042,
  elapsedMs: 10_000,
};

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test("the line says how far, how fast, how long, and what it cost", () => {
  expect(progressText(progress)).toBe(
    "20/100 calls · 2.0/s · ETA 40 s · 8 in flight · 1 retry · 2 failed · 1,234 tokens · $0.0042",
  );
});

test("where more calls may be found nobody is told an end", () => {
  expect(progressText({ ...progress, mayGrow: true })).toMatch(/^20\/100\+ calls · 2\.0\/s · 8 in flight · /);
});

test("under a cap the line says how much of it is spent", () => {
  expect(progressText({ ...progress, costCap: { spentUsd: 0.5, maxUsd: 2 } })).toContain(
    "1,234 tokens · $0.5000 of $2.00",
  );
});

test("a terminal's line is redrawn at most ten times a second and erased at the end", () => {
  const terminal = fakeTerminal({ isTTY: true });
  const line = new ProgressLine(terminal, false);
  for (terminal.time = 0; terminal.time < 1000; terminal.time += 10) line.update(progress);
  const drawn = terminal.err().split("\r").length - 1;
  expect(drawn).toBeGreaterThan(5);
  expect(drawn).toBeLessThanOrEqual(10);
  line.finish();
  expect(terminal.err().endsWith("\r\u001b[K")).toBe(true);
  expect(terminal.err()).not.toContain("\n");
});

test("time goes on while nothing is reported", () => {
  const terminal = fakeTerminal({ isTTY: true });
  const line = new ProgressLine(terminal, false);
  line.update(progress);
  terminal.time = 10_000;
  vi.advanceTimersByTime(100);
  expect(terminal.err()).toContain("1.0/s");
  line.finish();
});

test("elsewhere a log line is written every ten seconds", () => {
  const terminal = fakeTerminal();
  const line = new ProgressLine(terminal, false);
  for (terminal.time = 0; terminal.time <= 30_000; terminal.time += 100) line.update(progress);
  line.finish();
  expect(terminal.err().match(/calls .*\n/g)?.length).toBe(3);
  expect(terminal.err()).not.toContain("\r");
});

test("--quiet shows nothing", () => {
  const terminal = fakeTerminal({ isTTY: true });
  const line = new ProgressLine(terminal, true);
  terminal.time = 60_000;
  line.update(progress);
  line.finish();
  expect(terminal.err()).toBe("");
});

test("quantities are short and never round a cost to nothing", () => {
  expect([12, 234, 5_000, 42_000, 187_000, 3_729_000].map(duration)).toEqual([
    "0.012 s",
    "0.2 s",
    "5.0 s",
    "42 s",
    "3:07",
    "1:02:09",
  ]);
  expect([0, 0.000_000_4, 0.0042, 0.1234, 12].map(usd)).toEqual([
    "$0",
    "$0.00000040",
    "$0.0042",
    "$0.1234",
    "$12.00",
  ]);
});
