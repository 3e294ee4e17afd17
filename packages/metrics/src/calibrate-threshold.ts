import { binomialBelow } from './binomial-below.ts';
import { checkConfidence, checkNotEmpty, checkShare, readScore } from './checks.ts';
import { falseAcceptsAllowed } from './false-accepts-allowed.ts';
import { nextAbove } from './threshold-interval.ts';

/** A threshold for a false accept rate, with its confidence interval. */
export interface CalibratedThreshold {
  /** Accept iff similarity `>=` this: the lowest threshold that meets the target on the given negatives. */
  readonly threshold: number;
  /** Share of the negatives that it accepts: at most the target. */
  readonly far: number;
  /** Bootstrap confidence interval of the threshold. */
  readonly interval: { readonly low: number; readonly high: number };
  /** Number of negatives. */
  readonly negatives: number;
  /** Number of negatives that the target needs by the rule of 30: `⌈30 / far⌉`, or `Infinity` for a target of 0. */
  readonly negativesNeeded: number;
}

/**
 * Calibrates a threshold to a target false accept rate on pairs of different identities. Conservative: the threshold
 * accepts at most the target share of them. With fewer than `1 / far` negatives it accepts none, which says little.
 *
 * The confidence interval is the percentile bootstrap interval in the limit of infinitely many resamples (Efron and
 * Tibshirani, "An Introduction to the Bootstrap", 1993, ch. 13). For an order statistic it has a closed form and takes no
 * seed: the threshold of a resample lies above the m-th highest negative with a binomial probability. It treats pairs as
 * independent; if pairs share images, the true interval is wider.
 *
 * The number of negatives that a target needs follows the rule of 30 (Doddington, Przybocki, Martin, Reynolds, "The NIST
 * speaker recognition evaluation", Speech Communication 31, 2000): with 30 errors, the true rate is within 30 % of the
 * measured one at 90 % confidence.
 *
 * @param negatives `[negatives]`: similarities of pairs of different identities; finite, or `-Infinity`
 * @param far the target, in `[0, 1]`
 * @param options `confidence`: above 0, below 1, default 0.95
 * @throws MetricsError if there are no negatives, one is NaN or `Infinity`, or the target or confidence is out of range
 */
export function calibrateThreshold(
  negatives: ArrayLike<number>,
  far: number,
  { confidence = 0.95 }: { confidence?: number } = {},
): CalibratedThreshold {
  const caller = 'calibrateThreshold';
  checkNotEmpty(`${caller}: negatives`, negatives);
  checkShare(`${caller}: far`, far);
  checkConfidence(`${caller}: confidence`, confidence);
  const count = negatives.length;
  const sorted = new Float64Array(count);
  for (let index = 0; index < count; index++) {
    sorted[index] = readScore(`${caller}: negatives`, negatives, index);
  }
  sorted.sort();
  const allowed = falseAcceptsAllowed(far, count);
  /** Returns the lowest threshold that rejects the negative of a rank; rank 0 is the highest negative. */
  const thresholdAbove = (rank: number): number =>
    rank < count ? nextAbove(sorted[count - 1 - rank]!) : Number.NEGATIVE_INFINITY;
  const threshold = thresholdAbove(allowed);
  let accepted = 0;
  while (accepted < count && sorted[count - 1 - accepted]! >= threshold) accepted += 1;
  const tail = (1 - confidence) / 2;
  return {
    threshold,
    far: accepted / count,
    interval: {
      low: thresholdAbove(rankQuantile(count, allowed, 1 - tail)),
      high: thresholdAbove(rankQuantile(count, allowed, tail)),
    },
    negatives: count,
    // The quotient may round up past a whole number: 30 / 0.0003 is 100000.00000000001.
    negativesNeeded: far > 0 ? Math.ceil(30 / far - 1e-9) : Number.POSITIVE_INFINITY,
  };
}

/**
 * Returns a quantile, over resamples, of the rank of the negative that a resample's threshold just rejects. The rank is
 * below `m` iff more than `allowed` of the `count` draws are among the `m` highest, each with probability `m / count`.
 */
function rankQuantile(count: number, allowed: number, share: number): number {
  if (allowed >= count) return count;
  let [low, high] = [1, count];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (1 - binomialBelow(allowed, count, middle / count) >= share) high = middle;
    else low = middle + 1;
  }
  return low - 1;
}
