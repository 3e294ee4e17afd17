import { checkSameLength, checkWhole } from './checks.ts';
import { MetricsError } from './metrics-error.ts';
import { checkPairs, readPairLabel, requireBothKinds } from './sorted-similarities.ts';

/** A logistic curve: a pair of similarity `s` shows one identity with probability `1 / (1 + exp(slope · s + offset))`. */
export interface LogisticCurve {
  /** A in Platt's notation; negative if larger similarities mean "same". */
  readonly slope: number;
  /** B in Platt's notation. */
  readonly offset: number;
}

/** The logistic curve that fits a set of pairs best. */
export interface PlattCalibration extends LogisticCurve {
  /** Returns the probability that both images show the same identity. */
  readonly probability: (similarity: number) => number;
  /** Similarity of probability one half: `-offset / slope`; `null` if the slope is 0. */
  readonly threshold: number | null;
  /** Mean log loss of the given pairs against the regularised targets. */
  readonly logLoss: number;
  /** Number of Newton steps. */
  readonly iterations: number;
}

/**
 * Fits a logistic curve to pairs (Platt scaling), which turns similarities into probabilities. Platt, "Probabilistic outputs
 * for support vector machines", 1999. The regularised targets `(n₊ + 1) / (n₊ + 2)` and `1 / (n₋ + 2)` keep the slope finite
 * if a threshold separates the pairs. The fit is Newton's method with backtracking, on a form of the loss that neither
 * overflows nor cancels: Lin, Lin, Weng, "A note on Platt's probabilistic outputs for support vector machines", Machine
 * Learning 68, 2007.
 *
 * The curve falls (`slope` of at least 0) if the pairs of the same identity are not the more similar ones: it then
 * describes these pairs, but is no calibration.
 *
 * The probabilities hold for data with the same share `p₀` of same pairs as here; with `balanced`, for `p₀ = 1/2`. For
 * another share `p`, add `log(p₀ (1 - p) / (p (1 - p₀)))` to the offset.
 *
 * @param similarities `[pairs]`: finite numbers
 * @param isSame `[pairs]`: true or 1 if both images show the same identity
 * @param options `balanced`: whether each kind of pairs has half of the weight, whatever their counts; the targets are
 *   then those of the rarer kind for both. Default false. `weights`: `[pairs]`, how often each pair counts, from 0;
 *   default 1. `start`: a curve near the result, to save steps; default the best curve of slope 0. `maxIterations`: default 100. `tolerance`: largest gradient per pair, default 1e-10
 * @throws MetricsError if there are no pairs, lengths differ, a similarity is not finite, a weight is negative or not
 *   finite, a kind of pairs is missing or has weight 0, or the fit does not converge
 */
export function plattCalibration(
  similarities: ArrayLike<number>,
  isSame: ArrayLike<boolean | number>,
  { balanced = false, weights: given, start, maxIterations = 100, tolerance = 1e-10 }: PlattOptions = {},
): PlattCalibration {
  const caller = 'plattCalibration';
  checkPairs(caller, similarities, isSame);
  checkWhole(`${caller}: maxIterations`, maxIterations, 1);
  const count = similarities.length;
  const same = Uint8Array.from({ length: count }, (_, pair) => (readPairLabel(caller, isSame, pair) ? 1 : 0));
  const { weights, positives, negatives } = weighPairs(caller, same, given, balanced);
  const { scores, centre, spread } = standardise(caller, similarities);
  const { high, low } = regularisedTargets(positives, negatives, balanced);
  const targets = Float64Array.from(same, (value) => (value ? high : low));
  const data: WeightedScores = { scores, targets, weights };

  // Without another start, from the share of positives: the best curve of slope 0.
  let [slope, offset] = start
    ? [start.slope * spread, start.offset + start.slope * centre]
    : [0, balanced ? 0 : Math.log((negatives + 1) / (positives + 1))];
  let loss = logLoss(data, slope, offset);
  for (let iterations = 0; iterations < maxIterations; iterations++) {
    const { gradient, hessian } = derivatives(data, slope, offset);
    if (Math.max(Math.abs(gradient[0]), Math.abs(gradient[1])) < tolerance) {
      // Undo the standardisation: slope · (s - centre) / spread + offset.
      const curve = { slope: slope / spread, offset: offset - (slope * centre) / spread };
      return {
        ...curve,
        probability: (similarity) => logisticProbability(curve, similarity),
        threshold: curve.slope === 0 ? null : -curve.offset / curve.slope,
        logLoss: loss,
        iterations,
      };
    }
    const determinant = hessian[0] * hessian[2] - hessian[1] ** 2;
    const stepSlope = (hessian[1] * gradient[1] - hessian[2] * gradient[0]) / determinant;
    const stepOffset = (hessian[1] * gradient[0] - hessian[0] * gradient[1]) / determinant;
    const descent = gradient[0] * stepSlope + gradient[1] * stepOffset;
    // Rounding errors of the sum; at worst they all have the same sign, as for equal similarities.
    const noise = (1e-15 + Number.EPSILON * count) * loss;
    let size = 1;
    for (; size > 1e-10; size /= 2) {
      const next = logLoss(data, slope + size * stepSlope, offset + size * stepOffset);
      // Near the minimum, rounding hides the decrease: accept a step that is as good up to it.
      if (next > loss + 1e-4 * size * descent + noise) continue;
      slope += size * stepSlope;
      offset += size * stepOffset;
      loss = next;
      break;
    }
    if (size <= 1e-10) break;
  }
  throw new MetricsError(
    `${caller} did not converge to a gradient below ${tolerance} within ${maxIterations} steps: raise maxIterations ` +
      'or tolerance.',
  );
}

