import { requireCosine, type VisitScores } from './scan-pairs.ts';

/** Number of accepted pairs of each identity at each of several thresholds. */
export interface AcceptedPairs {
  /** `[identities, thresholds]`: accepted pairs of two samples of the identity. */
  readonly positives: Float64Array;
  /** `[identities, thresholds]`: accepted pairs of a sample of the identity and one of another. */
  readonly negatives: Float64Array;
}

/**
 * Counts the accepted pairs of each identity in one pass. A pair is accepted at a threshold iff its cosine reaches it.
 *
 * @param scan visits the scores of all pairs, as `scanPairs`
 * @param identities `[rows]`: whole numbers below `groupOf.length`
 * @param groupOf `[identities]`: pairs of different identities count only within a group
 * @param cosines `[thresholds]`: thresholds, descending
 * @throws MetricsError if a score is not a cosine
 */
export function countAcceptedPairs(
  caller: string,
  scan: (visit: VisitScores) => void,
  identities: Int32Array,
  groupOf: Int32Array,
  cosines: Float64Array,
): AcceptedPairs {
  const thresholds = cosines.length;
  const positives = new Float64Array(groupOf.length * thresholds);
  const negatives = new Float64Array(groupOf.length * thresholds);
  const lowest = cosines[thresholds - 1]!;
  scan((scores, start, end, row, firstColumn) => {
    const identity = identities[row]!;
    const group = groupOf[identity];
    for (let index = start; index < end; index++) {
      const score = scores[index]!;
      requireCosine(caller, score);
      if (score < lowest) continue;
      const first = firstAccepting(cosines, score);
      const other = identities[firstColumn + index - start]!;
      if (other === identity) positives[identity * thresholds + first]! += 1;
      else if (groupOf[other] === group) {
        negatives[identity * thresholds + first]! += 1;
        negatives[other * thresholds + first]! += 1;
      }
    }
  });
  for (const counts of [positives, negatives]) accumulateRows(counts, thresholds);
  return { positives, negatives };
}

/** Returns the index of the first threshold that a score reaches; it must reach the last. */
function firstAccepting(cosines: Float64Array, score: number): number {
  let [low, high] = [0, cosines.length - 1];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (score >= cosines[middle]!) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Replaces each element by the sum of its row up to it. */
function accumulateRows(values: Float64Array, columns: number): void {
  for (let index = 1; index < values.length; index++) {
    if (index % columns > 0) values[index]! += values[index - 1]!;
  }
}
