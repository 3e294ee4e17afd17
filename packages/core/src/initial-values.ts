import * as tf from '@tensorflow/tfjs-core';
import type { RowRange } from './class-shard.ts';

/** What each number adds to the state of the generator. */
const increment = 0x6d2b79f5;

/**
 * Returns a generator of numbers in [0, 1) (mulberry32). The sequence depends only on the seed, not on the machine.
 * @param skipped how many numbers to skip; takes no time
 */
export function randomNumbers(seed: number, skipped = 0): () => number {
  let state = (seed + Math.imul(skipped, increment)) | 0;
  return () => {
    state = (state + increment) | 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Returns normally distributed values with mean 0 (Box–Muller). They depend only on the seed, not on the backend.
 * @param rows returns these rows of the matrix alone, as a shard needs them; default all
 */
export function normalValues(
  shape: [number, number],
  standardDeviation: number,
  seed: number,
  rows: Omit<RowRange, 'total'> = { start: 0, count: shape[0] },
): tf.Tensor2D {
  const columns = shape[1];
  const start = rows.start * columns;
  const values = new Float32Array(rows.count * columns);
  // Values come in pairs, each from two numbers.
  const skipped = start - (start % 2);
  const random = randomNumbers(seed, skipped);
  for (let index = skipped - start; index < values.length; index += 2) {
    const radius = standardDeviation * Math.sqrt(-2 * Math.log(1 - random()));
    const angle = 2 * Math.PI * random();
    if (index >= 0) values[index] = radius * Math.cos(angle);
    if (index + 1 < values.length) values[index + 1] = radius * Math.sin(angle);
  }
  return tf.tensor2d(values, [rows.count, columns]);
}

/**
 * Returns values uniformly distributed in [−limit, limit). They depend only on the seed, not on the backend.
 * @param rows returns these rows of the matrix alone, as a shard needs them; default all
 */
export function uniformValues(
  shape: [number, number],
  limit: number,
  seed: number,
  rows: Omit<RowRange, 'total'> = { start: 0, count: shape[0] },
): tf.Tensor2D {
  const columns = shape[1];
  const random = randomNumbers(seed, rows.start * columns);
  const values = Float32Array.from({ length: rows.count * columns }, () => (2 * random() - 1) * limit);
  return tf.tensor2d(values, [rows.count, columns]);
}
