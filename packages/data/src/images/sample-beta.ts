import { checkNumber } from '@openset/core';
import type { Random } from './augmentations.ts';

/**
 * Draws a number in [0, 1] from Beta(α, α), as `G / (G + H)` with G and H from Gamma(α).
 * @param alpha α > 0; 1 gives the uniform distribution, small values concentrate near 0 and 1
 * @throws ConfigError for an α that is not positive
 */
export function sampleBeta(alpha: number, random: Random): number {
  checkNumber('sampleBeta: alpha', alpha, { minimum: Number.MIN_VALUE });
  const difference = sampleLogGamma(alpha, random) - sampleLogGamma(alpha, random);
  return 1 / (1 + Math.exp(-difference));
}

/**
 * Draws the logarithm of a number from Gamma(α); for small α the number itself underflows.
 * Marsaglia and Tsang (2000); for α < 1 by `Gamma(α) = Gamma(α + 1) · U^(1/α)`.
 */
function sampleLogGamma(alpha: number, random: Random): number {
  if (alpha < 1) return sampleLogGamma(alpha + 1, random) + Math.log(1 - random()) / alpha;
  const d = alpha - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    const cube = (1 + c * normal) ** 3;
    const uniform = 1 - random();
    if (cube > 0 && Math.log(uniform) < 0.5 * normal * normal + d * (1 - cube + Math.log(cube))) {
      return Math.log(d * cube);
    }
  }
}
