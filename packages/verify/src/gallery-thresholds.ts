import { checkNumber, DataError } from '@openset/core';
import type { GalleryRate } from '@openset/metrics';
import type { Calibration } from './calibration.ts';
import { galleryRatesProblem } from './gallery-rates.ts';

/** The threshold for a search among so many people. */
export interface GalleryThreshold {
  /** Number of people in the gallery, at least 1. */
  readonly people: number;
  /** Accept the best match iff its cosine is at least this. */
  readonly threshold: number;
  /** Expected share of strangers accepted as somebody; null or missing if unknown. */
  readonly falseAlarms?: number | null;
  /** Upper end of the 95 % confidence interval of that share, over people; null or missing if unknown. */
  readonly falseAlarmsBound?: number | null;
  /**
   * Curve from the cosine of the best match to the probability that it is the right person, if half of the probes are in the
   * gallery; null or missing if unknown.
   */
  readonly calibration?: Calibration | null;
  /** Thresholds that keep other rates of false alarms, from the highest rate; missing in older models. See `operatingPoints`. */
  readonly rates?: readonly GalleryRate[];
}

/** What is known about searches in a gallery of some size. */
export interface GallerySearch extends Required<Omit<GalleryThreshold, 'rates'>> {
  /** Whether the gallery is larger than the largest size that was estimated. */
  readonly isExtrapolated: boolean;
}

/**
 * Returns the threshold for a gallery of a size, and what else is known about such searches.
 *
 * The threshold is a straight line over the logarithm of the size between two entries, and below the smallest entry it is
 * that entry's. Beyond the largest entry, the line through the two largest goes on, and never falls: the best of G independent
 * impostors rises more slowly than `log G` if their scores have a normal tail, so this errs on the strict side. The line through 10 and 100
 * people loses no more than the estimate for 1,000 people itself, and that of 100 people 10 points more (docs/studies/gallery-trust.md).
 *
 * The probability keeps its slope and its value at the threshold beyond the largest entry. Shares of false alarms are
 * unknown there.
 * @param thresholds ascending in `people`, at least one
 * @param people size of the gallery, at least 1; 0 counts as 1
 * @throws DataError if there are no entries or they do not ascend; ConfigError for a size that is no whole number
 */
export function gallerySearch(thresholds: readonly GalleryThreshold[], people: number): GallerySearch {
  checkNumber('gallerySearch: people', people, { minimum: 0, integer: true });
  const problem = galleryThresholdsProblem(thresholds);
  if (problem !== null) throw new DataError(problem);
  const size = Math.max(1, people);
  const next = thresholds.findIndex((entry) => entry.people >= size);
  if (next === -1) return beyondLargest(thresholds, size);
  const after = thresholds[next]!;
  const before = thresholds[next - 1] ?? after;
  return between(before, after, before === after ? 1 : logShare(size, before, after), size);
}

/** Returns the threshold of `gallerySearch`. */
export function thresholdForGallery(thresholds: readonly GalleryThreshold[], people: number): number {
  return gallerySearch(thresholds, people).threshold;
}

/** Returns the place of a size on the axis of its logarithm: 0 at `before`, 1 at `after`. */
export function logShare(
  size: number,
  before: Pick<GalleryThreshold, 'people'>,
  after: Pick<GalleryThreshold, 'people'>,
): number {
  return Math.log(size / before.people) / Math.log(after.people / before.people);
}

function between(
  before: GalleryThreshold,
  after: GalleryThreshold,
  share: number,
  people: number,
): GallerySearch {
  const mix = (first: number | null | undefined, second: number | null | undefined) =>
    isNumber(first) && isNumber(second) ? first + share * (second - first) : null;
  const threshold = before.threshold + share * (after.threshold - before.threshold);
  const slope = mix(before.calibration?.slope, after.calibration?.slope);
  const atThreshold = mix(exponentAt(before), exponentAt(after));
  return {
    people,
    threshold,
    falseAlarms: mix(before.falseAlarms, after.falseAlarms),
    falseAlarmsBound: mix(before.falseAlarmsBound, after.falseAlarmsBound),
    calibration:
      slope === null || atThreshold === null ? null : { slope, offset: atThreshold - slope * threshold },
    isExtrapolated: false,
  };
}

function beyondLargest(thresholds: readonly GalleryThreshold[], people: number): GallerySearch {
  const last = thresholds.at(-1)!;
  const before = thresholds.at(-2) ?? last;
  const rise = before === last ? 0 : Math.max(0, last.threshold - before.threshold);
  const steps = before === last ? 0 : logShare(people, before, last) - 1;
  const threshold = Math.min(1, last.threshold + rise * steps);
  const atThreshold = exponentAt(last);
  const slope = last.calibration?.slope ?? null;
  return {
    people,
    threshold,
    falseAlarms: null,
    falseAlarmsBound: null,
    calibration:
      slope === null || atThreshold === null ? null : { slope, offset: atThreshold - slope * threshold },
    isExtrapolated: true,
  };
}

/** Returns the exponent of the curve at the threshold of an entry; null without a curve. */
function exponentAt({ threshold, calibration }: GalleryThreshold): number | null {
  return calibration ? calibration.slope * threshold + calibration.offset : null;
}

/** Returns what is wrong with a value that should be thresholds for galleries; null if nothing is. */
export function galleryThresholdsProblem(value: unknown): string | null {
  if (!Array.isArray(value) || value.length === 0)
    return 'Thresholds for galleries must be a list that is not empty.';
  let last = 0;
  for (const entry of value as Partial<GalleryThreshold>[]) {
    const { people, threshold, calibration, falseAlarms, falseAlarmsBound, rates } = entry ?? {};
    if (!Number.isInteger(people) || people! <= last) {
      return `Thresholds for galleries need whole numbers of people that ascend from 1, but have ${String(people)} after ${last}.`;
    }
    if (!(typeof threshold === 'number' && Math.abs(threshold) <= 1)) {
      return `The threshold for a gallery of ${people} people must be from -1 to 1, but is ${String(threshold)}.`;
    }
    for (const share of [falseAlarms ?? 0, falseAlarmsBound ?? 0]) {
      if (isNumber(share) && share >= 0 && share <= 1) continue;
      return `The share of false alarms in a gallery of ${people} people must be from 0 to 1, but is ${String(share)}.`;
    }
    if (
      calibration &&
      !(isNumber(calibration.offset) && isNumber(calibration.slope) && calibration.slope < 0)
    ) {
      return (
        `The curve for a gallery of ${people} people needs a finite slope below 0 and a finite offset, but has ` +
        `${String(calibration.slope)} and ${String(calibration.offset)}.`
      );
    }
    const problem = rates === undefined ? null : galleryRatesProblem(people!, rates);
    if (problem) return problem;
    last = people!;
  }
  return null;
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}
