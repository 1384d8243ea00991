/**
 * Cuts a recording at its pauses into what the model hears best: a few sentences, at most twenty seconds, and no
 * stretch of silence, in which it would hear words that are not there.
 */
import { known } from "../../../diagnostics/known.ts";

/** In samples. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Spans with sound in them, in order, without overlap. `rate`: samples a second. */
export function splitAtPauses(samples: Float32Array, rate: number): readonly Span[] {
  const frame = Math.round(rate * frameSeconds);
  const loud = findLoud(measure(samples, frame));
  const margin = Math.round(rate * marginSeconds);
  return loud
    .flatMap((run) => cutLong(run, Math.round(segmentSecondsMax / frameSeconds)))
    .reduce<Run[]>(join, [])
    .map(({ first, last }, index, runs) => ({
      // Margins of neighbours meet in the middle of a pause at most; a cut in speech has none.
      start: Math.max(first * frame - margin, ((runs[index - 1]?.last ?? -1) + 1) * frame),
      end: Math.min(
        (last + 1) * frame + margin,
        (runs[index + 1]?.first ?? Infinity) * frame,
        samples.length,
      ),
    }));
}

/** A run of frames, both ends included. */
interface Run {
  readonly first: number;
  readonly last: number;
  /** Of each frame of the recording. */
  readonly levels: Float32Array;
}

/** Decibels of full scale, a frame each. */
function measure(samples: Float32Array, frame: number): Float32Array {
  return Float32Array.from({ length: Math.floor(samples.length / frame) }, (_, index) => {
    const block = samples.subarray(index * frame, (index + 1) * frame);
    const power = block.reduce((sum, sample) => sum + sample * sample, 0) / frame;
    return 10 * Math.log10(power + 1e-10);
  });
}

/** Runs that are louder than the recording's quiet parts; shorter silences than a pause belong to them. */
function findLoud(levels: Float32Array): readonly Run[] {
  const sorted = levels.toSorted();
  const quiet = sorted[Math.floor(sorted.length * 0.1)] ?? 0;
  const peak = sorted[Math.floor(sorted.length * 0.95)] ?? 0;
  const threshold = Math.max(silenceLevel, Math.min(quiet + aboveQuiet, peak - belowPeak));
  const runs: Run[] = [];
  for (const [index, level] of levels.entries()) {
    if (level < threshold) continue;
    const open = runs.at(-1);
    if (open !== undefined && index - open.last <= pauseFrames)
      runs[runs.length - 1] = { ...open, last: index };
    else runs.push({ first: index, last: index, levels });
  }
  return runs.filter(({ first, last }) => last - first + 1 >= soundFramesMin);
}

/** Speech without a pause is cut where it is quietest, in its second half. */
function cutLong(run: Run, framesMax: number): readonly Run[] {
  if (run.last - run.first < framesMax) return [run];
  const from = run.first + Math.floor(framesMax / 2);
  let cut = from;
  for (let index = from; index < run.first + framesMax; index += 1) {
    if (known(run.levels[index]) < known(run.levels[cut])) cut = index;
  }
  return [{ ...run, last: cut }, ...cutLong({ ...run, first: cut + 1 }, framesMax)];
}

/** Short runs share a span: the model hears a sentence better than a word. */
function join(joined: readonly Run[], run: Run): Run[] {
  const open = joined.at(-1);
  const isNear = open !== undefined && (run.first - open.last) * frameSeconds <= gapSecondsMax;
  if (!isNear || (run.last - open.first + 1) * frameSeconds > joinedSecondsMax) return [...joined, run];
  return [...joined.slice(0, -1), { ...open, last: run.last }];
}

const frameSeconds = 0.03;
/** Around a span, so that soft beginnings and ends of words stay. */
const marginSeconds = 0.15;
/** A silence of 0.3 s ends a run. */
const pauseFrames = 10;
/** A click is no speech. */
const soundFramesMin = 4;
const gapSecondsMax = 1.5;
const joinedSecondsMax = 12;
const segmentSecondsMax = 20;
/** Decibels. */
const silenceLevel = -60;
const aboveQuiet = 12;
const belowPeak = 30;
