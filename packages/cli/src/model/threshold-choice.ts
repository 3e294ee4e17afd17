import type { LearnedThreshold } from '@openset/core';
import { bestAccuracy, compareThreshold, plattCalibration } from '@openset/metrics';
import type { ModelDescription } from '@openset/verify';

/** The part of a model's description that decides. */
export type ThresholdChoice = Pick<
  ModelDescription,
  'threshold' | 'thresholdSource' | 'learnedThreshold' | 'calibration'
>;

/** Cosines of pairs, and whether each is of the same person. */
export interface ScoredPairs {
  readonly cosines: ArrayLike<number>;
  readonly isSame: ArrayLike<boolean | number>;
}

/**
 * So much accuracy may be lost at a learned threshold, against the best one for as many pairs of the same person as of
 * different ones. USS learns with one positive against all other people at once, and so a strict threshold. Where a network
 * keeps people well apart, that costs nothing; where it does not yet, most images of the same person would be refused.
 */
export const mostAccuracyLost = 0.05;

/**
 * Chooses the threshold of a trained model: the one the loss learned, if it separates embeddings from embeddings and does
 * so about as well as the best, otherwise the one with the most right answers on pairs of people that were held out.
 * Probabilities come from those pairs.
 * @returns null if there is neither
 */
export function chooseThreshold(
  learned: LearnedThreshold | null,
  pairs: ScoredPairs | null,
): ThresholdChoice | null {
  const calibration = pairs && plattCalibration(pairs.cosines, pairs.isSame);
  const common = {
    learnedThreshold: learned,
    calibration: calibration && { slope: calibration.slope, offset: calibration.offset },
  };
  if (learned && isUsable(learned, pairs)) {
    return { ...common, threshold: learned.cosine, thresholdSource: 'learned' };
  }
  if (!pairs) return null;
  const { threshold } = bestAccuracy(pairs.cosines, pairs.isSame);
  return { ...common, threshold: Math.min(1, Math.max(-1, threshold)), thresholdSource: 'calibrated' };
}

/** A threshold between embedding and class is not one between embeddings; above 1, nothing would be the same. */
function isUsable({ cosine, between }: LearnedThreshold, pairs: ScoredPairs | null): boolean {
  if (between !== 'embeddings' || cosine > 1) return false;
  return !pairs || compareThreshold(pairs.cosines, pairs.isSame, cosine).accuracyLost <= mostAccuracyLost;
}
