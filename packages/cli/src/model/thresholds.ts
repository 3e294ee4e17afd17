import {
  DataError,
  type LearnedThreshold,
  type OpenSetLoss,
  pairThreshold,
  readThreshold,
} from '@openset/core';
import {
  estimateThreshold,
  type GallerySearch,
  gallerySearch,
  impliedQuestion,
  learnedQuestion,
  type ModelDescription,
  type ScoredPairs,
  type ThresholdEstimate,
  type ThresholdQuestion,
  thresholdOnCurve,
  usableCalibration,
} from '@openset/verify';
import { trustedPeople } from '../config/held-out-people.ts';

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

/** The threshold that decides in a gallery. */
export interface DecidingSearch extends DecidingThreshold {
  /** What the model knows about searches in galleries of this size; null if it does not decide. */
  readonly search: GallerySearch | null;
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
 * Returns the threshold that decides whether an image shows somebody in a gallery:
 *
 * - the model's own if the user gave it, or if it answers a question about galleries or false accepts;
 * - that of searches in galleries of this size among people outside training;
 * - without those, the threshold for pairs with odds of 1 : G, on the curve, or by the closed form if that decides for pairs or there is
 *   no curve;
 * - without any, the learned one, which compares an image with many people.
 *
 * @param size G: number of people in the gallery; an empty one counts as one person
 */
export function selectGalleryThreshold(
  { description, source }: DescribedModel,
  size: number,
): DecidingSearch {
  const { threshold, question = null, falseAcceptRate = null, galleryThresholds, calibration } = description;
  const isChosen = source === 'given' || falseAcceptRate !== null;
  const own = { threshold, source, question, search: null };
  if (isChosen || (question && question.kind !== 'pair')) return own;
  const learned = betweenEmbeddings(description.learnedThreshold);
  const ofLearned =
    learned && isCosine(learned.cosine)
      ? {
          threshold: learned.cosine,
          source: 'learned' as const,
          question: questionOfLearned(description),
          search: null,
        }
      : own;
  if (source === 'learned') return ofLearned;
  const gallery: ThresholdQuestion = { kind: 'gallery', size: Math.max(1, size) };
  if (galleryThresholds && galleryThresholds.length > 0) {
    const search = gallerySearch(galleryThresholds, gallery.size);
    return { threshold: search.threshold, source, question: gallery, search };
  }
  const closed = pairThreshold(learned, { odds: 1 / gallery.size });
  const curve = calibration && usableCalibration(calibration);
  if (isCosine(closed) && (source === 'closed-form' || !curve)) {
    return { threshold: closed, source: 'closed-form', question: gallery, search: null };
  }
  if (curve) return { threshold: thresholdOnCurve(curve, gallery), source, question: gallery, search: null };
  return ofLearned;
}
