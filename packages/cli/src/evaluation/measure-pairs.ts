import type { LearnedThreshold } from '@openset/core';
import {
  accuracyAt,
  areaUnderCurve,
  bestAccuracy,
  equalErrorRate,
  operatingPoint,
  rocCurve,
} from '@openset/metrics';
import { accuracyAcrossFolds, type FoldedPairs, foldsOf } from './folds.ts';
import { type Interval, intervalOf } from './resample.ts';

/** True accepts at a false accept rate. */
export interface RatePoint extends Interval {
  /** The rate asked for. */
  readonly far: number;
  /** Where it is met; null where nothing may be accepted. */
  readonly threshold: number | null;
}

/** The share of right answers at a threshold. */
export interface ThresholdPoint {
  readonly threshold: number;
  readonly accuracy: number;
}

/** What a learned threshold does. */
export interface LearnedPoint extends ThresholdPoint {
  /** Share of pairs of different people accepted, and of pairs of the same person. */
  readonly far: number;
  readonly tar: number;
}

/** What a model says about thresholds. */
export interface ModelThresholds {
  /** The one it decides with. */
  readonly threshold: number;
  /** What its loss learned. */
  readonly learnedThreshold?: LearnedThreshold | null;
}

/** What pairs say about a model. Shares have 95 % confidence intervals. */
export interface PairMeasurements {
  readonly same: number;
  readonly different: number;
  /** The model's own threshold. */
  readonly threshold: number;
  /** Share of right answers there. */
  readonly accuracy: Interval;
  /** Share of pairs of different people accepted there, and of pairs of the same person. */
  readonly far: number;
  readonly tar: number;
  /** The best threshold in hindsight: a bound. */
  readonly best: ThresholdPoint;
  /** At the threshold that the loss learned, whatever it separates; null if it learned none. */
  readonly learned: LearnedPoint | null;
  /** The threshold from the other folds, the accuracy on each; mean. */
  readonly acrossFolds: Interval & { readonly folds: number; readonly standardDeviation: number };
  readonly tarAtFar: readonly RatePoint[];
  readonly equalErrorRate: Interval;
  readonly areaUnderCurve: Interval;
}

const rates = [1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6];
/** How many rates are told: the lowest that the pairs can tell. */
const toldRates = 3;

/**
 * Measures cosines of pairs.
 * @param folds of the pairs; null where the set has none
 */
export function measurePairs(
  cosines: Float64Array,
  isSame: Uint8Array,
  { threshold, learnedThreshold = null }: ModelThresholds,
  folds: Int32Array | null,
): PairMeasurements {
  const pairs: FoldedPairs = { cosines, isSame, folds: foldsOf(isSame.length, folds) };
  const at = accuracyAt(cosines, isSame, threshold);
  const best = bestAccuracy(cosines, isSame);
  const { foldAccuracies, standardDeviation } = accuracyAcrossFolds(pairs);
  const same = at.trueAccepts + at.falseRejects;
  const different = isSame.length - same;
  const curve = rocCurve(cosines, isSame);
  const told = rates.filter((far) => far * different >= 1).slice(-toldRates);
  return {
    same,
    different,
    threshold,
    accuracy: intervalOf(pairs, (drawn) => accuracyAt(drawn.cosines, drawn.isSame, threshold).accuracy),
    far: at.far ?? 0,
    tar: at.tar ?? 0,
    best: { threshold: best.threshold, accuracy: best.accuracy },
    learned: learnedThreshold && learnedPoint(pairs, learnedThreshold),
    acrossFolds: {
      ...intervalOf(pairs, (drawn) => accuracyAcrossFolds(drawn).accuracy),
      folds: foldAccuracies.length,
      standardDeviation,
    },
    tarAtFar: told.map((far) => {
      const point = operatingPoint(curve, far);
      const tarOf = (drawn: FoldedPairs) => operatingPoint(rocCurve(drawn.cosines, drawn.isSame), far).tar;
      const found = Number.isFinite(point.threshold) ? point.threshold : null;
      return { far, threshold: found, ...intervalOf(pairs, tarOf) };
    }),
    equalErrorRate: intervalOf(pairs, (drawn) => equalErrorRate(drawn.cosines, drawn.isSame).rate),
    areaUnderCurve: intervalOf(pairs, (drawn) => areaUnderCurve(drawn.cosines, drawn.isSame)),
  };
}

function learnedPoint({ cosines, isSame }: FoldedPairs, { cosine }: LearnedThreshold): LearnedPoint {
  const { accuracy, tar, far } = accuracyAt(cosines, isSame, cosine);
  return { threshold: cosine, accuracy, tar: tar ?? 0, far: far ?? 0 };
}
