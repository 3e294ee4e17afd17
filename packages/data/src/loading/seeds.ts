import { randomNumbers } from '@openset/core';

/**
 * A generator that depends on several whole numbers, such as seed, epoch and position: every image has its own, so it
 * does not matter who works on it and when.
 */
export function randomFor(...numbers: readonly number[]): () => number {
  let hash = 0x9e3779b9;
  for (const number of numbers) {
    // The upper half too, for seeds beyond 32 bits.
    for (const part of [number | 0, Math.floor(number / 2 ** 32) | 0]) {
      hash = Math.imul(hash ^ part, 0x85ebca6b);
      hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
      hash ^= hash >>> 16;
    }
  }
  return randomNumbers(hash);
}
