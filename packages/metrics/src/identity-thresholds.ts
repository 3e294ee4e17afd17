import { checkNotEmpty, checkSameLength, readScore } from './checks.ts';
import { numberIdentities } from './identity-numbers.ts';
import { quantile } from './quantile.ts';
import { sweepThresholds, type ThresholdInterval, thresholdWithin } from './threshold-interval.ts';

/** The thresholds that suit one identity. */
export interface IdentityThreshold {
  /** Its label. */
  readonly label: number;
  /** Number of its images. */
  readonly images: number;
  /** Eq. 19: every image is correct at all `low < t <= high`; empty if `low >= high`. */
  readonly interval: ThresholdInterval;
  /** Whether every image is correct at one threshold: `interval.low < interval.high`. */
  readonly separable: boolean;
  /** Middle of the thresholds at which the most images are correct; of `interval` if `separable`. */
  readonly threshold: number;
  /** Share of the images that are correct at `threshold`. */
  readonly accuracy: number;
}

/** The spread of thresholds over identities: the smaller it is, the better one threshold suits all. */
export interface IdentityThresholds {
  /** In order of first appearance. */
  readonly identities: readonly IdentityThreshold[];
  /** Share of the identities that are separable. */
  readonly separable: number;
  /** Median of the thresholds. */
  readonly median: number;
  /** First quartile, interpolated linearly. */
  readonly lowerQuartile: number;
  /** Third quartile, interpolated linearly. */
  readonly upperQuartile: number;
}

/**
 * Returns the best threshold of each identity: UniTSFace (Li et al., NeurIPS 2023, arXiv 2311.02523), eq. 19 and the figure
 * on the distribution of thresholds. An image is correct at `t` if its hardest negative `< t <=` its positive. The interval
 * of an identity lies between the largest negative and the smallest positive of all its images. `sampleIdentityScores`
 * draws the pairs of the figure.
 *
 * @param positives `[images]`: similarity of each image with another image of its identity
 * @param hardestNegatives `[images]`: highest similarity of each image with other identities; `-Infinity` if there are none
 * @param labels `[images]`: identities, any numbers
 * @throws MetricsError if lengths differ, there are no images, or a similarity is NaN or `Infinity`
 */
export function identityThresholds(
  positives: ArrayLike<number>,
  hardestNegatives: ArrayLike<number>,
  labels: ArrayLike<number>,
): IdentityThresholds {
  const caller = 'identityThresholds';
  checkNotEmpty(`${caller}: positives`, positives);
  checkNotEmpty(`${caller}: hardestNegatives`, hardestNegatives);
  const images = positives.length;
  checkSameLength(`${caller}: hardestNegatives`, hardestNegatives.length, 'positives', images);
  const named = { name: `${caller}: labels`, labels, rows: images };
  const { numbers, count, labels: distinct } = numberIdentities(named);
  const pairs = Array.from({ length: count }, () => ({
    positives: [] as number[],
    negatives: [] as number[],
  }));
  for (let image = 0; image < images; image++) {
    const own = pairs[numbers[0]![image]!]!;
    own.positives.push(readScore(`${caller}: positives`, positives, image));
    own.negatives.push(readScore(`${caller}: hardestNegatives`, hardestNegatives, image));
  }
  const identities = pairs.map((own, identity) => findIdentityThreshold(distinct[identity]!, own));
  const sorted = Float64Array.from(identities, ({ threshold }) => threshold).sort();
  return {
    identities,
    separable: identities.filter(({ separable }) => separable).length / count,
    median: quantile(sorted, 0.5),
    lowerQuartile: quantile(sorted, 0.25),
    upperQuartile: quantile(sorted, 0.75),
  };
}

function findIdentityThreshold(
  label: number,
  { positives, negatives }: { positives: readonly number[]; negatives: readonly number[] },
): IdentityThreshold {
  const images = positives.length;
  const low = negatives.reduce((largest, value) => Math.max(largest, value), Number.NEGATIVE_INFINITY);
  const high = positives.reduce((smallest, value) => Math.min(smallest, value), Number.POSITIVE_INFINITY);
  // An image whose negative reaches its positive is correct at no threshold.
  const possible = positives.flatMap((positive, image) => (negatives[image]! < positive ? [image] : []));
  const rises = Float64Array.from(possible, (image) => negatives[image]!).sort();
  const falls = Float64Array.from(possible, (image) => positives[image]!).sort();
  const { count, interval } = sweepThresholds(rises, falls, 0);
  return {
    label,
    images,
    interval: { low, high },
    separable: low < high,
    // No image is correct at any threshold: halfway between the two similarities that should be separated.
    threshold: possible.length > 0 ? thresholdWithin(interval) : (low + high) / 2,
    accuracy: count / images,
  };
}
