import { checkWhole } from './checks.ts';
import { MetricsError } from './metrics-error.ts';
import { type SearchModel, type SearchScores, searchModel } from './search-model.ts';

/** Least advantage over a threshold that accepts everybody or nobody. */
const leastGain = 0.01;
/** Number of steps of the coarse and of the fine search for the best threshold. */
const [coarseSteps, fineSteps] = [150, 20];

/** Promise of a gallery's threshold. */
export interface GalleryPromise {
  /** Largest share of strangers accepted as anybody, above 0, below 1; default: as few errors as possible. */
  readonly falseAlarmRate?: number | undefined;
}

/**
 * Returns the threshold for a search among `people`: the cosine from which the best match is accepted. The impostor who
 * matters is the best of `people`. Its scores follow from those of single impostors: the scores of each probe have a mean and a
 * deviation of their own, all probes share the form of the distribution, and its tail beyond the highest 5 % is normal. So
 * thresholds exist for galleries much larger than the set, with an error that grows with the gallery.
 *
 * - Without `falseAlarmRate`: as few errors as possible if half of the probes are in the gallery. It maximises the share of
 *   genuine scores above the threshold, smoothed by a logistic kernel of Silverman's width ("Density Estimation for
 *   Statistics and Data Analysis", 1986, eq. 3.28), minus the share of best wrong matches above it.
 * - With it: at most this share of the probes of strangers is accepted as anybody.
 *
 * `estimateGalleries` says how far to trust it.
 *
 * @param scores from `galleryScores`; `impostor` has the same number of scores for each genuine one
 * @param people size of the gallery, at least 1
 * @returns a cosine in `[-1, 1]`; null if no threshold is better than to accept everybody or nobody
 * @throws MetricsError if a kind of scores is missing, a score is not a number, or an argument is out of range
 */
export function galleryThreshold(
  scores: SearchScores,
  people: number,
  promise: GalleryPromise = {},
): number | null {
  const caller = 'galleryThreshold';
  checkWhole(`${caller}: people`, people, 1);
  checkPromise(caller, promise);
  return thresholdOfModel(searchModel(caller, scores), people, promise);
}

/** @throws MetricsError if the rate is out of range */
export function checkPromise(caller: string, { falseAlarmRate }: GalleryPromise): void {
  if (falseAlarmRate === undefined || (falseAlarmRate > 0 && falseAlarmRate < 1)) return;
  throw new MetricsError(
    `${caller}: falseAlarmRate must be above 0 and below 1, but is ${String(falseAlarmRate)}.`,
  );
}

/** Returns the threshold of `galleryThreshold`. */
export function thresholdOfModel(
  model: SearchModel,
  people: number,
  { falseAlarmRate }: GalleryPromise,
): number | null {
  return falseAlarmRate === undefined
    ? fewestErrors(model, people)
    : clampToCosine(atFalseAlarms(model.falseAlarms, people, falseAlarmRate));
}

/** Returns the threshold at which a share of the strangers is accepted, by bisection; at most 3. */
function atFalseAlarms(falseAlarms: SearchModel['falseAlarms'], people: number, share: number): number {
  let [low, high] = [-1, 3];
  for (let step = 0; step < 50; step++) {
    const middle = (low + high) / 2;
    if (falseAlarms(middle, people) > share) low = middle;
    else high = middle;
  }
  return high;
}

function fewestErrors(model: SearchModel, people: number): number | null {
  const { found, typicalFalseAlarms } = model;
  const from = atFalseAlarms(typicalFalseAlarms, people, 0.999);
  const to = atFalseAlarms(typicalFalseAlarms, people, 1e-6);
  const gainOf = (threshold: number) => found(threshold) - typicalFalseAlarms(threshold, people);
  let best = { threshold: to, gain: Number.NEGATIVE_INFINITY };
  const search = (low: number, high: number, steps: number) => {
    for (let step = 0; step <= steps; step++) {
      const threshold = low + ((high - low) * step) / steps;
      const gain = gainOf(threshold);
      if (gain > best.gain) best = { threshold, gain };
    }
  };
  search(from, to, coarseSteps);
  const width = (to - from) / coarseSteps;
  search(best.threshold - width, best.threshold + width, fineSteps);
  return best.gain > leastGain ? clampToCosine(best.threshold) : null;
}

function clampToCosine(threshold: number): number {
  return Math.min(1, Math.max(-1, threshold));
}
