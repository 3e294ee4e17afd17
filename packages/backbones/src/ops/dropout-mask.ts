import { randomNumbers } from '@openset/core';

/** A seed of its own for part `index` of what has one seed: neighbouring seeds and indices share no numbers. */
export function mixSeed(seed: number, index: number): number {
  // Two rounds of the finalizer of MurmurHash3, which spreads every bit over all bits.
  return scramble(scramble(seed | 0) + Math.imul(index + 1, 0x9e3779b9));
}

function scramble(value: number): number {
  let bits = value | 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return bits ^ (bits >>> 16);
}

/** `size` values, each 0 with the probability `rate` and otherwise `1 / (1 − rate)`; the same for a seed everywhere. */
export function dropoutMask(size: number, rate: number, seed: number): Float32Array {
  const random = randomNumbers(seed);
  const kept = 1 / (1 - rate);
  const mask = new Float32Array(size);
  for (let place = 0; place < size; place++) mask[place] = random() < rate ? 0 : kept;
  return mask;
}
