import { describe, expect, it } from "vitest";

import { splitAtPauses } from "../../../src/connection/offline/transcription/split.ts";

const rate = 16_000;

/** Seconds of sound and, negative, of silence in turn. */
function record(...seconds: readonly number[]): Float32Array {
  const parts = seconds.map((length) =>
    Float32Array.from({ length: Math.abs(length) * rate }, (_, index) =>
      length < 0 ? 0 : 0.3 * Math.sin(index / 8),
    ),
  );
  const whole = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function secondsOf(samples: Float32Array): readonly (readonly [start: number, end: number])[] {
  return splitAtPauses(samples, rate).map(({ start, end }) => [start / rate, end / rate] as const);
}

describe("splitting at pauses", () => {
  it.each([
    ["silence", record(-3)],
    ["nothing", new Float32Array()],
    ["a click", record(-1, 0.02, -1)],
    ["less than a frame", record(0.01)],
  ])("%s holds no speech", (_, samples) => {
    expect(secondsOf(samples)).toEqual([]);
  });

  it("silence around speech is left out, but for a margin", () => {
    const [[start, end] = [0, 0], ...others] = secondsOf(record(-2, 3, -2));
    expect(others).toEqual([]);
    expect(start).toBeGreaterThan(1.8);
    expect(start).toBeLessThan(2);
    expect(end).toBeGreaterThan(5);
    expect(end).toBeLessThan(5.2);
  });

  it("short pauses join, long ones part", () => {
    expect(secondsOf(record(2, -0.5, 2, -0.5, 2))).toHaveLength(1);
    expect(secondsOf(record(2, -2, 2))).toHaveLength(2);
    expect(secondsOf(record(8, -0.5, 8))).toHaveLength(2);
  });

  it("speech without a pause is cut, loses nothing, and no piece is longer than twenty seconds", () => {
    const spans = secondsOf(record(-1, 50, -1));
    for (const [index, [start, end]] of spans.entries()) {
      expect(end - start).toBeLessThanOrEqual(20.3);
      if (index > 0) expect(start).toBeCloseTo(spans[index - 1]?.[1] ?? 0, 5);
    }
    expect(spans.at(-1)?.[1]).toBeGreaterThan(51);
    expect(spans[0]?.[0]).toBeLessThan(1);
  });

  it("a quiet recording is split like a loud one", () => {
    const loud = record(-1, 2, -1.8, 3, -1);
    expect(secondsOf(loud.map((sample) => sample / 30))).toEqual(secondsOf(loud));
  });

  it("the hum of a room is no speech beside somebody who speaks", () => {
    const samples = record(-2, 3, -3, 2, -2).map((sample, index) => sample + 0.001 * Math.sin(index / 50));
    expect(secondsOf(samples)).toHaveLength(2);
  });
});
