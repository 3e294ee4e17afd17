import { checkNumber, DataError } from '@openset/core';
import type { GalleryRate } from '@openset/metrics';
import { type GalleryThreshold, galleryThresholdsProblem, logShare } from './gallery-thresholds.ts';

/** A threshold to choose for a gallery, and what it costs. */
export interface OperatingPointEstimate extends GalleryRate {
  /** Whether the gallery is larger than the largest one that the rate was estimated for. */
  readonly isExtrapolated: boolean;
}

/** A rate in a gallery of some size. */
type SizedRate = Pick<GalleryThreshold, 'people'> & GalleryRate;

/**
 * Returns the operating points that a model knows for a gallery: for each rate of false alarms, the threshold that keeps it and
 * the share of enrolled people that it misses.
 *
 * Threshold and missed share are straight lines over the logarithm of the size between two sizes at which the rate was estimated.
 * Below the smallest size they are those of that size, and beyond the largest the line through the two largest goes on and does not
 * fall, as in `gallerySearch`. There, a rate that was estimated for one size only is left out.
 * @param thresholds those of a model, ascending in `people`
 * @param people size of the gallery; 0 counts as 1
 * @returns from the highest rate to the lowest; empty if the model has no rates, as older ones
 * @throws DataError if the thresholds do not ascend or a rate is out of range; ConfigError for a size that is no whole number
 */
export function operatingPoints(
  thresholds: readonly GalleryThreshold[] | null | undefined,
  people: number,
): OperatingPointEstimate[] {
  checkNumber('operatingPoints: people', people, { minimum: 0, integer: true });
  if (!thresholds || thresholds.length === 0) return [];
  const problem = galleryThresholdsProblem(thresholds);
  if (problem !== null) throw new DataError(problem);
  const sized: SizedRate[] = thresholds.flatMap(({ people: size, rates = [] }) =>
    rates.map((rate) => ({ people: size, ...rate })),
  );
  const known = [...new Set(sized.map(({ falseAlarms }) => falseAlarms))].sort((a, b) => b - a);
  return known.flatMap((falseAlarms) => {
    const entries = sized.filter((entry) => entry.falseAlarms === falseAlarms);
    return pointAt(entries, Math.max(1, people)) ?? [];
  });
}

/** Returns the point of one rate; null if its only size is smaller than the gallery. */
function pointAt(entries: readonly SizedRate[], size: number): OperatingPointEstimate | null {
  const next = entries.findIndex(({ people }) => people >= size);
  const isExtrapolated = next === -1;
  const place = isExtrapolated ? entries.length - 1 : next;
  const [before, after] = [entries[place - 1] ?? entries[place]!, entries[place]!];
  if (isExtrapolated && before === after) return null;
  const share = before === after ? 1 : logShare(size, before, after);
  const line = (read: (entry: SizedRate) => number) => {
    const rise = read(after) - read(before);
    return Math.min(1, read(after) + (share - 1) * (isExtrapolated ? Math.max(0, rise) : rise));
  };
  return {
    falseAlarms: after.falseAlarms,
    threshold: line(({ threshold }) => threshold),
    missed: line(({ missed }) => missed),
    isExtrapolated,
  };
}
