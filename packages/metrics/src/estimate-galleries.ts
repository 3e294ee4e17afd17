import { bootstrapInterval } from './bootstrap-interval.ts';
import { checkNotEmpty, checkSameLength, checkWhole } from './checks.ts';
import type { GalleryScores } from './gallery-scores.ts';
import { checkPromise, type GalleryPromise, thresholdOfModel } from './gallery-threshold.ts';
import { type LogisticCurve, plattCalibration } from './platt-calibration.ts';
import { quantile } from './quantile.ts';
import { type SearchModel, searchModel } from './search-model.ts';

/** The threshold for galleries of one size, and how far to trust it. */
export interface GalleryEstimate {
  /** Number of people in the gallery. */
  readonly people: number;
  /** Accept the best match iff its cosine is at least this. */
  readonly threshold: number;
  /** 95 % confidence interval of the threshold over resamples of the people; null for fewer than five people, or if not asked for. */
  readonly interval: { readonly low: number; readonly high: number } | null;
  /** Expected share of strangers accepted as somebody. */
  readonly falseAlarms: number;
  /** Upper end of the confidence interval of that share; null without an interval. */
  readonly falseAlarmsBound: number | null;
  /**
   * Probability that the best match is the right person, at its cosine, if half of the probes are in the gallery; null if
   * it does not rise with the cosine.
   */
  readonly curve: LogisticCurve | null;
}

/** Options of `estimateGalleries`. */
export interface GalleryEstimateOptions extends GalleryPromise {
  /** Number of bootstrap resamples, at least 2, or 0 for no intervals; default 100. */
  readonly samples?: number;
  /** Seed of the resamples; default 0. */
  readonly seed?: number;
}

/** Number of people below which no interval is given. */
const minimumForInterval = 5;
/** Number of quantiles of each probe's best wrong match that the curve is fitted to. */
const quantiles = 20;
/** Probability of each side outside the interval. */
const outside = 0.025;

/**
 * Estimates the thresholds of `galleryThreshold` for several sizes, with intervals and probabilities. The intervals resample the
 * *people* (subsets bootstrap, as `bootstrapPairs`). The upper end of the share of false alarms is that share at the lower end
 * of the threshold's interval: what the data would say to a
 * threshold from other people. On `faceres`, the true share was below that end in 17 of 18 cases with 98 people, and in 13 of 18 with
 * 33 (docs/studies/gallery-trust.md).
 *
 * The curve is a logistic regression on simulated searches: each probe with its own template if that is the best match, and
 * the best wrong match of each probe, once as that of a stranger and once where it beats the probe's own template.
 *
 * @param scores from `galleryScores`
 * @param sizes numbers of people, each at least 1
 * @returns one estimate for each size; a size is missing if no threshold is better than to accept everybody or nobody
 * @throws MetricsError as `galleryThreshold`, or if the options are out of range
 */
export function estimateGalleries(
  scores: GalleryScores,
  sizes: readonly number[],
  { falseAlarmRate, samples = 100, seed = 0 }: GalleryEstimateOptions = {},
): GalleryEstimate[] {
  const caller = 'estimateGalleries';
  const promise = { falseAlarmRate };
  checkPromise(caller, promise);
  checkNotEmpty(`${caller}: sizes`, sizes);
  for (const size of sizes) checkWhole(`${caller}: sizes`, size, 1);
  checkSameLength(`${caller}: person`, scores.person.length, 'genuine', scores.genuine.length);
  const model = searchModel(caller, scores);
  const found = sizes.flatMap((people) => {
    const threshold = thresholdOfModel(model, people, promise);
    return threshold === null ? [] : [{ people, threshold }];
  });
  const resampled: number[][] = found.map(() => []);
  if (samples > 0 && scores.people >= minimumForInterval && found.length > 0) {
    const draws = new Uint32Array(scores.people);
    let isFirst = true;
    bootstrapInterval(
      (indices) => {
        if (isFirst) {
          isFirst = false;
          return 0;
        }
        draws.fill(0);
        for (const person of indices) draws[person]! += 1;
        const drawn = searchModel(caller, scores, draws);
        for (const [place, { people, threshold }] of found.entries()) {
          resampled[place]!.push(thresholdOfModel(drawn, people, promise) ?? threshold);
        }
        return 0;
      },
      scores.people,
      { samples, seed },
    );
  }
  return found.map(({ people, threshold }, place) => {
    const interval = intervalOf(threshold, resampled[place]!);
    return {
      people,
      threshold,
      interval,
      falseAlarms: model.falseAlarms(threshold, people),
      falseAlarmsBound: interval && model.falseAlarms(interval.low, people),
      curve: searchCurve(model, people),
    };
  });
}

function intervalOf(threshold: number, resampled: readonly number[]) {
  if (resampled.length === 0) return null;
  const sorted = Float64Array.from(resampled).sort();
  // If the resamples are skewed, the estimate may be outside.
  return {
    low: Math.min(threshold, quantile(sorted, outside)),
    high: Math.max(threshold, quantile(sorted, 1 - outside)),
  };
}

/** Returns the curve from the cosine of the best match to the probability that it is right; null if it does not rise. */
function searchCurve({ probes, ownIsBest, atLogBelow }: SearchModel, people: number): LogisticCurve | null {
  const similarities: number[] = [];
  const isRight: number[] = [];
  const weights: number[] = [];
  const add = (similarity: number, right: boolean, weight: number) => {
    similarities.push(similarity);
    isRight.push(right ? 1 : 0);
    weights.push(weight);
  };
  for (const probe of probes) {
    const { genuine, weight: share, location, scale } = probe;
    const weight = share * probes.length;
    const others = people - 1;
    add(genuine, true, weight * ownIsBest(probe, people));
    for (let rank = 0; rank < quantiles; rank++) {
      const logShare = Math.log((rank + 0.5) / quantiles);
      add(location + scale * atLogBelow(logShare / people), false, weight / quantiles);
      if (others === 0) continue;
      const wrong = location + scale * atLogBelow(logShare / others);
      if (wrong > genuine) add(wrong, false, weight / quantiles);
    }
  }
  if (!weights.some((weight, index) => isRight[index] === 1 && weight > 0)) return null;
  const { slope, offset } = plattCalibration(similarities, isRight, { weights, tolerance: 1e-8 });
  return slope < 0 ? { slope, offset } : null;
}
