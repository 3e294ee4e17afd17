import { checkNotEmpty, checkWhole } from './checks.ts';
import { MetricsError } from './metrics-error.ts';
import { normalDeviate } from './normal-deviate.ts';

/** Share of the impostor scores that the line through the upper tail is fitted to. */
const tailShare = 0.05;
/** Fewest scores in that tail. */
const leastTail = 10;
/** Least advantage over a threshold that accepts everybody or nobody. */
const leastGain = 0.01;

/**
 * Returns the threshold for a search among `people`: the cosine from which the best match is accepted. The impostor who
 * matters is the best of `people`, so the scores of the best wrong match are those of the maximum of `people` independent
 * impostor scores.
 *
 * - Without `falseAlarmRate`: as few errors as possible if half of the probes are in the gallery. It maximises the share of
 *   genuine scores above the threshold, smoothed by a logistic kernel of Silverman's width ("Density Estimation for
 *   Statistics and Data Analysis", 1986, eq. 3.28), minus the share of best wrong matches above it.
 * - With it: at most this share of the probes of strangers is accepted as anybody.
 *
 * Beyond the highest 5 % of the impostor scores, the tail follows a straight line on the axis of the normal deviate, fitted to
 * these scores. So thresholds exist for galleries much larger than the set, with an error that grows with the gallery.
 * Between two sizes, the threshold is nearly linear in the logarithm of the size.
 *
 * @param scores from `galleryScores`
 * @param people size of the gallery, at least 1
 * @param options `falseAlarmRate`: above 0, below 1
 * @returns a cosine in `[-1, 1]`; null if no threshold is better than to accept everybody or nobody
 * @throws MetricsError if a kind of scores is missing, a score is not a number, or an argument is out of range
 */
export function galleryThreshold(
  { genuine, impostor }: { readonly genuine: ArrayLike<number>; readonly impostor: ArrayLike<number> },
  people: number,
  { falseAlarmRate }: { readonly falseAlarmRate?: number } = {},
): number | null {
  const caller = 'galleryThreshold';
  checkWhole(`${caller}: people`, people, 1);
  checkNotEmpty(`${caller}: genuine`, genuine);
  for (let index = 0; index < genuine.length; index++) readFinite(`${caller}: genuine`, genuine, index);
  const tail = upperTail(`${caller}: impostor`, impostor);
  if (falseAlarmRate !== undefined) {
    if (!(falseAlarmRate > 0 && falseAlarmRate < 1)) {
      throw new MetricsError(
        `${caller}: falseAlarmRate must be above 0 and below 1, but is ${String(falseAlarmRate)}.`,
      );
    }
    return clampToCosine(tail(shareForMaximum(1 - falseAlarmRate, people)));
  }
  const found = smoothShareAbove(genuine);
  let best: { readonly threshold: number; readonly gain: number } = { threshold: 1, gain: leastGain };
  for (let logit = -8; logit <= 14; logit += 0.05) {
    const falseAlarms = 1 / (1 + Math.exp(logit));
    const threshold = tail(-Math.expm1(-Math.log1p(Math.exp(-logit)) / people));
    const gain = found(threshold) - falseAlarms;
    if (gain > best.gain) best = { threshold, gain };
  }
  return best.gain > leastGain ? clampToCosine(best.threshold) : null;
}

/** Returns a function from a threshold to the share of the density of some scores above it. */
function smoothShareAbove(scores: ArrayLike<number>): (threshold: number) => number {
  const values = Array.from(scores);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  // A logistic distribution of this scale has the deviation of Silverman's normal kernel.
  const width = (Math.sqrt(3) / Math.PI) * 1.06 * Math.sqrt(variance) * values.length ** -0.2;
  const scale = Math.max(width, 1e-6);
  return (threshold) =>
    values.reduce((sum, value) => sum + 1 / (1 + Math.exp((threshold - value) / scale)), 0) / values.length;
}

/** Returns the upper tail `1 − v^(1 / people)` of one impostor where the maximum of `people` has the probability `v` to be lower. */
function shareForMaximum(probability: number, people: number): number {
  return -Math.expm1(Math.log(probability) / people);
}

/** Returns a function from a share to the score that this share of the impostor scores exceeds. */
function upperTail(what: string, impostor: ArrayLike<number>): (share: number) => number {
  checkNotEmpty(what, impostor);
  const sorted = Float64Array.from(impostor, (_, index) => readFinite(what, impostor, index))
    .sort()
    .reverse();
  const count = sorted.length;
  const fitted = Math.min(count, Math.max(leastTail, Math.floor(tailShare * count)));
  const deviates = Array.from({ length: fitted }, (_, rank) => normalDeviate(1 - (rank + 0.5) / count));
  const line = fitLine(deviates, sorted);
  return (share) => {
    const rank = share * count;
    return rank >= fitted
      ? sorted[Math.min(count - 1, Math.floor(rank))]!
      : Math.max(sorted[fitted - 1]!, line.intercept + line.slope * -normalDeviate(share));
  };
}

function readFinite(what: string, values: ArrayLike<number>, index: number): number {
  const value = values[index];
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw new MetricsError(`${what}[${index}] is ${String(value)}, but must be a finite number.`);
}

/** Least squares of the first values of `y` on `x`. */
function fitLine(x: readonly number[], y: ArrayLike<number>) {
  const meanX = x.reduce((sum, value) => sum + value, 0) / x.length;
  const meanY = x.reduce((sum, _, index) => sum + y[index]!, 0) / x.length;
  let [products, squares] = [0, 0];
  for (const [index, value] of x.entries()) {
    products += (value - meanX) * (y[index]! - meanY);
    squares += (value - meanX) ** 2;
  }
  const slope = squares > 0 ? products / squares : 0;
  return { slope, intercept: meanY - slope * meanX };
}

function clampToCosine(threshold: number): number {
  return Math.min(1, Math.max(-1, threshold));
}
