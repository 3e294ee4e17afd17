import * as tf from '@tensorflow/tfjs-core';

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
