import { DataError, type LearnedThreshold, type OpenSetLoss, readThreshold } from '@openset/core';
import { compareThreshold } from '@openset/metrics';
import {
  calibrateProbabilities,
  impliedQuestion,
  learnedQuestion,
  type ModelDescription,
  mostAccurateThreshold,
  type ScoredPairs,
  type ThresholdQuestion,
  thresholdForGallery,
} from '@openset/verify';

/** Origin of a threshold that decides: the model's, or given by the user. */
export type ThresholdSource = ModelDescription['thresholdSource'] | 'given';

/** A threshold that overrides the model's: a cosine, or the threshold learned in training. */
export type GivenThreshold = number | 'learned';

/** The threshold that decides, and its origin. */
export interface DecidingThreshold {
  readonly threshold: number;
  readonly source: ThresholdSource;
  /** Question that it answers; null if it was given or is unknown. */
  readonly question: ThresholdQuestion | null;
}

/** What a person reads if the pairs give no calibration. */
export const noCalibrationNotice =
  'On these pairs, a higher cosine does not mean the same person: the model is no better than chance, or there are too few ' +
  'pairs. So the threshold is of little use, and no probabilities are stored. Train longer, or check the labels of the pairs.';

// Training: reading and choosing a threshold.

/** Returns the threshold learned in training if it separates two embeddings, otherwise null. */
export function betweenEmbeddings(learned: LearnedThreshold | null | undefined): LearnedThreshold | null {
  return learned?.between === 'embeddings' ? learned : null;
}

/** Returns the threshold between two embeddings that a loss has learned so far; null if it has none. */
export async function readPairThreshold(loss: OpenSetLoss): Promise<LearnedThreshold | null> {
  return betweenEmbeddings(await readThreshold(loss));
}

/** The part of a model's description that decides. */
export type ThresholdChoice = Pick<
  ModelDescription,
  'threshold' | 'thresholdSource' | 'question' | 'learnedThreshold' | 'calibration'
>;

/**
 * Accuracy that a learned threshold may lose against the best one, on as many pairs of the same person as of different
 * people. USS learns from one positive against all other people, so its threshold is strict. A network that separates people
 * well loses nothing by it; one that does not yet would reject most images of the same person.
 */
export const maximumAccuracyLoss = 0.05;

/**
 * Chooses the threshold of a trained model. The learned threshold decides if it separates two embeddings and loses at most
 * `maximumAccuracyLoss` on the pairs; otherwise the threshold with the best accuracy on the pairs does. The pairs also
 * give the calibration of probabilities, or none if a higher cosine does not mean the same person.
 * @returns null if no threshold was learned and there are no pairs
 */
export function chooseThreshold(
  learned: LearnedThreshold | null,
  pairs: ScoredPairs | null,
): ThresholdChoice | null {
  const common = { learnedThreshold: learned, calibration: pairs && calibrateProbabilities(pairs) };
  if (learned && isUsable(learned, pairs)) {
    const question = learnedQuestion(learned);
    return { ...common, threshold: learned.cosine, thresholdSource: 'learned', question };
  }
  if (!pairs) return null;
  const question = { kind: 'pair', odds: 1 } as const;
  return { ...common, threshold: mostAccurateThreshold(pairs), thresholdSource: 'calibrated', question };
}

/** A threshold between embedding and class does not separate two embeddings; above 1, no pair is the same person. */
function isUsable(learned: LearnedThreshold, pairs: ScoredPairs | null): boolean {
  if (!betweenEmbeddings(learned) || learned.cosine > 1) return false;
  if (!pairs) return true;
  return compareThreshold(pairs.cosines, pairs.isSame, learned.cosine).accuracyLost <= maximumAccuracyLoss;
}

// Use: the threshold that decides.

/**
 * Returns the threshold that decides whether two images show one person: the given one, otherwise the model's.
 * @throws DataError if `given` is `'learned'` and the loss learned no threshold between two embeddings
 */
export function selectPairThreshold(model: ModelDescription, given?: GivenThreshold): DecidingThreshold {
  const { threshold, thresholdSource, question = null } = model;
  if (given === undefined) return { threshold, source: thresholdSource, question };
  if (given !== 'learned') return { threshold: given, source: 'given', question: null };
  const learned = betweenEmbeddings(model.learnedThreshold);
  if (learned) return { threshold: learned.cosine, source: 'learned', question: questionOfLearned(model) };
  throw new DataError('its loss has learned no threshold between two embeddings.');
}

/** Returns the question of the threshold that a model learned in training. */
function questionOfLearned(model: ModelDescription): ThresholdQuestion | null {
  return impliedQuestion({ ...model, thresholdSource: 'learned', falseAcceptRate: null });
}

/** A model's description with threshold and question from `selectPairThreshold`, and that threshold's origin. */
export interface DescribedModel {
  readonly description: ModelDescription;
  readonly source: ThresholdSource;
}

/**
 * Returns the threshold that decides whether an image shows somebody in a gallery: the model's for galleries of this size. A model
 * without such thresholds uses the learned one, because training compares one image of the same person with one of everybody
 * else. The pair threshold decides instead if the user gave it, if it was calibrated to a false accept rate, or if no cosine
 * threshold between embeddings was learned.
 * @param people number of people in the gallery
 */
export function selectGalleryThreshold(
  { description, source }: DescribedModel,
  people: number,
): DecidingThreshold {
  const { threshold, question = null, learnedThreshold, falseAcceptRate = null } = description;
  const { galleryThresholds, thresholdSource } = description;
  const pair = { threshold, source, question };
  if (source === 'given' || falseAcceptRate !== null) return pair;
  if (galleryThresholds && source === thresholdSource) {
    const size = Math.max(1, people);
    return {
      threshold: thresholdForGallery(galleryThresholds, size),
      source,
      question: { kind: 'gallery', size },
    };
  }
  const learned = betweenEmbeddings(learnedThreshold);
  if (!learned || Math.abs(learned.cosine) > 1) return pair;
  return { threshold: learned.cosine, source: 'learned', question: questionOfLearned(description) };
}
