/** Arithmetic on unit vectors. Sums run in double precision and in index order, so results repeat bit for bit. */

export type Vector = Float32Array;

/** 0 behind the end, where nobody reads. */
export function valueAt(values: ArrayLike<number>, index: number): number {
  return values[index] ?? 0;
}

/** Cosine, as every vector here has length one. */
export function similarity(left: Vector, right: Vector): number {
  let sum = 0;
  for (let index = 0; index < left.length; index += 1) sum += valueAt(left, index) * valueAt(right, index);
  return sum;
}

/** The direction of the weighted sum. */
export function meanDirection(vectors: readonly Vector[], weights?: readonly number[]): Vector {
  const sum = new Float64Array(vectors[0]?.length ?? 0);
  for (const [row, vector] of vectors.entries()) {
    const weight = weights?.[row] ?? 1;
    for (let index = 0; index < sum.length; index += 1) {
      sum[index] = valueAt(sum, index) + weight * valueAt(vector, index);
    }
  }
  const length = Math.hypot(...sum);
  return Float32Array.from(sum, (value) => (length === 0 ? 0 : value / length));
}

/** Probabilities from similarities: `sharpness` says how much a difference of one counts. */
export function softmax(values: readonly number[], sharpness: number): readonly number[] {
  const top = Math.max(...values);
  const powers = values.map((value) => Math.exp(sharpness * (value - top)));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}
