import { checkNumber, DataError } from '@openset/core';
import type { Calibration } from './calibration.ts';

/**
 * Returns the probability that the best match of a search is the right person, by Bayes' rule from the curve for pairs.
 *
 * The curve gives the evidence of one cosine, `log p(c | same) / p(c | different) = −(slope · c + offset)`. If half of the probes
 * show one of the G people, each of them equally likely, the prior odds of a person and of nobody are 1 : G. So
 * `P = exp(e₁) / (G + exp(e₁) + … + exp(e_G))`, where e₁ is the largest evidence. It assumes that cosines with different
 * people are independent, and that templates score like single images; a curve that was fitted to searches, as in
 * `GalleryThreshold.calibration`, is more reliable in large galleries.
 *
 * @param curve balanced: of as many pairs of the same identity as of different ones
 * @param cosines of the probe with the nearest people of the gallery, at least one; the evidence of the others counts as none
 * @param people G, the size of the gallery; default: as many as cosines
 * @throws DataError without a cosine; ConfigError for a cosine that is not finite, or fewer people than cosines
 */
export function bestMatchProbability(
  { slope, offset }: Calibration,
  cosines: ArrayLike<number>,
  people: number = cosines.length,
): number {
  if (cosines.length === 0) throw new DataError('A search needs at least one person in the gallery.');
  checkNumber('bestMatchProbability: people', people, { minimum: cosines.length, integer: true });
  const evidence = Array.from(cosines, (cosine) => {
    checkNumber('bestMatchProbability: cosine', cosine);
    return -(slope * cosine + offset);
  });
  const ofNobody = Math.log(people);
  // The largest exponent is subtracted: exponents of steep curves overflow.
  const best = evidence.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  const origin = Math.max(best, ofNobody);
  const total = evidence.reduce((sum, value) => sum + Math.exp(value - origin), Math.exp(ofNobody - origin));
  return Math.exp(best - origin) / total;
}
