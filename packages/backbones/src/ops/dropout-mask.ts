import { randomNumbers } from '@openset/core';

/** Returns `size` values, each 0 with probability `rate`, else `1 / (1 − rate)`. Depends only on the seed. */
export function dropoutMask(size: number, rate: number, seed: number): Float32Array {
  const random = randomNumbers(seed);
  const kept = 1 / (1 - rate);
  const mask = new Float32Array(size);
  // A product in place of a branch, which processors cannot predict.
  for (let place = 0; place < size; place++) mask[place] = kept * Number(random() >= rate);
  return mask;
}
