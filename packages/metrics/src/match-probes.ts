import { checkNotEmpty, checkSameLength, readScore } from './checks.ts';
import { numberIdentities } from './identity-numbers.ts';

/** The best scores of each probe with the correct and the wrong rows of the gallery, and its rank. */
export interface ProbeMatches {
  /** `[probes]`: highest score with a gallery row of the probe's identity; `-Infinity` if there is none. */
  readonly bestRight: Float64Array;
  /** `[probes]`: highest score with any other gallery row; `-Infinity` if there is none. */
  readonly bestWrong: Float64Array;
  /**
   * `[probes]`: one more than the number of wrong gallery rows that score at least `bestRight`, so a tie counts against
   * the probe; 0 for a stranger, whose identity the gallery lacks.
   */
  readonly ranks: Uint32Array;
}

/**
 * Ranks probes against a gallery, for `rankAccuracy`, `cmcCurve` and `dirAtFar`.
 *
 * An identity may have several gallery rows. Its best row counts, and each row of other identities that scores at least as
 * high adds one to the rank. Time `O(probes · gallery)`.
 *
 * @param scores `[probes, gallery]`, row-major: larger means more alike; finite, or `-Infinity` for "never accepted"
 * @param probeLabels `[probes]`: identities, any numbers. A probe whose identity the gallery lacks is a stranger
 * @param galleryLabels `[gallery]`: identities
 * @throws MetricsError if the lengths do not match, a label is not a number, or a score is NaN or `Infinity`
 */
export function matchProbes(
  scores: ArrayLike<number>,
  probeLabels: ArrayLike<number>,
  galleryLabels: ArrayLike<number>,
): ProbeMatches {
  const { numbers, rowCounts } = numberIdentities(
    { name: 'matchProbes: probeLabels', labels: probeLabels, rows: probeLabels?.length },
    { name: 'matchProbes: galleryLabels', labels: galleryLabels, rows: galleryLabels?.length },
  );
  const [probes, gallery] = [numbers[0]!, numbers[1]!];
  checkNotEmpty('matchProbes: scores', scores);
  const shape = `[${probes.length} probes, ${gallery.length} gallery rows]`;
  checkSameLength('matchProbes: scores', scores.length, shape, probes.length * gallery.length);

  const bestRight = new Float64Array(probes.length).fill(Number.NEGATIVE_INFINITY);
  const bestWrong = bestRight.slice();
  const ranks = new Uint32Array(probes.length);
  for (let probe = 0; probe < probes.length; probe++) {
    const identity = probes[probe]!;
    const row = probe * gallery.length;
    let [right, wrong] = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let column = 0; column < gallery.length; column++) {
      const score = readScore('matchProbes: scores', scores, row + column);
      if (gallery[column] === identity) right = Math.max(right, score);
      else wrong = Math.max(wrong, score);
    }
    bestRight[probe] = right;
    bestWrong[probe] = wrong;
    if (rowCounts[1]![identity] === 0) continue;
    let rank = 1;
    for (let column = 0; column < gallery.length; column++) {
      if (gallery[column] !== identity && scores[row + column]! >= right) rank += 1;
    }
    ranks[probe] = rank;
  }
  return { bestRight, bestWrong, ranks };
}
