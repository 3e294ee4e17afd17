import type { LearnedThreshold, OpenSetLoss } from './contract.ts';
import { ConfigError } from './errors.ts';

/** Options of `pairThreshold`. */
export interface PairThresholdOptions {
  /**
   * `P(same) : P(different)` among the pairs that are asked about, finite and above 0; default 1. Identification among G people
   * or nobody, all equally likely: `1 / G`.
   */
  readonly odds?: number;
}

/**
 * Returns the cosine that makes the fewest errors among pairs with the given odds, from a threshold learned in training:
 *
 * `(b − log(N − 1) − log odds) / s`
 *
 * The criterion of USS and BCE-unified is a logistic regression of "same" on the cosine with the logit `s · cosine − b`. It
 * sees one comparison with the same identity for `N − 1` with others, so its bias contains that prior. This function
 * replaces it by the prior of the question (the log odds of Bayes' rule are additive). `odds = 1 / (N − 1)` gives `b / s`,
 * which is `loss.threshold()`.
 *
 * The result holds for pairs like those of training. Embeddings of training identities are closer to each other than those
 * of new ones, and the margin moves the result by up to m, so a threshold measured on other people is better. The result
 * separates what `loss.threshold().between` says, and can be outside `[-1, 1]`.
 *
 * @param learned a loss, or a threshold that it has learned: on backends without synchronous reads, that of `readThreshold`; later
 *   that of a model file
 * @returns null if there is no learned threshold, or if it lacks `scale` or `comparisons`
 * @throws ConfigError if the odds are not finite or not above 0
 * @example
 * import { pairThreshold } from '@openset/core';
 * import { UssLoss } from '@openset/uss';
 * import '@tensorflow/tfjs';
 *
 * const loss = new UssLoss({ numClasses: 1000, embeddingSize: 64 }); // and train it
 * pairThreshold(loss); // half of the pairs show the same identity
 * pairThreshold(loss, { odds: 1 / 1000 }); // one of a thousand people, or nobody
 */
export function pairThreshold(
  learned: Pick<OpenSetLoss, 'threshold'> | LearnedThreshold | null | undefined,
  { odds = 1 }: PairThresholdOptions = {},
): number | null {
  if (typeof odds !== 'number' || !Number.isFinite(odds) || odds <= 0) {
    throw new ConfigError(
      `pairThreshold: odds must be a finite number above 0, but is ${String(odds)}. Pass P(same) / P(different): 1 if half of ` +
        'the pairs show the same identity, 1 / G for a search among G people.',
    );
  }
  const found = learned && 'threshold' in learned ? learned.threshold() : learned;
  if (!found) return null;
  const { cosine, scale, comparisons } = found;
  if (!isAboveZero(scale) || !isAboveZero(comparisons)) return null;
  // cosine = b / s, so this is (b − log(N − 1) − log odds) / s.
  return cosine - (Math.log(comparisons) + Math.log(odds)) / scale;
}

function isAboveZero(value: number | undefined): value is number {
  return value !== undefined && Number.isFinite(value) && value > 0;
}
