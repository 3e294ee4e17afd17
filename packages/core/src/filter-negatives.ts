import { refuse } from './bank-combinations.ts';
import type { BankOptions } from './bank-options.ts';
import { checkNumber } from './errors.ts';
import { negativeLimitMap } from './negative-limit-map.ts';

/**
 * Returns the options with Partial FC's filter of negatives: the map `negativeLimit`.
 * @param threshold cosine in `[0, 1]`; 0: no filter
 * @throws ConfigError for a threshold out of range, or options that exclude the filter
 */
export function filterNegatives(options: BankOptions, threshold = 0): BankOptions {
  checkNumber('interclassFilteringThreshold', threshold, { minimum: 0, maximum: 1 });
  if (threshold === 0) return options;
  const { similarityMap: map, similarity, labelSmoothing = 0 } = options;
  const excluded = {
    [`the map '${map?.kind}' of this loss`]: map !== undefined,
    "raw products (similarity 'dot')": similarity === 'dot',
    labelSmoothing: labelSmoothing > 0,
  };
  refuse(
    excluded,
    (one) =>
      `interclassFilteringThreshold maps cosines of other classes, so it cannot be combined with ${one}: leave it out.`,
  );
  return { ...options, similarityMap: negativeLimitMap(threshold) };
}
