import { binomialBelow } from './binomial-below.ts';
import { checkNotEmpty, checkShare, scoreAt } from './checks.ts';
import { falseAcceptsAllowed } from './false-accepts-allowed.ts';
import { MetricsError } from './metrics-error.ts';
import { nextAbove } from './threshold-interval.ts';

/** A threshold for a false accept rate, and how far to trust it. */
export interface CalibratedThreshold {
  /** Accept iff similarity `>=` this: the lowest threshold that keeps the target on the negatives given. */
  readonly threshold: number;
  /** The share of the negatives that it accepts: at most the target. */
  readonly far: number;
  /** Bootstrap confidence interval of the threshold. */
  readonly interval: { readonly low: number; readonly high: number };
  /** How many negatives were given. */
  readonly negatives: number;
  /** How many the target needs: 30 expected false accepts ("rule of 30"), so `⌈30 / far⌉`; `Infinity` for a target of 0. */
  readonly negativesNeeded: number;
}

/**
 * Calibrates a threshold to a target false accept rate on pairs of different identities. Conservative: no more than the
 * target of them are accepted; with fewer than `1 / far` negatives that is none of them, and says little.
 *
 * The confidence interval is the percentile bootstrap interval of endlessly many resamples of the negatives (Efron and
 * Tibshirani, "An Introduction to the Bootstrap", 1993, ch. 13), which for an order statistic has a closed form: the
 * threshold of a resample lies above the m-th highest negative with a binomial probability. So it takes no seed. It counts
 * pairs as independent; pairs that share images are not, and the true interval is wider.
 *
 * How many negatives a target needs follows the rule of 30 (Doddington, Przybocki, Martin, Reynolds, "The NIST speaker
 * recognition evaluation", Speech Communication 31, 2000): with 30 errors the true rate is within 30 % of the measured
 * one with 90 % confidence.
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
  if (!(confidence > 0 && confidence < 1)) {
    throw new MetricsError(`${caller}: confidence must be in (0, 1), but is ${String(confidence)}.`);
  }
  const count = negatives.length;
  const sorted = new Float64Array(count);
  for (let place = 0; place < count; place++) {
    sorted[place] = scoreAt(`${caller}: negatives`, negatives, place);
  }
  sorted.sort();
  const allowed = falseAcceptsAllowed(far, count);
  /** The lowest threshold that rejects the negative of a rank, counted from 0 from the highest. */
  const above = (rank: number): number =>
    rank < count ? nextAbove(sorted[count - 1 - rank]!) : Number.NEGATIVE_INFINITY;
  const threshold = above(allowed);
  let accepted = 0;
  while (accepted < count && sorted[count - 1 - accepted]! >= threshold) accepted += 1;
  const tail = (1 - confidence) / 2;
  return {
    threshold,
    far: accepted / count,
    interval: {
      low: above(rankOfResamples(count, allowed, 1 - tail)),
      high: above(rankOfResamples(count, allowed, tail)),
    },
    negatives: count,
    // The division may round up past a whole number: 30 / 0.3 is 100.
    negativesNeeded: far > 0 ? Math.ceil(30 / far - 1e-9) : Number.POSITIVE_INFINITY,
  };
}

/**
 * The quantile, over resamples, of the rank in the data of the negative that a resample's threshold just rejects. That
 * rank is below `m` iff more than `allowed` of the `count` draws are among the `m` highest, each with chance `m / count`.
 */
function rankOfResamples(count: number, allowed: number, share: number): number {
  if (allowed >= count) return count;
  let [low, high] = [1, count];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (1 - binomialBelow(allowed, count, middle / count) >= share) high = middle;
    else low = middle + 1;
  }
  return low - 1;
}
