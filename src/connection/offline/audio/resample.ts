/** Changes the rate of a sound by band-limited interpolation: what the slower rate cannot hold is filtered out. */
import type { Audio } from "./audio.ts";
import { known } from "../../../diagnostics/known.ts";

export function resample({ samples, rate }: Audio, to: number): Audio {
  if (rate === to) return { samples, rate };
  const divisor = greatestDivisor(rate, to);
  const filter = createFilter(to / divisor, Math.min(1, to / rate));
  const length = Math.floor((samples.length * to) / rate);
  const result = new Float32Array(length);
  for (let index = 0; index < length; index += 1) {
    const position = (index * rate) / divisor;
    const centre = Math.floor(position / filter.phases);
    const weights = known(filter.weights[position % filter.phases]);
    let sum = 0;
    for (const [tap, weight] of weights.entries()) {
      sum += weight * (samples[centre + tap - filter.reach] ?? 0);
    }
    result[index] = sum;
  }
  return { samples: result, rate: to };
}

interface Filter {
  /** Positions between two samples of the input. */
  readonly phases: number;
  /** Samples of the input to either side. */
  readonly reach: number;
  /** By phase, then by sample; each phase adds up to one. */
  readonly weights: readonly Float64Array[];
}

/** `cutoff`: the highest frequency that stays, as a share of what the input can hold. */
function createFilter(phases: number, cutoff: number): Filter {
  const reach = Math.ceil(crossings / cutoff);
  const weights = Array.from({ length: phases }, (_, phase) => {
    const taps = Float64Array.from({ length: 2 * reach + 1 }, (_tap, tap) =>
      sincOf(tap - reach - phase / phases, cutoff, reach + 1),
    );
    const sum = taps.reduce((total, tap) => total + tap, 0);
    return taps.map((tap) => tap / sum);
  });
  return { phases, reach, weights };
}

/** A sinc under a Hann window that ends at `width`. */
function sincOf(distance: number, cutoff: number, width: number): number {
  if (Math.abs(distance) >= width) return 0;
  const window = 0.5 + 0.5 * Math.cos((Math.PI * distance) / width);
  const angle = Math.PI * distance * cutoff * margin;
  return window * (angle === 0 ? 1 : Math.sin(angle) / angle);
}

function greatestDivisor(left: number, right: number): number {
  return right === 0 ? left : greatestDivisor(right, left % right);
}

/** Zero crossings of the sinc to either side: what separates good from audible aliasing. */
const crossings = 16;
/** The filter's slope begins below the cutoff. */
const margin = 0.94;
