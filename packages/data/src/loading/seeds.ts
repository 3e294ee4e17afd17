import { randomNumbers } from '@openset/core';

/**
 * Returns a random generator for several integers, such as seed, epoch and position. Every image has its own generator,
 * so the result does not depend on the order of the work.
 */
export function randomFor(...numbers: readonly number[]): () => number {
  let hash = 0x9e3779b9;
  for (const number of numbers) {
    // Both halves, for seeds beyond 32 bits.
    for (const part of [number | 0, Math.floor(number / 2 ** 32) | 0]) {
      hash = Math.imul(hash ^ part, 0x85ebca6b);
      hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
      hash ^= hash >>> 16;
    }
  }
  return randomNumbers(hash);
}
