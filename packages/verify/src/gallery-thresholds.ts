import { checkNumber, DataError } from '@openset/core';

/** The threshold for a search among so many people. */
export interface GalleryThreshold {
  /** Number of people in the gallery, at least 1. */
  readonly people: number;
  /** Accept the best match iff its cosine is at least this. */
  readonly threshold: number;
}

/**
 * Returns the threshold for a gallery of a size: a straight line over the logarithm of the size between two entries, because the
 * highest of G impostor cosines rises about so, and the nearest entry outside them.
 * @param thresholds ascending in `people`, at least one
 * @param people size of the gallery, at least 1; 0 counts as 1
 * @throws DataError if there are no entries or they do not ascend; ConfigError for a size that is no whole number
 */
export function thresholdForGallery(thresholds: readonly GalleryThreshold[], people: number): number {
  checkNumber('thresholdForGallery: people', people, { minimum: 0, integer: true });
  const problem = galleryThresholdsProblem(thresholds);
  if (problem !== null) throw new DataError(problem);
  const next = thresholds.findIndex((entry) => entry.people >= people);
  if (next === -1) return thresholds.at(-1)!.threshold;
  const after = thresholds[next]!;
  const before = thresholds[next - 1];
  if (!before) return after.threshold;
  const share = Math.log(people / before.people) / Math.log(after.people / before.people);
  return before.threshold + share * (after.threshold - before.threshold);
}

/** Returns what is wrong with a value that should be thresholds for galleries; null if nothing is. */
export function galleryThresholdsProblem(value: unknown): string | null {
  if (!Array.isArray(value) || value.length === 0)
    return 'Thresholds for galleries must be a list that is not empty.';
  let last = 0;
  for (const entry of value as Partial<GalleryThreshold>[]) {
    const { people, threshold } = entry ?? {};
    if (!Number.isInteger(people) || people! <= last) {
      return `Thresholds for galleries need whole numbers of people that ascend from 1, but have ${String(people)} after ${last}.`;
    }
    if (!(typeof threshold === 'number' && Math.abs(threshold) <= 1)) {
      return `The threshold for a gallery of ${people} people must be from -1 to 1, but is ${String(threshold)}.`;
    }
    last = people!;
  }
  return null;
}
