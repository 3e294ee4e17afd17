import { DataError, type LearnedThreshold, pairThreshold, type ThresholdQuestion } from '@openset/core';
import { usableCalibration } from './calibration.ts';
import { type GallerySearch, gallerySearch } from './gallery-thresholds.ts';
import type { ModelDescription, ThresholdSource } from './model-file.ts';
import { thresholdOnCurve } from './threshold-estimate.ts';
import { impliedQuestion } from './threshold-question.ts';

/** Origin of a threshold that decides: the model's, or given by the user. */
export type DecidingSource = ThresholdSource | 'given';

/** A threshold that overrides the model's: a cosine, or the threshold learned in training. */
export type GivenThreshold = number | 'learned';

/** The threshold that decides, and its origin. */
export interface DecidingThreshold {
  /** Accept iff the cosine of two embeddings is at least this. */
  readonly threshold: number;
  /** Origin of the threshold. */
  readonly source: DecidingSource;
  /** Question that it answers; null if it was given or is unknown. */
  readonly question: ThresholdQuestion | null;
}

/** The threshold that decides in a gallery. */
export interface DecidingSearch extends DecidingThreshold {
  /** What the model knows about searches in galleries of this size; null if it does not decide. */
  readonly search: GallerySearch | null;
}

/** Returns the threshold learned in training if it separates two embeddings, otherwise null. */
export function betweenEmbeddings(learned: LearnedThreshold | null | undefined): LearnedThreshold | null {
  return learned?.between === 'embeddings' ? learned : null;
}

/** Whether two embeddings can be on either side of a threshold. */
function isCosine(threshold: number | null): threshold is number {
  return threshold !== null && Math.abs(threshold) < 1;
}

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
  /** Metadata of the model. */
  readonly description: ModelDescription;
  /** Origin of the threshold that decides. */
  readonly source: DecidingSource;
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
