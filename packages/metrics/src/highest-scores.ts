import {
  binOfKey,
  checkCosineBins,
  findBinFromTop,
  radixBins,
  scoreFromHalves,
  sortKey,
  sumAbove,
  viewBits,
} from './radix-keys.ts';
import type { VisitScores } from './scan-pairs.ts';

/**
 * Returns the scores of given ranks among the pairs of different identities, in two passes and constant memory.
 *
 * @param scan visits the scores of all pairs, as `scanPairs`
 * @param identities `[rows]`: whole numbers
 * @param ranks whole numbers below the number of such pairs; 0 is the highest score
 * @throws MetricsError if a score is not a cosine
 */
export function highestNegatives(
  caller: string,
  scan: (visit: VisitScores) => void,
  identities: Int32Array,
  ranks: readonly number[],
): number[] {
  /** Calls `count` with the bits of each score of different identities. */
  const visitNegatives = (count: (word: number) => void): void => {
    scan((scores, start, end, row, firstColumn) => {
      const words = viewBits(scores);
      const identity = identities[row];
      for (let index = start; index < end; index++) {
        if (identities[firstColumn + index - start] !== identity) count(words[index]!);
      }
    });
  };
  const upper = new Float64Array(radixBins);
  visitNegatives((word) => {
    upper[binOfKey(sortKey(word))]! += 1;
  });
  checkCosineBins(caller, upper);
  const bins = ranks.map((rank) => findBinFromTop(upper, rank));
  const lower = new Map(bins.map((bin) => [bin, new Float64Array(radixBins)]));
  visitNegatives((word) => {
    const key = sortKey(word);
    const counts = lower.get(binOfKey(key));
    if (counts) counts[key & 0xffff]! += 1;
  });
  return ranks.map((rank, index) => {
    const bin = bins[index]!;
    return scoreFromHalves(bin, findBinFromTop(lower.get(bin)!, rank - sumAbove(upper, bin)));
  });
}
