import { badScore, largestCosine } from './scan-pairs.ts';
import type { OperatingPointSearch } from './score-stream.ts';
import type { OperatingPoint } from './tar-at-far.ts';

/** Bins of a pass: one for each value of 16 bits. */
const bins = 2 ** 16;

/** How many scores of each kind there are in each bin. Float64: counts may pass 2³². */
interface Counts {
  readonly same: Float64Array;
  readonly different: Float64Array;
}

/**
 * Operating points in two passes and constant memory, by radix selection (Knuth, "The Art of Computer Programming",
 * vol. 3, §5.2.5). Float32 numbers are ordered as the 32 bits of a *key*: the first pass counts the upper 16 bits, the
 * second the lower 16 of those scores that share the upper half of a threshold.
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
    const words = wordsOf(scores);
    const shift = firstIdentity - start;
    for (let place = start; place < end; place++) {
      const bin = upperHalf(keyOf(words[place]!));
      if (identities[place + shift] === identity) upperSame[bin]! += 1;
      else upperDifferent[bin]! += 1;
    }
  });
  checkRange(caller, upper);

  // A bin for each negative that must just be rejected, and one for the lowest positive above it.
  const places = allowed.map((count) => {
    const bin = count < negatives ? binFromTop(upper.different, count) : -1;
    const next = upper.same.findIndex((found, place) => place > bin && found > 0);
    return { count, bin, next };
  });
  const lower = new Map<number, Counts>();
  for (const { bin, next } of places) {
    for (const place of [bin, next]) {
      if (place < 0 || lower.has(place)) continue;
      lower.set(place, { same: new Float64Array(bins), different: new Float64Array(bins) });
    }
  }
  const wanted = Uint8Array.from({ length: bins }, (_, bin) => (lower.has(bin) ? 1 : 0));
  scan((scores, start, end, identities, firstIdentity, identity) => {
    const words = wordsOf(scores);
    const shift = firstIdentity - start;
    for (let place = start; place < end; place++) {
      const key = keyOf(words[place]!);
      // Few scores are near a threshold.
      if (wanted[upperHalf(key)] === 0) continue;
      const counts = lower.get(upperHalf(key))!;
      const kind = identities[place + shift] === identity ? counts.same : counts.different;
      kind[key & 0xffff]! += 1;
    }
  });

  return places.map(({ count, bin, next }) => {
    // The key of the threshold: the lowest positive above the rejected negative, in its bin or the next with any.
    let [place, low] = [next, next < 0 ? -1 : lower.get(next)!.same.findIndex((found) => found > 0)];
    if (bin >= 0) {
      const { same, different } = lower.get(bin)!;
      const rejected = binFromTop(different, count - sumAbove(upper.different, bin));
      const inBin = same.findIndex((found, half) => half > rejected && found > 0);
      if (inBin >= 0) [place, low] = [bin, inBin];
    }
    if (place < 0) return { tar: 0, far: 0, threshold: Number.POSITIVE_INFINITY };
    const inPlace = lower.get(place)!;
    const accepted = (kind: keyof Counts) => sumAbove(upper[kind], place) + sumAbove(inPlace[kind], low - 1);
    return {
      tar: accepted('same') / positives,
      far: accepted('different') / negatives,
      threshold: scoreOf((place - bins / 2) * bins + low),
    };
  });
}

/** The bits of scores. */
function wordsOf(scores: Float32Array): Int32Array {
  return new Int32Array(scores.buffer, scores.byteOffset, scores.length);
}

/**
 * The key of a score's bits: negative numbers have their order turned round; -0, the lowest word, is taken for 0. Without
 * a branch on the sign, which no processor can foresee.
 */
function keyOf(word: number): number {
  return word === -0x80000000 ? 0 : word ^ ((word >> 31) & 0x7fffffff);
}

/** The bin of a key, from 0. */
function upperHalf(key: number): number {
  return (key >> 16) + bins / 2;
}

/** The score that has a key. */
function scoreOf(key: number): number {
  const word = key >= 0 ? key : key ^ 0x7fffffff;
  return new Float32Array(new Int32Array([word]).buffer)[0]!;
}

/** The bin that holds the element of a rank, counted from 0 from the highest. */
function binFromTop(counts: Float64Array, rank: number): number {
  let above = 0;
  let bin = counts.length;
  while (above <= rank) above += counts[--bin]!;
  return bin;
}

/** How many there are in the bins above one. */
function sumAbove(counts: Float64Array, bin: number): number {
  let sum = 0;
  for (let place = bin + 1; place < counts.length; place++) sum += counts[place]!;
  return sum;
}

/** Refuses NaN and scores that no cosine has, to the width of a bin. */
function checkRange(caller: string, upper: Counts): void {
  const word = new Int32Array(new Float32Array([largestCosine]).buffer)[0]!;
  const [low, high] = [upperHalf(word ^ -1), upperHalf(word)];
  for (let bin = 0; bin < bins; bin++) {
    if (bin >= low && bin <= high) continue;
    if (upper.same[bin]! + upper.different[bin]! > 0)
      throw badScore(caller, scoreOf((bin - bins / 2) * bins));
  }
}
