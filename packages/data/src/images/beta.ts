import { checkNumber } from '@openset/core';
import type { Random } from './augment.ts';

/**
 * A number in [0, 1] from the distribution Beta(α, α): `G / (G + H)` of two numbers of Gamma(α).
 * @param alpha α > 0; 1 is even, small values are near 0 or 1
 * @throws ConfigError for an α that is not positive
 */
export function betaNumber(alpha: number, random: Random): number {
  checkNumber('betaNumber: alpha', alpha, { minimum: Number.MIN_VALUE });
  const difference = logGammaNumber(alpha, random) - logGammaNumber(alpha, random);
  return 1 / (1 + Math.exp(-difference));
}

/**
 * The logarithm of a number of Gamma(α): for small α the number itself is too near 0 for floating point.
 * Marsaglia and Tsang (2000); below 1 by `Gamma(α) = Gamma(α + 1) · U^(1/α)`.
 */
function logGammaNumber(alpha: number, random: Random): number {
  if (alpha < 1) return logGammaNumber(alpha + 1, random) + Math.log(1 - random()) / alpha;
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