/** Options of `plattCalibration`. */
interface PlattOptions {
  readonly balanced?: boolean;
  readonly weights?: ArrayLike<number> | undefined;
  readonly start?: LogisticCurve | undefined;
  readonly maxIterations?: number;
  readonly tolerance?: number;
}

/** Scores with what the fit weighs them by, each `[pairs]`. */
interface WeightedScores {
  readonly scores: Float64Array;
  readonly targets: Float64Array;
  /** Their mean is 1. */
  readonly weights: Float64Array;
}

/** Returns the weights in the fit, and how many pairs of each kind were given, counted by the given weights. */
function weighPairs(
  caller: string,
  same: Uint8Array,
  given: ArrayLike<number> | undefined,
  balanced: boolean,
): { readonly weights: Float64Array; readonly positives: number; readonly negatives: number } {
  const count = same.length;
  if (given)
    checkSameLength(`${caller}: weights`, given.length, `the number of similarities (${count})`, count);
  const weights = new Float64Array(count);
  let positives = 0;
  let negatives = 0;
  for (let pair = 0; pair < count; pair++) {
    const weight = given ? given[pair]! : 1;
    if (!(weight >= 0 && Number.isFinite(weight))) {
      throw new MetricsError(
        `${caller}: weights[${pair}] is ${String(weight)}, but must be a finite number from 0.`,
      );
    }
    weights[pair] = weight;
    if (same[pair]) positives += weight;
    else negatives += weight;
  }
  requireBothKinds(caller, positives, negatives);
  const total = positives + negatives;
  const [ofSame, ofDifferent] = balanced
    ? [count / (2 * positives), count / (2 * negatives)]
    : [count / total, count / total];
  for (let pair = 0; pair < count; pair++) weights[pair]! *= same[pair] ? ofSame : ofDifferent;
  return { weights, positives, negatives };
}

/** Returns Platt's targets for the two kinds. A balanced fit must not trust one kind more because it is more frequent. */
function regularisedTargets(positives: number, negatives: number, balanced: boolean) {
  const rarer = Math.min(positives, negatives);
  const [ofSame, ofDifferent] = balanced ? [rarer, rarer] : [positives, negatives];
  return { high: (ofSame + 1) / (ofSame + 2), low: 1 / (ofDifferent + 2) };
}

/** Shifts and scales similarities to mean 0 and largest magnitude 1, so that Newton's method is well conditioned. */
function standardise(caller: string, similarities: ArrayLike<number>) {
  const count = similarities.length;
  let centre = 0;
  for (let pair = 0; pair < count; pair++) {
    if (!Number.isFinite(similarities[pair])) {
      throw new MetricsError(
        `${caller}: similarities[${pair}] is ${String(similarities[pair])}, but must be a finite number.`,
      );
    }
    centre += similarities[pair]! / count;
  }
  let largest = 0;
  for (let pair = 0; pair < count; pair++)
    largest = Math.max(largest, Math.abs(similarities[pair]! - centre));
  // If all are equal up to rounding, any spread will do.
  const spread = largest > 1e-12 * Math.abs(centre) && largest > 0 ? largest : 1;
  const scores = Float64Array.from(similarities, (value) => (value - centre) / spread);
  return { scores, centre, spread };
}

/** Returns the mean of `-t log p - (1 - t) log(1 - p)`, in the form that does not overflow on either side. */
function logLoss({ scores, targets, weights }: WeightedScores, slope: number, offset: number): number {
  let sum = 0;
  for (let pair = 0; pair < scores.length; pair++) {
    const exponent = slope * scores[pair]! + offset;
    sum +=
      weights[pair]! *
      (exponent >= 0
        ? targets[pair]! * exponent + Math.log1p(Math.exp(-exponent))
        : (targets[pair]! - 1) * exponent + Math.log1p(Math.exp(exponent)));
  }
  return sum / scores.length;
}

/** Returns gradient and Hessian of the mean loss with respect to slope and offset. */
function derivatives({ scores, targets, weights }: WeightedScores, slope: number, offset: number) {
  const gradient: [number, number] = [0, 0];
  // A small number on the diagonal keeps the matrix regular (σ of Lin et al.).
  const hessian: [number, number, number] = [1e-12, 0, 1e-12];
  const count = scores.length;
  for (let pair = 0; pair < count; pair++) {
    const score = scores[pair]!;
    const exponent = slope * score + offset;
    // Both tails from one exponential, without cancellation.
    const exponential = Math.exp(-Math.abs(exponent));
    const [larger, smaller] = [1 / (1 + exponential), exponential / (1 + exponential)];
    const probability = exponent > 0 ? smaller : larger;
    const difference = (weights[pair]! * (targets[pair]! - probability)) / count;
    const curvature = (weights[pair]! * larger * smaller) / count;
    gradient[0] += score * difference;
    gradient[1] += difference;
    hessian[0] += score * score * curvature;
    hessian[1] += score * curvature;
    hessian[2] += curvature;
  }
  return { gradient, hessian };
}

/**
 * Returns the probability that a pair of the given similarity shows one identity.
 * @throws MetricsError if the similarity or the curve is not a number
 */
export function logisticProbability({ slope, offset }: LogisticCurve, similarity: number): number {
  const exponent = slope * similarity + offset;
  if (typeof similarity === 'number' && !Number.isNaN(exponent)) return logistic(-exponent);
  throw new MetricsError(
    `logisticProbability: similarity, slope and offset must be numbers, but are ${String(similarity)}, ${String(slope)} ` +
      `and ${String(offset)}.`,
  );
}

/** Returns `1 / (1 + exp(-x))` without overflow. */
function logistic(x: number): number {
  if (x >= 0) return 1 / (1 + Math.exp(-x));
  const exponential = Math.exp(x);
  return exponential / (1 + exponential);
}
