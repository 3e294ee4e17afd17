import { countAcceptedPairs } from './accepted-pairs.ts';
import { type BlockProduct, plainBlockProduct } from './block-product.ts';
import { checkConfidence, checkThreshold } from './checks.ts';
import { numberGroups } from './group-numbers.ts';
import { numberIdentities } from './identity-numbers.ts';
import { type RateOverPeople, rateOverPeople } from './rate-over-people.ts';
import { scanPairs } from './scan-pairs.ts';
import { unitRows } from './unit-rows.ts';

/** Error rates of one group at a threshold. */
export interface GroupRates {
  /** Its label. */
  readonly label: number;
  /** Number of its identities. */
  readonly identities: number;
  /** Number of its rows. */
  readonly rows: number;
  /** False accept rate: share of accepted pairs of two identities of the group; null if it has one identity. */
  readonly far: RateOverPeople | null;
  /** False reject rate: share of rejected pairs of one identity; null if each has one row. */
  readonly frr: RateOverPeople | null;
}

/** Options of `groupRates`. */
export interface GroupRatesOptions {
  /** Of the intervals, above 0, below 1, default 0.95. */
  readonly confidence?: number;
  /** Product of two blocks of rows, default `plainBlockProduct`. */
  readonly multiply?: BlockProduct;
  /** Rows of a block, at least 1, default 1024. */
  readonly blockRows?: number;
}

/**
 * Returns the error rates of groups of identities at one threshold, over all pairs within each group. A pair is accepted iff
 * its cosine reaches the threshold.
 *
 * The false accept rate counts pairs of two identities of one group, as NIST does for demographics (Grother, Ngan, Hanaoka,
 * "Face Recognition Vendor Test Part 3: Demographic Effects", NISTIR 8280, 2019). Pairs across groups are accepted less often
 * and hide the differences.
 *
 * Intervals are over identities, because pairs share them: Wilson's interval for as many trials as have the variance of the
 * jackknife over identities. Without errors, each identity (or each two of them) counts as one trial.
 *
 * @param embeddings `[rows, size]`, row-major; need not be normalised
 * @param labels `[rows]`: identities, any numbers
 * @param groups `[rows]`: group of each row's identity, any number, `null` for none
 * @param size the embedding size
 * @param threshold a cosine
 * @returns the groups in order of first appearance
 * @throws MetricsError if lengths do not match, `unitRows` rejects a row, rows of an identity have different groups, no row has
 *   one, the threshold is NaN, an option is out of range, or `multiply` returns values that are not cosines
 */
export function groupRates(
  embeddings: ArrayLike<number>,
  labels: ArrayLike<number>,
  groups: ArrayLike<number | null>,
  size: number,
  threshold: number,
  { confidence = 0.95, multiply = plainBlockProduct, blockRows = 1024 }: GroupRatesOptions = {},
): GroupRates[] {
  const caller = 'groupRates';
  checkThreshold(`${caller}: threshold`, threshold);
  checkConfidence(`${caller}: confidence`, confidence);
  const a = unitRows(embeddings, size, `${caller}: embeddings`);
  const named = { name: `${caller}: labels`, labels, rows: a.length / size };
  const { numbers, rowCounts } = numberIdentities(named);
  const [identities, samples] = [numbers[0]!, rowCounts[0]!];
  const { groupOf, labels: groupLabels } = numberGroups(caller, groups, identities, samples.length);
  const accepted = countAcceptedPairs(
    caller,
    (visit) => scanPairs({ caller, a, size, multiply, blockRows }, visit),
    identities,
    groupOf,
    Float64Array.of(threshold),
  );
  return groupLabels.map((label, group) => {
    const members = [...samples.keys()].filter((identity) => groupOf[identity] === group);
    const rows = members.reduce((sum, identity) => sum + samples[identity]!, 0);
    const falseAccepts = members.map((identity) => ({
      errors: accepted.negatives[identity]!,
      pairs: samples[identity]! * (rows - samples[identity]!),
    }));
    const falseRejects = members.map((identity) => {
      const pairs = (samples[identity]! * (samples[identity]! - 1)) / 2;
      return { errors: pairs - accepted.positives[identity]!, pairs };
    });
    return {
      label,
      identities: members.length,
      rows,
      far: rateOverPeople(falseAccepts, 2, confidence),
      frr: rateOverPeople(falseRejects, 1, confidence),
    };
  });
}
