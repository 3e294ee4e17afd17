import { ConfigError, checkQuestion, type ThresholdQuestion } from '@openset/core';
import {
  type BinnedPairs,
  bestAccuracy,
  bootstrapPairs,
  calibrateThreshold,
  type LogisticCurve,
  plattCalibration,
  type ThresholdInterval,
} from '@openset/metrics';
import { type Calibration, type ScoredPairs, usableCalibration } from './calibration.ts';

/** A threshold that was estimated on pairs of people whom the network has not seen. */
export interface ThresholdEstimate {
  /** Accept iff the cosine is at least this; from −1 to 1. */
  readonly threshold: number;
  /** 95 % confidence interval over resamples of the people; null for fewer than five people, or if not asked for. */
  readonly interval: ThresholdInterval | null;
  /** Question that the threshold answers. */
  readonly question: ThresholdQuestion;
  /** Curve of the pairs; null if it is no calibration. Then the threshold is that of the highest accuracy. */
  readonly calibration: Calibration | null;
  /** Number of people on the pairs; null if unknown. */
  readonly people: number | null;
  /** Number of pairs of the same person. */
  readonly same: number;
  /** Number of pairs of different people. */
  readonly different: number;
  /** Number of pairs of different people that a false accept rate this low needs; null for other questions and a rate of 0. */
  readonly differentNeeded: number | null;
  /**
   * Upper end of the 95 % confidence interval of the false accept rate among other people; null for other questions, and
   * without an interval. It is the rate at the lower end of the threshold's interval, and at least the rate that the pairs
   * could miss altogether, `1 − 0.05^(1 / different)`.
   */
  readonly rateBound: number | null;
}

/** Options of `estimateThreshold`. */
export interface EstimateOptions {
  /** Number of bootstrap resamples, at least 2, or 0 for no interval; default 400. */
  readonly samples?: number;
  /** Seed of the resamples; default 0. */
  readonly seed?: number;
}

/** Number of people, or of pairs of a kind if the people are unknown, below which no interval is given. */
const minimumForInterval = 5;

const evenOdds: ThresholdQuestion = { kind: 'pair', odds: 1 };

/**
 * Estimates the threshold that answers a question on pairs of people whom the network has not seen. Accepts if the
 * balanced logistic curve of the pairs gives at least even odds after the prior of the question (`thresholdOnCurve`), or, for
 * a false accept rate, if the cosine is above the allowed share of the pairs of different people.
 *
 * The interval resamples people, because pairs that share a person are not independent; without `pairs.people`, it
 * resamples pairs and is too narrow.
 *
 * @param question default: pairs of which half are the same person; a gallery must have no `rate`, which takes searches
 *   (`estimateGalleries` of `@openset/metrics`)
 * @returns null if no threshold up to 1 meets the false accept rate
 * @throws MetricsError if a kind of pairs is missing, a cosine is not finite, or lengths differ; ConfigError if the question
 *   is out of range
 */
export function estimateThreshold(
  pairs: ScoredPairs,
  question: ThresholdQuestion = evenOdds,
  options: EstimateOptions = {},
): ThresholdEstimate | null {
  checkAboutPairs(question);
  return estimateOnScores(pairs, question, options, { mean: 0, deviation: 1 });
}

/**
 * Returns the cosine at which a balanced logistic curve gives even odds under the prior of a question: `(log odds − offset) /
 * slope`, from −1 to 1. The odds are those of a pair, and `1 : G` for a gallery of G people.
 * @param question of the kind `pair`, or `gallery` without a rate; rates have no answer on the curve
 * @throws ConfigError if the question is out of range or about a rate
 */
export function thresholdOnCurve(curve: Calibration, question: ThresholdQuestion): number {
  checkAboutPairs(question);
  if (question.kind === 'far') {
    throw new ConfigError('A curve of probabilities has no false accept rate: use estimateThreshold.');
  }
  return clampToCosine(crossing(curve, oddsOf(question)));
}

/** @throws ConfigError if a question is out of range, or if pairs have no answer to it */
function checkAboutPairs(question: ThresholdQuestion): void {
  checkQuestion(question);
  if (question.kind !== 'gallery' || question.rate === undefined) return;
  throw new ConfigError(
    'Pairs do not tell how many strangers a search in a gallery accepts: use estimateGalleries of @openset/metrics with ' +
      'falseAlarmRate, or a question without a rate.',
  );
}

/** Mean and standard deviation of the cosines of different people. */
export interface ImpostorScores {
  /** From -1 to 1. */
  readonly mean: number;
  /** Above 0. */
  readonly deviation: number;
}

/** The pairs of the people in one part, scored by a network that was trained on the other parts. */
export interface CrossFitPart extends ScoredPairs {
  /** Cosines of different people among the *training* people of this part's network. */
  readonly impostors: ImpostorScores;
}

/**
 * Estimates the threshold of a network that was trained on all people, from networks each trained without one part of them.
 * Each part's cosines become standard scores by the impostor cosines of its own network's training people; the threshold
 * and the curve of all parts together are carried to the final network by its own impostor cosines. Without this, parts
 * whose networks have other scales would not fit together.
 *
 * @param parts two or more; `people` must not repeat a number for another person in another part
 * @param final impostor cosines of the training people of the network that is kept, measured in the same way
 * @returns as `estimateThreshold`
 * @throws ConfigError for fewer than two parts, or a mean or deviation out of range; otherwise as `estimateThreshold`
 */
