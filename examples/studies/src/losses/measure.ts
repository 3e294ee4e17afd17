import { type LearnedThreshold, pairThreshold } from '@openset/core';
import { operatingPointInconsistency } from '@openset/metrics';
import { estimateThreshold } from '@openset/verify';
import type { FaceImages } from '../strangers/face-set.ts';
import { type JudgedThreshold, judgePairs } from '../strangers/measure.ts';
import { type FaceEmbeddings, pairPeople } from '../strangers/people-pairs.ts';

/** What a trained network does to people outside training. */
export interface Measurements {
  /** The threshold with the most right answers on the pairs, in hindsight. */
  readonly best: { readonly threshold: number; readonly accuracy: number };
  /** The threshold estimated on the people held out. */
  readonly calibrated: JudgedThreshold;
  /** The learned threshold; null for losses that learn none. */
  readonly learned: (JudgedThreshold & Pick<LearnedThreshold, 'between'>) | null;
  /** The learned threshold for equally many pairs of both kinds; null for losses that learn none. */
  readonly priorShift: JudgedThreshold | null;
  /** OPIS over the people of the pairs folder with two images or more. */
  readonly inconsistency: number;
  /** Number of these people. */
  readonly consistencyPeople: number;
}

/**
 * Measures a network on LFW's pairs, and the consistency of one threshold over their people.
 * @param network `embeddings` of all images; those of people who are neither held out nor in the pairs folder do not count
 * @throws MetricsError for embeddings that are not finite
 */
export function measureLoss(
  faces: FaceImages,
  {
    embeddings,
    learned,
    held,
  }: {
    readonly embeddings: FaceEmbeddings;
    readonly learned: LearnedThreshold | null;
    readonly held: readonly number[];
  },
): Measurements {
  const { best, at } = judgePairs(faces, embeddings);
  const heldPairs = pairPeople(embeddings, held);
  const estimated = estimateThreshold(heldPairs, { kind: 'pair', odds: 1 }, { samples: 0 })!;
  const shifted = pairThreshold(learned);
  const { values, size, labels } = embeddings;
  const first = faces.train.size;
  const { score, classes } = operatingPointInconsistency(
    values.subarray(first * size),
    labels.subarray(first),
    size,
  );
  return {
    best,
    calibrated: at(estimated.threshold),
    learned: learned && { ...at(learned.cosine), between: learned.between },
    priorShift: shifted === null ? null : at(shifted),
    inconsistency: score,
    consistencyPeople: classes.length,
  };
}
