import { randomNumbers } from '@openset/core';

/** Unit vectors of people, and probes of them. */
export interface SyntheticPeople {
  /** `[people, size]`, row-major, at unit length. */
  readonly vectors: Float32Array;
  /** Returns a probe: a vector at unit length whose cosine with a random person is between 0.6 and 0.8. */
  makeProbe(): Float32Array;
}

/**
 * Returns synthetic embeddings of people.
 * @param people number of people
 * @param size number of values of an embedding
 * @param dimension number of independent directions. Embeddings of faces vary in about 64 directions; with as many as values, the
 *   vectors are random, which no embedding is, and which is hardest for an index: all are about equally far from a probe.
 */
export function syntheticPeople(
  people: number,
  size: number,
  dimension: number,
  seed: number,
): SyntheticPeople {
  const random = randomNumbers(seed);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const basis = Float64Array.from({ length: dimension * size }, normal);
  const vector = new Float64Array(size);
  const drawDirection = (): Float64Array => {
    if (dimension === size) {
      for (let k = 0; k < size; k++) vector[k] = normal();
    } else {
      vector.fill(0);
      for (let row = 0; row < dimension; row++) {
        const weight = normal();
        for (let k = 0; k < size; k++) vector[k]! += weight * basis[row * size + k]!;
      }
    }
    return scale(vector, 1 / Math.sqrt(dot(vector, vector)));
  };
  const vectors = new Float32Array(people * size);
  for (let person = 0; person < people; person++) vectors.set(drawDirection(), person * size);
  return {
    vectors,
    makeProbe: () => {
      const person = Math.floor(random() * people);
      const own = vectors.subarray(person * size, (person + 1) * size);
      const cosine = 0.6 + 0.2 * random();
      const noise = drawDirection();
      const along = dot(noise, own);
      for (let k = 0; k < size; k++) noise[k]! -= along * own[k]!;
      scale(noise, Math.sqrt(1 - cosine ** 2) / Math.sqrt(dot(noise, noise)));
      return Float32Array.from(own, (value, k) => cosine * value + noise[k]!);
    },
  };
}

/** Multiplies in place. */
function scale(values: Float64Array, factor: number): Float64Array {
  for (let k = 0; k < values.length; k++) values[k]! *= factor;
  return values;
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += a[k]! * b[k]!;
  return sum;
}

/** Returns the row of the vector with the largest inner product with a probe, by comparing all. */
export function nearestRow({ vectors }: SyntheticPeople, probe: Float32Array): number {
  let [best, row] = [Number.NEGATIVE_INFINITY, -1];
  const size = probe.length;
  for (let start = 0; start < vectors.length; start += size) {
    let product = 0;
    for (let k = 0; k < size; k++) product += vectors[start + k]! * probe[k]!;
    if (product > best) [best, row] = [product, start / size];
  }
  return row;
}
