import {
  checkNotEmpty,
  checkSameLength,
  checkThreshold,
  checkWhole,
  readLabel,
  readScore,
} from './checks.ts';
import { sweepThresholds, type ThresholdInterval, thresholdWithin } from './threshold-interval.ts';

/** Accuracies of a classifier with one threshold for each sample, for each class, and for all samples. */
export interface UniformClassification {
  /** Share of samples whose positive score exceeds their largest negative: top-1 accuracy, where ties are wrong. */
  readonly sampleWiseAccuracy: number;
  /** Share of samples that are correct if each class has the best threshold for its own samples. */
  readonly classWiseAccuracy: number;
  /** Share of samples that are correct at the best single threshold. Never above `classWiseAccuracy`. */
  readonly uniformAccuracy: number;
  /** Middle of `thresholdInterval`; its bound if it is unbounded on one side, 0 if on both. */
  readonly threshold: number;
  /** All `low < t <= high` that attain `uniformAccuracy`; the widest bounded interval if there are several. */
  readonly thresholdInterval: ThresholdInterval;
  /** `[numClasses]`: best threshold of each class, chosen likewise; `null` for a class without samples. */
  readonly classThresholds: readonly (number | null)[];
}

/**
 * Returns sample-wise, class-wise and uniform accuracy. Exact, in `O(samples · numClasses + samples · log(samples))`.
 *
 * A sample is correct at threshold `t` if its largest negative score `< t <=` its positive score, the score of its own
 * class. The interval is open at the bottom, as in UniTSFace (Li et al., NeurIPS 2023, arXiv 2311.02523, eq. 1: accept
 * iff `score >= t`). The convention `negative <= t < positive` gives the same accuracies and the same two ends of the
 * interval, unless one sample's positive equals another's negative.
 *
 * Definitions: "Rediscovering BCE Loss for Uniform Classification" (Li et al., arXiv 2403.07289). Class-wise accuracy
 * compares a sample with the threshold of its own class. To compare the threshold with a unified bias learned in training,
 * pass scores without that bias.
 *
 * @param scores `[samples, numClasses]`, row-major; any scale; finite, or `-Infinity` for a masked class
 * @param labels `[samples]`: the class of each sample, in `[0, numClasses)`
 * @param numClasses at least 1. With one class there are no negatives, and a low threshold makes every sample correct
 * @throws MetricsError if there are no samples, the lengths do not match, a label is out of range, or a score is NaN or
 *   `Infinity`
 */
export function uniformClassification(
  scores: ArrayLike<number>,
  labels: ArrayLike<number>,
  numClasses: number,
): UniformClassification {
  const { positives, largestNegatives } = splitScores('uniformClassification', scores, labels, numClasses);
  const samples = labels.length;

  // Start and end of each class in an order by class. Only samples that can be correct take part.
  const ends = new Uint32Array(numClasses + 1);
  const samplesOfClass = new Uint32Array(numClasses);
  for (let sample = 0; sample < samples; sample++) {
    const label = labels[sample]!;
    samplesOfClass[label]! += 1;
    if (positives[sample]! > largestNegatives[sample]!) ends[label + 1]! += 1;
  }
  for (let label = 0; label < numClasses; label++) ends[label + 1]! += ends[label]!;
  const correct = ends[numClasses]!;
  const rises = new Float64Array(correct);
  const falls = new Float64Array(correct);
  const next = ends.slice(0, numClasses);
  for (let sample = 0; sample < samples; sample++) {
    if (!(positives[sample]! > largestNegatives[sample]!)) continue;
    const index = next[labels[sample]!]!++;
    rises[index] = largestNegatives[sample]!;
    falls[index] = positives[sample]!;
  }

  let correctClassWise = 0;
  const classThresholds: (number | null)[] = [];
  for (let label = 0; label < numClasses; label++) {
    // Sorts views in place: samples stay within their class. The whole is sorted afterwards.
    const classRises = rises.subarray(ends[label], ends[label + 1]).sort();
    const classFalls = falls.subarray(ends[label], ends[label + 1]).sort();
    const best = sweepThresholds(classRises, classFalls, 0);
    correctClassWise += best.count;
    classThresholds.push(samplesOfClass[label] === 0 ? null : thresholdWithin(best.interval));
  }

  const best = sweepThresholds(rises.sort(), falls.sort(), 0);
  return {
    sampleWiseAccuracy: correct / samples,
    classWiseAccuracy: correctClassWise / samples,
    uniformAccuracy: best.count / samples,
    threshold: thresholdWithin(best.interval),
    thresholdInterval: best.interval,
    classThresholds,
  };
}

/**
 * Returns the uniform accuracy at a threshold, such as one learned in training or found on other data: the share of samples
 * with largest negative `< threshold <=` positive (arXiv 2403.07289).
 *
 * @param scores `[samples, numClasses]`, row-major
 * @param labels `[samples]`: the class of each sample, in `[0, numClasses)`
 * @param threshold on the scale of the scores; not NaN
 * @returns a share in `[0, 1]`
 * @throws MetricsError like `uniformClassification`, or if the threshold is NaN
 */
export function uniformAccuracyAt(
  scores: ArrayLike<number>,
  labels: ArrayLike<number>,
  numClasses: number,
  threshold: number,
): number {
  checkThreshold('uniformAccuracyAt: threshold', threshold);
  const { positives, largestNegatives } = splitScores('uniformAccuracyAt', scores, labels, numClasses);
  let correct = 0;
  for (let sample = 0; sample < positives.length; sample++) {
    if (largestNegatives[sample]! < threshold && threshold <= positives[sample]!) correct += 1;
  }
  return correct / positives.length;
}

/** Returns the score of each sample's own class, and the largest of its other scores (`-Infinity` if there are none). */
function splitScores(
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
    const label = readLabel(labelsName, labels, sample, numClasses);
    const row = sample * numClasses;
    let largest = Number.NEGATIVE_INFINITY;
    for (let column = 0; column < numClasses; column++) {
      const score = readScore(scoresName, scores, row + column);
      if (column === label) positives[sample] = score;
      else if (score > largest) largest = score;
    }
    largestNegatives[sample] = largest;
  }
  return { positives, largestNegatives };
}
