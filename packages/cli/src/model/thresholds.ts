import { type LearnedThreshold, type OpenSetLoss, pairThreshold, readThreshold } from '@openset/core';
import {
  betweenEmbeddings,
  estimateThreshold,
  learnedQuestion,
  type ModelDescription,
  type ScoredPairs,
  type ThresholdEstimate,
  type ThresholdQuestion,
} from '@openset/verify';
import { trustedPeople } from '../config/held-out-people.ts';

/** What a person reads if the pairs give no calibration. */
export const noCalibrationNotice =
  'On these pairs, a higher cosine does not mean the same person: the model is no better than chance, or there are too few ' +
  'pairs. So the threshold is of little use, and no probabilities are stored. Train longer, or check the labels of the pairs.';

/** Returns the threshold between two embeddings that a loss has learned so far; null if it has none. */
export async function readPairThreshold(loss: OpenSetLoss): Promise<LearnedThreshold | null> {
  return betweenEmbeddings(await readThreshold(loss));
}

/** The part of a model's description that decides. */
export type ThresholdChoice = Pick<
  ModelDescription,
  | 'threshold'
  | 'thresholdSource'
  | 'thresholdInterval'
  | 'thresholdPeople'
  | 'question'
  | 'learnedThreshold'
  | 'calibration'
>;

/** The question of a trained model's threshold. */
const evenOdds: ThresholdQuestion = { kind: 'pair', odds: 1 };

/**
 * Chooses the threshold of a trained model for pairs of which half are the same person.
 *
 * 1. Pairs of 20 people or more outside training: where their balanced logistic curve crosses one half, with its interval.
 * 2. Fewer people: the closed form of the learned bias (`pairThreshold`), unless it is outside the interval of their curve; then,
 *    or without a learned bias, their curve.
 * 3. No pairs: the closed form, or the learned threshold itself if it has none.
 *
 * The pairs also give the calibration of probabilities, or none if a higher cosine does not mean the same person.
 * @param pairs of people outside training; null if there are none
 * @param origin of the pairs: people held out, or a file
 * @returns null if there are no pairs, and no threshold between two embeddings was learned
 */
export function chooseThreshold(
  learned: LearnedThreshold | null,
  pairs: ScoredPairs | null,
  origin: 'held-out' | 'calibrated' = 'held-out',
): ThresholdChoice | null {
  const estimate = pairs && estimateThreshold(pairs, evenOdds);
  const common = {
    question: evenOdds,
    learnedThreshold: learned,
    calibration: estimate?.calibration ?? null,
  };
  const ofCurve = estimate && {
    ...common,
    threshold: estimate.threshold,
    thresholdSource: origin,
    thresholdInterval: estimate.interval,
    thresholdPeople: estimate.people,
  };
  const between = betweenEmbeddings(learned);
  const closed = pairThreshold(between);
  if (ofCurve && !(isCosine(closed) && isPreferred(closed, estimate))) return ofCurve;
  if (isCosine(closed)) return { ...common, threshold: closed, thresholdSource: 'closed-form' };
  if (!between || !isCosine(between.cosine)) return null;
  const question = learnedQuestion(between);
  return { ...common, question, threshold: between.cosine, thresholdSource: 'learned' };
}

/** Whether the closed form decides rather than the curve of the pairs: they show too few people, and do not contradict it. */
function isPreferred(closed: number, { people, same, different, interval }: ThresholdEstimate): boolean {
  // If the people are unknown, there are at least as many as pairs of the rarer kind, unless pairs share people.
  if ((people ?? Math.min(same, different)) >= trustedPeople) return false;
  return !interval || (closed >= interval.low && closed <= interval.high);
}

/** Whether two embeddings can be on either side of a threshold. */
function isCosine(threshold: number | null): threshold is number {
  return threshold !== null && Math.abs(threshold) < 1;
}
