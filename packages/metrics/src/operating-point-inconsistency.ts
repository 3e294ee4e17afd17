import { type AcceptedPairs, countAcceptedPairs } from './accepted-pairs.ts';
import { type BlockProduct, plainBlockProduct } from './block-product.ts';
import {
  type CalibrationRange,
  checkCalibrationRange,
  cosineOf,
  cosinesAtFars,
  thresholdGrid,
} from './calibration-range.ts';
import { checkWhole } from './checks.ts';
import { numberGroups } from './group-numbers.ts';
import { highestNegatives } from './highest-scores.ts';
import { numberIdentities } from './identity-numbers.ts';
import { MetricsError } from './metrics-error.ts';
import { groupClasses, identityClasses, type PairClass } from './pair-classes.ts';
import { rememberProducts } from './remember-products.ts';
import { scanPairs, type VisitScores } from './scan-pairs.ts';
import { unitRows } from './unit-rows.ts';

/** Options of `operatingPointInconsistency`. */
export interface InconsistencyOptions extends CalibrationRange {
  /** Number of equally spaced distances in the range, both ends included: at least 2, default 101. */
  readonly thresholds?: number;
  /** β, above 0, default 1: how many times as much sensitivity counts as specificity. */
  readonly utilityWeight?: number;
  /** `[rows]`: group of each row's identity, any number, `null` for none. Compares groups in place of identities. */
  readonly groups?: ArrayLike<number | null>;
  /** Product of two blocks of rows, default `plainBlockProduct`. */
  readonly multiply?: BlockProduct;
  /** Rows of a block, at least 1, default 1024. */
  readonly blockRows?: number;
  /** Largest number of scores to keep, default 2²⁴ (64 MiB): more are computed again in each of three passes. */
  readonly memory?: number;
}

/** Utility of one identity or group over the thresholds. */
export interface ClassUtility {
  /** Its label. */
  readonly label: number;
  /** Number of its pairs of the same identity. */
  readonly positives: number;
  /** Number of its pairs of different identities. */
  readonly negatives: number;
  /** `[thresholds]`: in `[0, 1]`. */
  readonly utility: Float64Array<ArrayBuffer>;
  /** Mean squared difference to the mean utility of all classes. */
  readonly deviation: number;
}

/** Whether one threshold serves all identities or groups alike. */
export interface OperatingPointInconsistency {
  /** OPIS, at least 0: the mean of the deviations. Lower is better; 0 if all utilities are equal, or there is one class. */
  readonly score: number;
  /** `[thresholds]`: distances of unit vectors, ascending. A pair is accepted at a distance up to it. */
  readonly distances: Float64Array<ArrayBuffer>;
  /** `[thresholds]`: the same thresholds as cosines, descending. */
  readonly cosines: Float64Array<ArrayBuffer>;
  /** Identities or groups with both kinds of pairs, in order of first appearance. */
  readonly classes: readonly ClassUtility[];
  /** `[thresholds]`: mean utility of the classes. */
  readonly meanUtility: Float64Array<ArrayBuffer>;
  /** Number of all pairs of different identities, which `farRange` refers to. */
  readonly negatives: number;
}

/**
 * Returns the operating-point-inconsistency score (OPIS): how far the utility of one threshold differs between identities, or
 * between groups of them. Zhang et al., "Threshold-Consistent Margin Loss for Open-World Deep Metric Learning", ICLR 2024,
 * arXiv 2307.04047. The authors published no code; the formula is that of the abstract and of secondary sources.
 *
 * The distance of a pair is `‖x̂ᵢ − x̂ⱼ‖` for unit rows. For class k and distance d, the sensitivity φ is the share of k's pairs
 * of the same identity at a distance of at most d. The specificity ψ is the share of k's pairs of different identities at a
 * distance above d. The utility is `U_k(d) = (1 + β²) ψ φ / (β² ψ + φ)`, or 0 if both shares are 0. The deviation of k is the mean
 * of `(U_k(d) − mean_k U(d))²` over equally spaced distances of a calibration range, and the score the mean deviation.
 *
 * - Classes are identities with two samples or more; their pairs of different identities have exactly one sample in k.
 * - With `groups`, classes are groups of identities. Both samples of a pair are in the group: most false accepts happen between
 *   people of one group, and averages over other groups hide them.
 *
 * The calibration range always refers to all pairs of different identities, whatever their class. A class of few pairs has a
 * coarse utility, which raises the score: compare scores of one data set only.
 *
 * Scores are float32 cosines, streamed in blocks: memory grows with rows and with `classes · thresholds`, never with pairs.
 *
 * @param embeddings `[rows, size]`, row-major; need not be normalised
 * @param labels `[rows]`: identities, any numbers
 * @param size the embedding size
 * @throws MetricsError if lengths do not match, `unitRows` rejects a row, there are fewer than two identities, no class has
 *   both kinds of pairs, rows of an identity have different groups, an option is out of range, the calibration range is
 *   empty, or `multiply` returns values that are not cosines
 */
