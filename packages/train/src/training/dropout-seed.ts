import { deriveStepSeed, randomNumbers } from '@openset/core';

/**
 * Returns the seed of the dropout masks of one forward pass. It depends on the run's seed and the number of the pass
 * alone, so a resumed run draws the same masks.
 * @param pass counted from 0 over the whole run
 * @returns a whole number in [0, 2^31)
 */
export function dropoutSeed(seed: number, pass: number): number {
  return Math.floor(randomNumbers(deriveStepSeed(seed, pass))() * 2 ** 31);
}
