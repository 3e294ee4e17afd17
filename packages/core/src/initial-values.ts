import * as tf from '@tensorflow/tfjs-core';
import type { RowRange } from './class-shard.ts';
import { createRowWriter } from './row-writer.ts';

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
  // Values come in pairs, each from two numbers.
  const isSecond = start % 2 === 1;
  const random = randomNumbers(seed, isSecond ? start - 1 : start);
  let second: number | null = null;
  const next = () => {
    if (second !== null) {
      const value = second;
      second = null;
      return value;
    }
    const radius = standardDeviation * Math.sqrt(-2 * Math.log(1 - random()));
    const angle = 2 * Math.PI * random();
    second = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  };
  if (isSecond) next();
  return fillRows(rows.count, columns, next);
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
  return fillRows(rows.count, columns, () => (2 * random() - 1) * limit);
}

/** Number of values that are written at a time: 1 MB. */
const blockValues = 2 ** 18;

/** Returns a matrix of values, row by row. In blocks, because the class weights may fill half of the memory. */
function fillRows(rows: number, columns: number, next: () => number): tf.Tensor2D {
  const blockRows = Math.max(1, Math.floor(blockValues / columns));
  const makeBlock = (count: number) => {
    const values = new Float32Array(count * columns);
    for (let index = 0; index < values.length; index++) values[index] = next();
    return tf.tensor2d(values, [count, columns]);
  };
  if (rows <= blockRows) return makeBlock(rows);
  return tf.tidy(() => {
    const writer = createRowWriter(rows, columns);
    for (let start = 0; start < rows; start += blockRows) {
      tf.tidy(() => writer.write(start, makeBlock(Math.min(blockRows, rows - start))));
    }
    return writer.finish();
  });
}
