import * as tf from '@tensorflow/tfjs-core';

/** Returns a generator of numbers in [0, 1) (mulberry32). The sequence depends only on the seed, not on the machine. */
export function randomNumbers(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Returns normally distributed values with mean 0 (Box–Muller). They depend only on the seed, not on the backend. */
export function normalValues(shape: [number, number], standardDeviation: number, seed: number): tf.Tensor2D {
  const random = randomNumbers(seed);
  const values = new Float32Array(shape[0] * shape[1]);
  for (let index = 0; index < values.length; index += 2) {
    const radius = standardDeviation * Math.sqrt(-2 * Math.log(1 - random()));
    const angle = 2 * Math.PI * random();
    values[index] = radius * Math.cos(angle);
    if (index + 1 < values.length) values[index + 1] = radius * Math.sin(angle);
  }
  return tf.tensor2d(values, shape);
}

/** Returns values uniformly distributed in [−limit, limit). They depend only on the seed, not on the backend. */
export function uniformValues(shape: [number, number], limit: number, seed: number): tf.Tensor2D {
  const random = randomNumbers(seed);
  const values = Float32Array.from({ length: shape[0] * shape[1] }, () => (2 * random() - 1) * limit);
  return tf.tensor2d(values, shape);
}
