import { type LearnedThreshold, pairThreshold } from '@openset/core';
import {
  accuracyAt,
  areaUnderCurve,
  bestAccuracy,
  equalErrorRate,
  operatingPoint,
  rocCurve,
} from '@openset/metrics';
import { accuracyAcrossFolds, assignFolds, type FoldedPairs } from './folds.ts';
import { estimateWithInterval, type Interval } from './interval.ts';

/** Share of true accepts at a false accept rate. */
export interface RatePoint extends Interval {
  /** False accept rate. */
  readonly far: number;
  /** Threshold that reaches the rate; null if only a threshold above all cosines does. */
  readonly threshold: number | null;
}

/** Accuracy at a threshold. */
export interface ThresholdPoint {
  readonly threshold: number;
  readonly accuracy: number;
}

/** Accuracy and rates at a threshold that comes from training. */
export interface LearnedPoint extends ThresholdPoint {
  /** Share of accepted pairs of different people. */
  readonly far: number;
  /** Share of accepted pairs of the same person. */
  readonly tar: number;
}

/** Thresholds of a model. */
export interface ModelThresholds {
  /** Threshold that decides. */
  readonly threshold: number;
  /** Threshold learned in training. */
  readonly learnedThreshold?: LearnedThreshold | null;
}

/** Measurements of a model on pairs. Intervals are 95 % confidence intervals. */
export interface PairMeasurements {
  readonly same: number;
  readonly different: number;
  /** Threshold that decides. */
  readonly threshold: number;
  /** Accuracy at `threshold`. */
  readonly accuracy: Interval;
  /** Share of pairs of different people accepted at `threshold`. */
  readonly far: number;
  /** Share of pairs of the same person accepted at `threshold`. */
  readonly tar: number;
  /** Best accuracy in hindsight: an upper bound. */
  readonly best: ThresholdPoint;
  /** Measurements at the learned threshold, whether or not it separates two embeddings; null if none was learned. */
  readonly learned: LearnedPoint | null;
  /**
   * Measurements at the threshold that the learned one implies for pairs of which half are the same person, `pairThreshold` of
   * core: a check of `threshold`. Null without a closed form.
   */
  readonly closedForm: LearnedPoint | null;
  /** Mean accuracy on each fold at the best threshold of the other folds. */
  readonly acrossFolds: Interval & { readonly folds: number; readonly standardDeviation: number };
  readonly tarAtFar: readonly RatePoint[];
  readonly equalErrorRate: Interval;
  readonly areaUnderCurve: Interval;
}

const rates = [1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6];
/** Number of rates in the result: the lowest that the pairs can measure. */
const reportedRates = 3;

/**
 * Measures a model on pairs.
 * @param folds of the pairs; null if the set has none
 */
export function measurePairs(
  cosines: Float64Array,
  isSame: Uint8Array,
  { threshold, learnedThreshold = null }: ModelThresholds,
  folds: Int32Array | null,
): PairMeasurements {
  const pairs: FoldedPairs = { cosines, isSame, folds: assignFolds(isSame.length, folds) };
  const at = accuracyAt(cosines, isSame, threshold);
  const best = bestAccuracy(cosines, isSame);
  const { foldAccuracies, standardDeviation } = accuracyAcrossFolds(pairs);
  const same = at.trueAccepts + at.falseRejects;
  const different = isSame.length - same;
  const curve = rocCurve(cosines, isSame);
  const closedForm = pairThreshold(learnedThreshold);
  const measurableRates = rates.filter((far) => far * different >= 1).slice(-reportedRates);
  return {
    same,
    different,
    threshold,
    accuracy: estimateWithInterval(
      pairs,
      (drawn) => accuracyAt(drawn.cosines, drawn.isSame, threshold).accuracy,
    ),
    far: at.far ?? 0,
    tar: at.tar ?? 0,
    best: { threshold: best.threshold, accuracy: best.accuracy },
    learned: learnedThreshold && pointAt(pairs, learnedThreshold.cosine),
    closedForm: closedForm === null ? null : pointAt(pairs, closedForm),
    acrossFolds: {
      ...estimateWithInterval(pairs, (drawn) => accuracyAcrossFolds(drawn).accuracy),
      folds: foldAccuracies.length,
      standardDeviation,
    },
    tarAtFar: measurableRates.map((far) => {
      const point = operatingPoint(curve, far);
      const tarOf = (drawn: FoldedPairs) => operatingPoint(rocCurve(drawn.cosines, drawn.isSame), far).tar;
      const reached = Number.isFinite(point.threshold) ? point.threshold : null;
      return { far, threshold: reached, ...estimateWithInterval(pairs, tarOf) };
    }),
    equalErrorRate: estimateWithInterval(pairs, (drawn) => equalErrorRate(drawn.cosines, drawn.isSame).rate),
    areaUnderCurve: estimateWithInterval(pairs, (drawn) => areaUnderCurve(drawn.cosines, drawn.isSame)),
  };
}

function pointAt({ cosines, isSame }: FoldedPairs, threshold: number): LearnedPoint {
  const { accuracy, tar, far } = accuracyAt(cosines, isSame, threshold);
  return { threshold, accuracy, tar: tar ?? 0, far: far ?? 0 };
}
