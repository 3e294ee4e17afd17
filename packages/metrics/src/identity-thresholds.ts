import { checkNotEmpty, checkSameLength, scoreAt } from './checks.ts';
import { numberIdentities } from './identity-numbers.ts';
import { quantile } from './quantile.ts';
import { sweepThresholds, type ThresholdInterval, thresholdWithin } from './threshold-interval.ts';

/** The thresholds that suit one identity. */
export interface IdentityThreshold {
  /** Its label. */
  readonly label: number;
  /** How many images were given. */
  readonly images: number;
  /** Eq. 19: all `low < t <= high` are right for every image; no `t` is where `low >= high`. */
  readonly interval: ThresholdInterval;
  /** Whether one threshold is right for every image: `interval.low < interval.high`. */
  readonly separable: boolean;
  /** The middle of the thresholds that are right for most images; the middle of `interval` where it is separable. */
  readonly threshold: number;
  /** Share of the images that are right at `threshold`. */
  readonly accuracy: number;
}

/** How thresholds vary from identity to identity: the less, the better one threshold for all. */
export interface IdentityThresholds {
  /** In order of first appearance. */
  readonly identities: readonly IdentityThreshold[];
  /** Share of the identities that one threshold of their own separates. */
  readonly separable: number;
  /** Median of the thresholds. */
  readonly median: number;
  /** First quartile, interpolated linearly. */
  readonly lowerQuartile: number;
  /** Third quartile, interpolated linearly. */
  readonly upperQuartile: number;
}

/**
 * The best threshold of each identity: UniTSFace (Li et al., NeurIPS 2023, arXiv 2311.02523), eq. 19 and the figure on
 * the distribution of thresholds. An image is right at `t` when its hardest negative `< t <=` its positive; the interval
 * of an identity lies between the largest negative and the smallest positive of all its images. `sampleIdentityScores`
 * draws the pairs of the figure.
 *
 * @param positives `[images]`: the similarity of each image with one of the same identity
 * @param hardestNegatives `[images]`: its highest similarity with another identity; `-Infinity` without any
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
    own.positives.push(scoreAt(`${caller}: positives`, positives, image));
    own.negatives.push(scoreAt(`${caller}: hardestNegatives`, hardestNegatives, image));
  }
  const identities = pairs.map((own, identity) => thresholdOf(distinct[identity]!, own));
  const sorted = Float64Array.from(identities, ({ threshold }) => threshold).sort();
  return {
    identities,
    separable: identities.filter(({ separable }) => separable).length / count,
    median: quantile(sorted, 0.5),
    lowerQuartile: quantile(sorted, 0.25),
    upperQuartile: quantile(sorted, 0.75),
  };
}

function thresholdOf(
  label: number,
  { positives, negatives }: { positives: readonly number[]; negatives: readonly number[] },
): IdentityThreshold {
  const images = positives.length;
  const low = negatives.reduce((largest, value) => Math.max(largest, value), Number.NEGATIVE_INFINITY);
  const high = positives.reduce((smallest, value) => Math.min(smallest, value), Number.POSITIVE_INFINITY);
  // Images whose negative is not below their positive are right at no threshold.
  const possible = positives.flatMap((positive, image) => (negatives[image]! < positive ? [image] : []));
  const rises = Float64Array.from(possible, (image) => negatives[image]!).sort();
  const falls = Float64Array.from(possible, (image) => positives[image]!).sort();
  const { count, interval } = sweepThresholds(rises, falls, 0);
  return {
    label,
    images,
    interval: { low, high },
    separable: low < high,
    // No image is ever right: halfway between the two that should be apart.
    threshold: possible.length > 0 ? thresholdWithin(interval) : (low + high) / 2,
    accuracy: count / images,
  };
}