export function crossFitThreshold(
  parts: readonly CrossFitPart[],
  final: ImpostorScores,
  question: ThresholdQuestion = evenOdds,
  options: EstimateOptions = {},
): ThresholdEstimate | null {
  checkAboutPairs(question);
  if (parts.length < 2) {
    throw new ConfigError(`A cross-fit needs at least 2 parts, but has ${parts.length}.`);
  }
  for (const impostors of [...parts.map((part) => part.impostors), final]) checkImpostors(impostors);
  const areKnown = parts.every(({ people }) => people);
  return estimateOnScores(
    {
      cosines: parts.flatMap(({ cosines, impostors: { mean, deviation } }) =>
        Array.from(cosines, (cosine) => (cosine - mean) / deviation),
      ),
      isSame: parts.flatMap(({ isSame }) => Array.from(isSame)),
      people: areKnown ? parts.flatMap(({ people }) => Array.from(people!)) : null,
    },
    question,
    options,
    final,
  );
}

function checkImpostors({ mean, deviation }: ImpostorScores): void {
  if (Number.isFinite(mean) && Number.isFinite(deviation) && deviation > 0) return;
  throw new ConfigError(
    `The impostor cosines of a part need a finite mean and a deviation above 0, but have ${mean} and ${deviation}. If all ` +
      'cosines are equal, the network has collapsed: train it again.',
  );
}

/**
 * Estimates on scores of any scale.
 * @param scale what carries a score to a cosine: `cosine = score · deviation + mean`
 */
function estimateOnScores(
  { cosines: similarities, isSame, people = null }: ScoredPairs,
  question: ThresholdQuestion,
  { samples = 400, seed = 0 }: EstimateOptions,
  { mean, deviation }: ImpostorScores,
): ThresholdEstimate | null {
  const toCosine = (score: number) => score * deviation + mean;
  const curve = plattCalibration(similarities, isSame, { balanced: true });
  const calibration = usableCalibration({
    slope: curve.slope / deviation,
    offset: curve.offset - (curve.slope * mean) / deviation,
  });
  const negatives = Array.from(similarities).filter((_, pair) => !isSame[pair]);
  const same = similarities.length - negatives.length;
  let differentNeeded: number | null = null;
  let score: number;
  if (question.kind === 'far') {
    const { threshold, negativesNeeded } = calibrateThreshold(negatives, question.rate);
    if (toCosine(threshold) > 1) return null;
    score = threshold;
    if (Number.isFinite(negativesNeeded)) differentNeeded = negativesNeeded;
  } else if (calibration) score = crossing(curve, oddsOf(question));
  else score = bestAccuracy(similarities, isSame).threshold;

  const distinct = people && new Set(Array.from(people)).size;
  const isEnough = (distinct ?? Math.min(same, negatives.length)) >= minimumForInterval;
  const hasInterval = samples > 0 && isEnough && (question.kind === 'far' || calibration !== null);
  const drawn =
    hasInterval &&
    bootstrapPairs(
      { similarities, isSame, people },
      (pairs) =>
        question.kind === 'far'
          ? rateThreshold(pairs, question.rate)
          : resampledCrossing(pairs, curve, oddsOf(question), score),
      { samples, seed },
    );
  return {
    threshold: clampToCosine(toCosine(score)),
    interval: drawn
      ? {
          // If the resamples are skewed, the estimate may be outside.
          low: clampToCosine(toCosine(Math.min(score, drawn.low))),
          high: clampToCosine(toCosine(Math.max(score, drawn.high))),
        }
      : null,
    question,
    calibration,
    people: distinct,
    same,
    different: negatives.length,
    differentNeeded,
    rateBound: question.kind === 'far' && drawn ? rateBound(negatives, Math.min(score, drawn.low)) : null,
  };
}

/** Returns the share of pairs of different people above a score, and at least the rate that so many pairs can miss. */
function rateBound(negatives: readonly number[], score: number): number {
  const accepted = negatives.filter((value) => value >= score).length;
  return Math.min(1, Math.max(accepted / negatives.length, 1 - 0.05 ** (1 / negatives.length)));
}

/**
 * Returns the crossing of the curve of a resample.
 * @param start curve of the data
 * @param otherwise what to return if the curve of the resample does not fall
 */
function resampledCrossing(
  { values, same, different }: BinnedPairs,
  start: LogisticCurve,
  odds: number,
  otherwise: number,
): number {
  const count = values.length;
  const similarities = new Float64Array(2 * count);
  similarities.set(values);
  similarities.set(values, count);
  const weights = new Float64Array(2 * count);
  weights.set(same);
  weights.set(different, count);
  const isSame = Uint8Array.from(similarities, (_, index) => (index < count ? 1 : 0));
  const curve = plattCalibration(similarities, isSame, { balanced: true, weights, start, tolerance: 1e-6 });
  return curve.slope < 0 ? crossing(curve, odds) : otherwise;
}

/** Returns the highest value that more than the allowed share of the pairs of different people reach. */
function rateThreshold({ values, different }: BinnedPairs, rate: number): number {
  const total = different.reduce((sum, weight) => sum + weight, 0);
  let accepted = 0;
  for (let bin = values.length - 1; bin >= 0; bin--) {
    accepted += different[bin]!;
    // Products of shares round.
    if (accepted > rate * total * (1 + 1e-12)) return values[bin]!;
  }
  return values[0]!;
}

/**
 * Returns the prior odds of a question, `P(same) : P(different)`. A search among G people compares a probe with its own
 * person once, and with G others, or with G and nobody.
 */
function oddsOf(question: Exclude<ThresholdQuestion, { kind: 'far' }>): number {
  return question.kind === 'pair' ? question.odds : 1 / question.size;
}

/** Returns the score at which a falling exponent gives even odds: `slope · score + offset = log odds`. */
function crossing({ slope, offset }: LogisticCurve, odds: number): number {
  return (Math.log(odds) - offset) / slope;
}

function clampToCosine(threshold: number): number {
  return Math.min(1, Math.max(-1, threshold));
}
