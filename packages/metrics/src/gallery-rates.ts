import { checkNotEmpty, checkWhole } from './checks.ts';
import type { GalleryScores } from './gallery-scores.ts';
import { checkPromise, thresholdOfModel } from './gallery-threshold.ts';
import { type SearchModel, searchModel } from './search-model.ts';

/** A threshold that keeps a rate of false alarms, and what it costs. */
export interface GalleryRate {
  /** Share of strangers accepted as somebody, above 0, below 1. */
  readonly falseAlarms: number;
  /** Accept the best match iff its cosine is at least this. */
  readonly threshold: number;
  /** Share of the probes of enrolled people that are not named right: rejected, or nearer to somebody else. */
  readonly missed: number;
}

/** The rates of false alarms that the people can support, for galleries of one size. */
export interface GalleryRates {
  /** Number of people in the gallery. */
  readonly people: number;
  /** Descending by rate, so thresholds ascend; empty if the people support none. */
  readonly rates: readonly GalleryRate[];
}

/** Rates of `galleryRates` by default. */
export const falseAlarmRates: readonly number[] = [0.1, 0.03, 0.01, 0.003, 0.001];

/** Least number of pairs of different people that reach a threshold; below it, the form of the tail would decide alone. */
const leastPairs = 1;

/**
 * Returns the thresholds of `galleryThreshold` that keep rates of false alarms, with the share of enrolled people that each
 * misses, measured on the same scores.
 *
 * A rate is left out if too few people estimate it: `P` people make `P (P − 1) / 2` pairs, and of those at least one must reach the
 * threshold on average. Scores of the same two people do not count twice, because they depend on each other.
 *
 * @param scores from `galleryScores`
 * @param sizes numbers of people in a gallery, each at least 1
 * @param rates each above 0, below 1; default 10 %, 3 %, 1 %, 0.3 % and 0.1 %
 * @returns one for each size, in the order given
 * @throws MetricsError as `galleryThreshold`
 */
export function galleryRates(
  scores: GalleryScores,
  sizes: readonly number[],
  rates: readonly number[] = falseAlarmRates,
): GalleryRates[] {
  const caller = 'galleryRates';
  checkNotEmpty(`${caller}: sizes`, sizes);
  for (const size of sizes) checkWhole(`${caller}: sizes`, size, 1);
  checkNotEmpty(`${caller}: rates`, rates);
  for (const falseAlarmRate of rates) checkPromise(caller, { falseAlarmRate });
  const descending = [...new Set(rates)].sort((a, b) => b - a);
  const model = searchModel(caller, scores);
  const pairs = (scores.people * (scores.people - 1)) / 2;
  return sizes.map((people) => ({
    people,
    rates: descending.flatMap((falseAlarms) => {
      const threshold = thresholdOfModel(model, people, { falseAlarmRate: falseAlarms })!;
      const isKept = model.falseAlarms(threshold, people) <= falseAlarms;
      const isSupported = pairs * model.falseAlarms(threshold, 1) >= leastPairs;
      if (!isKept || !isSupported) return [];
      return [{ falseAlarms, threshold, missed: shareMissed(model, threshold, people) }];
    }),
  }));
}

function shareMissed({ probes, ownIsBest }: SearchModel, threshold: number, people: number): number {
  const named = probes.reduce(
    (sum, probe) => (probe.genuine < threshold ? sum : sum + probe.weight * ownIsBest(probe, people)),
    0,
  );
  return Math.min(1, Math.max(0, 1 - named));
}
