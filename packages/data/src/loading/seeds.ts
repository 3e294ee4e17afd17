import { deriveSeed, randomNumbers } from '@openset/core';

/**
 * Returns a random generator for several integers, such as seed, epoch and position. Every image has its own generator,
 * so the result does not depend on the order of the work.
 */
export function randomFor(seed: number, ...parts: readonly number[]): () => number {
  return randomNumbers(deriveSeed(seed, ...parts));
}
