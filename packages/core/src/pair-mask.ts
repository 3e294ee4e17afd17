import * as tf from '@tensorflow/tfjs-core';
import { checkNumber } from './errors.ts';

/** UniFace eq. 32 as printed: keeps each negative term with probability `rate`, drawn from `seed` for each pair of a row and a class. */
export interface PairSampling {
  /** r in `[0, 1]`. */
  readonly rate: number;
  /** Seed of the draw. */
  readonly seed: number;
  /** Checks the rate. @throws ConfigError if it is out of range */
  check(): void;
  /** Returns what to multiply the negative terms of a block by; see `pairMask`. */
  mask(start: number, count: number, batch: number): tf.Tensor2D;
}

/** Returns a sampling of pairs. */
export function pairSampling({ rate, seed }: Pick<PairSampling, 'rate' | 'seed'>): PairSampling {
  return { rate, seed, ...functions };
}

const functions = { check: checkRate, mask } as const;

function checkRate(this: PairSampling): void {
  checkNumber('the negative sample rate (r)', this.rate, { minimum: 0, maximum: 1 });
}

function mask(this: PairSampling, start: number, count: number, batch: number): tf.Tensor2D {
  return pairMask(this, start, count, batch);
}

/**
 * Returns `[count, batch]` of 0 and 1: 1 for each pair of a class and a row to keep. The draw depends only on the seed, the
 * class and the row, so that it is the same on every backend and for every block size.
 */
export function pairMask(
  { rate, seed }: { readonly rate: number; readonly seed: number },
  start: number,
  count: number,
  batch: number,
): tf.Tensor2D {
  const limit = rate * 2 ** 32;
  const values = new Float32Array(count * batch);
  for (let index = 0; index < values.length; index++) {
    const classIndex = start + Math.floor(index / batch);
    if (hash(seed, classIndex, index % batch) < limit) values[index] = 1;
  }
  return tf.tensor2d(values, [count, batch]);
}

/**
 * Returns a 32-bit hash of three integers, with rounds as in MurmurHash3's finalizer. It is not `deriveSeed`, because it
 * runs for every pair and existing runs depend on its draws.
 */
function hash(seed: number, a: number, b: number): number {
  let bits = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b);
  for (const word of [a, b]) {
    bits = Math.imul(bits ^ word, 0xc2b2ae35);
    bits = Math.imul(bits ^ (bits >>> 15), 0x27d4eb2f);
    bits ^= bits >>> 13;
  }
  bits = Math.imul(bits ^ (bits >>> 16), 0x7feb352d);
  return (bits ^ (bits >>> 15)) >>> 0;
}