export function operatingPointInconsistency(
  embeddings: ArrayLike<number>,
  labels: ArrayLike<number>,
  size: number,
  options: InconsistencyOptions = {},
): OperatingPointInconsistency {
  const caller = 'operatingPointInconsistency';
  const { multiply = plainBlockProduct, blockRows = 1024, memory = 2 ** 24 } = options;
  const { thresholds = 101, utilityWeight = 1 } = options;
  checkWhole(`${caller}: thresholds`, thresholds, 2);
  checkWhole(`${caller}: memory`, memory, 0);
  checkWeight(`${caller}: utilityWeight`, utilityWeight);
  checkCalibrationRange(caller, options);
  const a = unitRows(embeddings, size, `${caller}: embeddings`);
  const rows = a.length / size;
  const named = { name: `${caller}: labels`, labels, rows };
  const { numbers, rowCounts, labels: distinct } = numberIdentities(named);
  const [identities, samples] = [numbers[0]!, rowCounts[0]!];
  const negatives = samples.reduce((sum, own) => sum + own * (rows - own), 0) / 2;
  if (negatives === 0) {
    throw new MetricsError(`${caller} needs at least two identities, but found one: add samples of others.`);
  }
  const groups = options.groups && numberGroups(caller, options.groups, identities, samples.length);
  const classes = (groups ? groupClasses(groups, samples) : identityClasses(distinct, samples, rows)).filter(
    (one) => one.positives > 0 && one.negatives > 0,
  );
  if (classes.length === 0) throw noClassError(caller, groups !== undefined);

  const kept = rows * (rows + blockRows) <= 2 * memory ? rememberProducts(multiply) : multiply;
  const scan = (visit: VisitScores) => scanPairs({ caller, a, size, multiply: kept, blockRows }, visit);
  const [nearest, farthest] = options.distanceRange
    ? options.distanceRange.map(cosineOf)
    : cosinesAtFars(caller, options.farRange ?? [0.01, 0.1], negatives, (ranks) =>
        highestNegatives(caller, scan, identities, ranks),
      );
  const { distances, cosines } = thresholdGrid(nearest!, farthest!, thresholds);
  const groupOf = groups?.groupOf ?? new Int32Array(samples.length);
  const accepted = countAcceptedPairs(caller, scan, identities, groupOf, cosines);
  const utilities = classes.map((one) => utilityOf(one, accepted, thresholds, utilityWeight));
  const meanUtility = Float64Array.from({ length: thresholds }, (_, threshold) =>
    mean(utilities.map((utility) => utility[threshold]!)),
  );
  const measured = classes.map(({ label, positives, negatives }, index) => {
    const utility = utilities[index]!;
    const deviation = mean(meanUtility.map((average, threshold) => (utility[threshold]! - average) ** 2));
    return { label, positives, negatives, utility, deviation };
  });
  const score = mean(measured.map(({ deviation }) => deviation));
  return { score, distances, cosines, classes: measured, meanUtility, negatives };
}

/** Returns `[thresholds]`: the utility of a class. */
function utilityOf(
  { members, positives, negatives, membersOfNegative }: PairClass,
  accepted: AcceptedPairs,
  thresholds: number,
  weight: number,
): Float64Array<ArrayBuffer> {
  const sum = (counts: Float64Array, threshold: number) =>
    members.reduce((total, identity) => total + counts[identity * thresholds + threshold]!, 0);
  return Float64Array.from({ length: thresholds }, (_, threshold) => {
    const sensitivity = sum(accepted.positives, threshold) / positives;
    const specificity = 1 - sum(accepted.negatives, threshold) / membersOfNegative / negatives;
    const denominator = weight ** 2 * specificity + sensitivity;
    return denominator === 0 ? 0 : ((1 + weight ** 2) * specificity * sensitivity) / denominator;
  });
}

function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let index = 0; index < values.length; index++) sum += values[index]!;
  return sum / values.length;
}

function checkWeight(what: string, value: number): void {
  if (value > 0 && Number.isFinite(value)) return;
  throw new MetricsError(`${what} must be a finite number above 0, but is ${String(value)}.`);
}

function noClassError(caller: string, isOfGroups: boolean): MetricsError {
  return new MetricsError(
    isOfGroups
      ? `${caller} needs a group of two identities, one of them with two samples, but found none: add samples.`
      : `${caller} needs an identity with two samples, but found none: add samples.`,
  );
}
