import { checkNotEmpty, checkSameLength, checkThreshold, checkWhole, labelAt, scoreAt } from './checks.ts';
import { sweepThresholds, type ThresholdInterval, thresholdWithin } from './threshold-interval.ts';

/** The accuracies of a classifier under one threshold for each sample, for each class, and for all. */
export interface UniformClassification {
  /** Share of samples whose positive score is above their largest negative: top-1 accuracy, ties counted wrong. */
  readonly sampleWiseAccuracy: number;
  /** Share of samples that are right when every class takes the best threshold for its own samples. */
  readonly classWiseAccuracy: number;
  /** Share of samples that are right under the one best threshold. Never above `classWiseAccuracy`. */
  readonly uniformAccuracy: number;
  /** The middle of `thresholdInterval`; the bound of a one-sided interval; 0 where every threshold is as good. */
  readonly threshold: number;
  /** All thresholds `low < t <= high` that attain `uniformAccuracy` (the widest interval where there are several). */
  readonly thresholdInterval: ThresholdInterval;
  /** `[numClasses]`: the same choice of threshold for each class; `null` for a class without samples. */
  readonly classThresholds: readonly (number | null)[];
}

/**
 * Sample-wise, class-wise and uniform accuracy, exactly, in `O(samples · numClasses + samples · log(samples))`.
 *
 * A sample is right at threshold `t` when its largest negative score `< t <=` its positive score (the score of its
 * own class). The interval is half-open at the bottom, as in UniTSFace (Li et al., NeurIPS 2023, arXiv 2311.02523,
 * eq. 1: accept iff `score >= t`); the convention `negative <= t < positive` gives the same accuracies and the same
 * two ends of the interval, except where one sample's positive equals another's negative.
 *
 * Definitions: "Rediscovering BCE Loss for Uniform Classification" (Li et al., arXiv 2403.07289). Class-wise, a
 * sample is compared with the threshold of the class it belongs to. To compare the threshold with the bias that a
 * unified-bias loss has learned, give scores without that bias.
 *
 * @param scores `[samples, numClasses]`, row-major; any scale; finite, or `-Infinity` for a masked class
 * @param labels `[samples]`: the class of each sample, in `[0, numClasses)`
 * @param numClasses at least 1; with one class there is no negative, and every sample is right at a low threshold
 * @throws MetricsError if there are no samples, the lengths do not fit, a label is out of range, or a score is NaN
 *   or `Infinity`
 */
export function uniformClassification(
  scores: ArrayLike<number>,
  labels: ArrayLike<number>,
  numClasses: number,
): UniformClassification {
  const { positives, largestNegatives } = positivesAndNegatives(
    'uniformClassification',
    scores,
    labels,
    numClasses,
  );
  const samples = labels.length;

  // Samples that can be right, ordered by class; where each class starts and ends in that order.
  const ends = new Uint32Array(numClasses + 1);
  const samplesOfClass = new Uint32Array(numClasses);
  for (let sample = 0; sample < samples; sample++) {
    const label = labels[sample]!;
    samplesOfClass[label]! += 1;
    if (positives[sample]! > largestNegatives[sample]!) ends[label + 1]! += 1;
  }
  for (let label = 0; label < numClasses; label++) ends[label + 1]! += ends[label]!;
  const right = ends[numClasses]!;
  const rises = new Float64Array(right);
  const falls = new Float64Array(right);
  const next = ends.slice(0, numClasses);
  for (let sample = 0; sample < samples; sample++) {
    if (!(positives[sample]! > largestNegatives[sample]!)) continue;
    const place = next[labels[sample]!]!++;
    rises[place] = largestNegatives[sample]!;
    falls[place] = positives[sample]!;
  }

  let rightClassWise = 0;
  const classThresholds: (number | null)[] = [];
  for (let label = 0; label < numClasses; label++) {
    // Views: sorting each class here leaves every sample in its class, and the whole is sorted after.
    const classRises = rises.subarray(ends[label], ends[label + 1]).sort();
    const classFalls = falls.subarray(ends[label], ends[label + 1]).sort();
    const best = sweepThresholds(classRises, classFalls, 0);
    rightClassWise += best.count;
    classThresholds.push(samplesOfClass[label] === 0 ? null : thresholdWithin(best.interval));
  }

  const best = sweepThresholds(rises.sort(), falls.sort(), 0);
  return {
    sampleWiseAccuracy: right / samples,
    classWiseAccuracy: rightClassWise / samples,
    uniformAccuracy: best.count / samples,
    threshold: thresholdWithin(best.interval),
    thresholdInterval: best.interval,
    classThresholds,
  };
}

/**
 * Uniform accuracy at a given threshold, such as one a loss has learned or one found on other data: the share of
 * samples with largest negative `< threshold <=` positive (arXiv 2403.07289).
 *
 * @param scores `[samples, numClasses]`, row-major
 * @param labels `[samples]`: the class of each sample, in `[0, numClasses)`
 * @param threshold on the scale of the scores; not NaN
 * @returns a share in `[0, 1]`
 * @throws MetricsError as `uniformClassification`, or if the threshold is NaN
 */
export function uniformAccuracyAt(
  scores: ArrayLike<number>,
  labels: ArrayLike<number>,
  numClasses: number,
  threshold: number,
): number {
  checkThreshold('uniformAccuracyAt: threshold', threshold);
  const { positives, largestNegatives } = positivesAndNegatives(
    'uniformAccuracyAt',
    scores,
    labels,
    numClasses,
  );
  let right = 0;
  for (let sample = 0; sample < positives.length; sample++) {
    if (largestNegatives[sample]! < threshold && threshold <= positives[sample]!) right += 1;
  }
  return right / positives.length;
}

/** The score of each sample's own class, and the largest of its other scores (`-Infinity` if there is none). */
function positivesAndNegatives(
  caller: string,
  scores: ArrayLike<number>,
  labels: ArrayLike<number>,
  numClasses: number,
): { positives: Float64Array; largestNegatives: Float64Array } {
  checkWhole(`${caller}: numClasses`, numClasses, 1);
  checkNotEmpty(`${caller}: labels`, labels);
  checkNotEmpty(`${caller}: scores`, scores);
  const samples = labels.length;
  const shape = `[${samples} labels, ${numClasses} classes]`;
  checkSameLength(`${caller}: scores`, scores.length, shape, samples * numClasses);
  const scoresName = `${caller}: scores`;
  const labelsName = `${caller}: labels`;
  const positives = new Float64Array(samples);
  const largestNegatives = new Float64Array(samples).fill(Number.NEGATIVE_INFINITY);
  for (let sample = 0; sample < samples; sample++) {
    const label = labelAt(labelsName, labels, sample, numClasses);
    const row = sample * numClasses;
    let largest = Number.NEGATIVE_INFINITY;
    for (let column = 0; column < numClasses; column++) {
      const score = scoreAt(scoresName, scores, row + column);
      if (column === label) positives[sample] = score;
      else if (score > largest) largest = score;
    }
    largestNegatives[sample] = largest;
  }
  return { positives, largestNegatives };
}
