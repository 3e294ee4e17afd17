import { cosineError, largestCosine } from './scan-pairs.ts';
import type { OperatingPointSearch } from './score-stream.ts';
import type { OperatingPoint } from './tar-at-far.ts';

/** Bins of a pass: one for each value of 16 bits. */
const bins = 2 ** 16;

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
  const upper: Counts = { same: new Float64Array(bins), different: new Float64Array(bins) };
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
  checkCosines(caller, upper);

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
      lower.set(counted, { same: new Float64Array(bins), different: new Float64Array(bins) });
    }
  }
  const isCounted = Uint8Array.from({ length: bins }, (_, bin) => (lower.has(bin) ? 1 : 0));
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
      threshold: scoreFromKey((high - bins / 2) * bins + low),
    };
  });
}

/** Returns a view of the scores' bits. */
function viewBits(scores: Float32Array): Int32Array {
  return new Int32Array(scores.buffer, scores.byteOffset, scores.length);
}

/**
 * Returns the key of a score's bits. Reverses the order of negative numbers and maps -0, the lowest word, to 0. Does not
 * branch on the sign, which a processor cannot predict.
 */
function sortKey(word: number): number {
  return word === -0x80000000 ? 0 : word ^ ((word >> 31) & 0x7fffffff);
}

/** Returns the bin of a key, from 0: its upper 16 bits. */
function binOfKey(key: number): number {
  return (key >> 16) + bins / 2;
}

/** Returns the score of a key. */
function scoreFromKey(key: number): number {
  const word = key >= 0 ? key : key ^ 0x7fffffff;
  return new Float32Array(new Int32Array([word]).buffer)[0]!;
}

/** Returns the bin of the element with a rank; rank 0 is the highest element. */
function findBinFromTop(counts: Float64Array, rank: number): number {
  let above = 0;
  let bin = counts.length;
  while (above <= rank) above += counts[--bin]!;
  return bin;
}

/** Returns the number of elements in the bins above one. */
function sumAbove(counts: Float64Array, bin: number): number {
  let sum = 0;
  for (let index = bin + 1; index < counts.length; index++) sum += counts[index]!;
  return sum;
}

/** Rejects NaN and scores outside the range of a cosine, to the width of a bin. */
function checkCosines(caller: string, upper: Counts): void {
  const word = new Int32Array(new Float32Array([largestCosine]).buffer)[0]!;
  const [low, high] = [binOfKey(word ^ -1), binOfKey(word)];
  for (let bin = 0; bin < bins; bin++) {
    if (bin >= low && bin <= high) continue;
    if (upper.same[bin]! + upper.different[bin]! > 0)
      throw cosineError(caller, scoreFromKey((bin - bins / 2) * bins));
  }
}
