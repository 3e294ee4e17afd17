import type { Variable } from '@tensorflow/tfjs-core';
import type { LearnedThreshold } from './contract.ts';

/** How a loss learns its unified bias. */
export interface UnifiedBias {
  /** γ or s, the factor of the cosines in the logit `scale · cosine − bias`. */
  readonly scale: number;
  /** The pairs that the bias separates. */
  readonly between: LearnedThreshold['between'];
  /**
   * Comparisons with other identities for each one with the same, as the loss weights them; null or not above 0 if the loss is no
   * logistic regression of "same" on the cosine.
   */
  readonly comparisons: number | null;
}

/**
 * Returns the threshold `b / scale` of a unified bias, with the facts that `pairThreshold` needs. Reads the bias synchronously.
 * @param bias `[1]`
 */
export function unifiedThreshold(
  bias: Variable,
  { scale, between, comparisons }: UnifiedBias,
): LearnedThreshold {
  const cosine = (bias.dataSync()[0] as number) / scale;
  return comparisons !== null && comparisons > 0
    ? { cosine, between, scale, comparisons }
    : { cosine, between };
}
