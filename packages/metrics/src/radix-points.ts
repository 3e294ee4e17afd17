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
import type { OperatingPointSearch } from './score-stream.ts';
import type { OperatingPoint } from './tar-at-far.ts';

/** Number of scores of each kind in each bin. Float64, because counts may exceed 2³². */
interface Counts {
  readonly same: Float64Array;
  readonly different: Float64Array;
}

/**
 * Finds operating points in two passes and constant memory, by radix selection (Knuth, "The Art of Computer Programming",
 * vol. 3, §5.2.5). Each float32 score has a 32-bit *key* of the same order. The first pass counts the upper 16 bits. The
 * second counts the lower 16 bits of the scores that share the upper half of a threshold.
 */
export function radixPoints({
  caller,
  positives,
  negatives,
  scan,
  allowed,
}: OperatingPointSearch): OperatingPoint[] {
  const upper: Counts = { same: new Float64Array(radixBins), different: new Float64Array(radixBins) };
  const { same: upperSame, different: upperDifferent } = upper;
  scan((scores, start, end, identities, firstIdentity, identity) => {
    const words = viewBits(scores);
    const shift = firstIdentity - start;
    for (let index = start; index < end; index++) {
      const bin = binOfKey(sortKey(words[index]!));
      if (identities[index + shift] === identity) upperSame[bin]! += 1;
      else upperDifferent[bin]! += 1;
    }
  });
  for (const counts of [upperSame, upperDifferent]) checkCosineBins(caller, counts);

  // The bin of each negative that must just be rejected, and the next bin above it that holds a positive.
  const searches = allowed.map((count) => {
    const bin = count < negatives ? findBinFromTop(upper.different, count) : -1;
    const next = upper.same.findIndex((found, other) => other > bin && found > 0);
    return { count, bin, next };
  });
  const lower = new Map<number, Counts>();
  for (const { bin, next } of searches) {
    for (const counted of [bin, next]) {
      if (counted < 0 || lower.has(counted)) continue;
      lower.set(counted, { same: new Float64Array(radixBins), different: new Float64Array(radixBins) });
    }
  }
  const isCounted = Uint8Array.from({ length: radixBins }, (_, bin) => (lower.has(bin) ? 1 : 0));
  scan((scores, start, end, identities, firstIdentity, identity) => {
    const words = viewBits(scores);
    const shift = firstIdentity - start;
    for (let index = start; index < end; index++) {
      const key = sortKey(words[index]!);
      // Few scores are near a threshold.
      if (isCounted[binOfKey(key)] === 0) continue;
      const counts = lower.get(binOfKey(key))!;
      const kind = identities[index + shift] === identity ? counts.same : counts.different;
      kind[key & 0xffff]! += 1;
    }
  });

  return searches.map(({ count, bin, next }) => {
    // The key of the threshold: the lowest positive above the rejected negative, in the same bin or the next.
    let [high, low] = [next, next < 0 ? -1 : lower.get(next)!.same.findIndex((found) => found > 0)];
    if (bin >= 0) {
      const { same, different } = lower.get(bin)!;
      const rejected = findBinFromTop(different, count - sumAbove(upper.different, bin));
      const inBin = same.findIndex((found, half) => half > rejected && found > 0);
      if (inBin >= 0) [high, low] = [bin, inBin];
    }
    if (high < 0) return { tar: 0, far: 0, threshold: Number.POSITIVE_INFINITY };
    const halves = lower.get(high)!;
    const accepted = (kind: keyof Counts) => sumAbove(upper[kind], high) + sumAbove(halves[kind], low - 1);
    return {
      tar: accepted('same') / positives,
      far: accepted('different') / negatives,
      threshold: scoreFromHalves(high, low),
    };
  });
}
