import {
  estimateGalleries,
  type GalleryEstimate,
  type GalleryPromise,
  type GalleryRate,
  type GalleryScores,
  galleryRates,
  galleryScores,
  peopleNeeded,
} from '@openset/metrics';
import type { GalleryThreshold } from '@openset/verify';
import { trustedPeople } from '../config/held-out-people.ts';
import { counted, percent } from '../evaluation/texts.ts';
import type { EmbeddingRows } from './embeddings.ts';

/** Sizes of galleries whose thresholds a model carries. */
const sizes = [1, 10, 100, 1000, 10_000];
/** Largest number of people that searches are simulated with, so that intervals take seconds. */
const mostPeople = 400;
/** Size of the gallery that warnings of a training are about. */
const warnedSize = 100;
/** Multiple of the expected share of false alarms from which its upper end is a warning. */
const warnedFactor = 2;

/** A threshold for galleries of one size, estimated on people outside training. */
export interface EstimatedSearch extends GalleryEstimate {
  /** Number of people outside training. */
  readonly on: number;
  /** Number of people outside training from which `falseAlarmsBound` is near twice `falseAlarms`; null without a bound. */
  readonly peopleNeeded: number | null;
  /** Whether the threshold is above all scores of these people, so that the form of the tail decides alone. */
  readonly isBeyondData: boolean;
  /** Thresholds for other rates of false alarms, as far as the people support them. */
  readonly rates: readonly GalleryRate[];
}

/** Options of `estimateSearches`. */
export interface SearchOptions extends GalleryPromise {
  /** Another size of a gallery; default none. */
  readonly also?: number | undefined;
}

/**
 * Estimates searches in galleries with people outside training: as few errors as possible if half of the probes are in the
 * gallery, or at most `falseAlarmRate` of the strangers accepted as anybody.
 * @param labels `[rows]`: person of each embedding
 * @returns one for each size that is in reach for the network, ascending; null for fewer than 20 people with two images, or if no
 *   size is: their genuine scores are not the higher ones, or no cosine keeps the rate
 */
export function estimateSearches(
  { values, size }: EmbeddingRows,
  labels: ArrayLike<number>,
  { also, falseAlarmRate }: SearchOptions = {},
): readonly EstimatedSearch[] | null {
  if (searchablePeople(labels) < trustedPeople) return null;
  const scores = galleryScores(values, labels, size, { people: mostPeople });
  const wanted = [...new Set(also === undefined ? sizes : [...sizes, also])].sort((a, b) => a - b);
  const found = estimateGalleries(scores, wanted, { falseAlarmRate }).filter(
    // Even a threshold of 1 may not keep the rate.
    ({ falseAlarms }) => falseAlarmRate === undefined || falseAlarms <= falseAlarmRate,
  );
  // A size after one that is out of reach would be found by chance.
  const missing = wanted.findIndex((gallery, place) => found[place]?.people !== gallery);
  const reached = missing === -1 ? found : found.slice(0, missing);
  if (reached.length === 0) return null;
  const rates = galleryRates(
    scores,
    reached.map(({ people }) => people),
  );
  return reached.map((estimate, place) => ({ ...judge(estimate, scores), rates: rates[place]!.rates }));
}

/** Returns the number of people with two images or more. */
export function searchablePeople(labels: ArrayLike<number>): number {
  const counts = new Map<number, number>();
  for (const label of Array.from(labels)) counts.set(label, (counts.get(label) ?? 0) + 1);
  return [...counts.values()].filter((count) => count > 1).length;
}

function judge(
  estimate: GalleryEstimate,
  { genuine, people: on }: GalleryScores,
): Omit<EstimatedSearch, 'rates'> {
  const { people, falseAlarms, falseAlarmsBound } = estimate;
  const expected = (falseAlarms / people) * genuine.length * (on - 1);
  return {
    ...estimate,
    on,
    peopleNeeded: falseAlarmsBound === null ? null : peopleNeeded(on, falseAlarms, falseAlarmsBound),
    isBeyondData: expected < 1,
  };
}

/** Returns the part of an estimate that a model file carries. */
export function storedThreshold({
  people,
  threshold,
  falseAlarms,
  falseAlarmsBound,
  curve,
  rates,
}: EstimatedSearch): GalleryThreshold {
  return { people, threshold, falseAlarms, falseAlarmsBound, calibration: curve, rates };
}

/** Returns the share of strangers that a search accepts, in words: `9.9 % of strangers, up to 22.1 %`. */
export function falseAlarmsText(
  falseAlarms: number,
  bound: number | null,
  decimals = falseAlarms < 0.01 ? 2 : 1,
): string {
  const upTo = bound === null ? '' : `, up to ${percent(bound, decimals)} with other people`;
  return `${percent(falseAlarms, decimals)} of strangers${upTo}`;
}

/** Returns how far not to trust a threshold for a gallery: one fact a line. */
export function searchWarnings({
  people,
  on,
  falseAlarms,
  falseAlarmsBound: bound,
  peopleNeeded: needed,
  isBeyondData,
}: EstimatedSearch): string[] {
  const gallery = `a gallery of ${counted(people, 'person', 'people')}`;
  return [
    ...(bound !== null && needed !== null && bound > warnedFactor * falseAlarms
      ? [
          `in ${gallery}, ${percent(bound)} of strangers may be taken for somebody, not ${percent(falseAlarms)}: ${counted(on, 'person is', 'people are')} few. ` +
            `With ${needed.toLocaleString('en-US')} people, it is at most about ${percent(Math.min(1, warnedFactor * falseAlarms))}`,
        ]
      : []),
    ...(isBeyondData
      ? [
          `${gallery} is beyond what ${counted(on, 'person', 'people')} can show: its threshold is extrapolated, and the interval does not cover that`,
        ]
      : []),
  ];
}

/** Returns the warnings about the searches of a trained model: for a gallery of 100 people, or the largest below that. */
export function trainedSearchWarnings(searches: readonly EstimatedSearch[] | null): string[] {
  const warned = searches?.filter(({ people }) => people <= warnedSize).at(-1);
  if (!warned) return [];
  const beyond = searches!.find(({ isBeyondData }) => isBeyondData);
  return [
    ...searchWarnings({ ...warned, isBeyondData: false }),
    ...(beyond
      ? [
          `galleries of ${counted(beyond.people, 'person', 'people')} or more are beyond what ${counted(beyond.on, 'person', 'people')} held out can show: their thresholds are extrapolated`,
        ]
      : []),
  ];
}
