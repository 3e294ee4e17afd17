import { randomNumbers } from '@openset/core';

/** The seed of the dropout masks of one pass: a function of the run's seed and the number of the pass alone. */
export function dropoutSeed(seed: number, pass: number): number {
  // Passes a golden ratio apart, so that runs with neighbouring seeds share none.
  return Math.floor(randomNumbers(seed + Math.imul(0x9e3779b1, pass + 1))() * 2 ** 31);
}
