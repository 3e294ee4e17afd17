import type { ThresholdQuestion } from '@openset/core';
import { selectSearchThreshold } from '@openset/gallery';
import {
  type DecidingSearch,
  type DecidingThreshold,
  describeQuestion,
  selectGalleryThreshold,
} from '@openset/verify';
import type { Service } from './service.ts';

/** A threshold as answers show it. */
export interface ShownThreshold {
  threshold: number;
  source: string;
  question: ThresholdQuestion | null;
  questionText: string | null;
}

/** The threshold of a search as answers show it. */
export interface ShownSearchThreshold extends ShownThreshold {
  falseAlarms: number | null;
  falseAlarmsBound: number | null;
  isExtrapolated: boolean;
}

function shown({
  threshold,
  source,
  question,
}: Omit<DecidingThreshold, 'source'> & { source: string }): ShownThreshold {
  return { threshold, source, question, questionText: question && describeQuestion(question) };
}

/** Returns the threshold for two images: that of the request, otherwise that of the model. */
export function pairThresholdFor(
  { recognizer }: Pick<Service, 'recognizer'>,
  requested?: number,
): ShownThreshold {
  const { description, source } = recognizer.model;
  if (requested !== undefined) return shown({ threshold: requested, source: 'request', question: null });
  return shown({ threshold: description.threshold, source, question: description.question ?? null });
}

/**
 * Returns the threshold for a search: that of the request, otherwise the one chosen for the gallery, otherwise that of the model for
 * galleries of this size.
 * @param people size of the gallery
 */
export function searchThresholdFor(
  { recognizer, gallery }: Pick<Service, 'recognizer' | 'gallery'>,
  people: number,
  requested?: number,
): ShownSearchThreshold {
  const unknown = { falseAlarms: null, falseAlarmsBound: null, isExtrapolated: false };
  if (requested !== undefined)
    return { ...shown({ threshold: requested, source: 'request', question: null }), ...unknown };
  const { search, source, ...deciding } = selectSearchThreshold(recognizer.model, gallery.facts, people);
  if (source !== 'gallery') return shownSearch({ ...deciding, source, search });
  const { question } = deciding;
  const falseAlarms = question?.kind === 'gallery' ? (question.rate ?? null) : null;
  return { ...shown({ ...deciding, source: 'operating-point' }), ...unknown, falseAlarms };
}

/** Returns the threshold of the model for galleries of a size. */
export function modelSearchThreshold(
  { recognizer }: Pick<Service, 'recognizer'>,
  people: number,
): ShownSearchThreshold {
  return shownSearch(selectGalleryThreshold(recognizer.model, people));
}

function shownSearch({ search, ...deciding }: DecidingSearch): ShownSearchThreshold {
  return {
    ...shown(deciding),
    falseAlarms: search?.falseAlarms ?? null,
    falseAlarmsBound: search?.falseAlarmsBound ?? null,
    isExtrapolated: search?.isExtrapolated ?? false,
  };
}
