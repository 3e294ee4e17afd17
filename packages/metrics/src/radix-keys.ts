import { cosineError, largestCosine } from './scan-pairs.ts';

/**
 * Radix selection among streamed scores (Knuth, "The Art of Computer Programming", vol. 3, §5.2.5): each float32 score has a
 * 32-bit *key* of the same order. One pass counts the upper 16 bits; a second one counts the lower 16 bits of the scores that
 * share the upper half of a wanted one.
 */

/** Bins of a pass: one for each value of 16 bits. */
export const radixBins = 2 ** 16;

/** Returns a view of the scores' bits. */
export function viewBits(scores: Float32Array): Int32Array {
  return new Int32Array(scores.buffer, scores.byteOffset, scores.length);
}

/**
 * Returns the key of a score's bits. Reverses the order of negative numbers and maps -0, the lowest word, to 0. Does not
 * branch on the sign, which a processor cannot predict.
 */
export function sortKey(word: number): number {
  return word === -0x80000000 ? 0 : word ^ ((word >> 31) & 0x7fffffff);
}

/** Returns the bin of a key, from 0: its upper 16 bits. */
export function binOfKey(key: number): number {
  return (key >> 16) + radixBins / 2;
}

/** Returns the score whose key has this bin as its upper half, and this lower half. */
export function scoreFromHalves(bin: number, lower: number): number {
  const key = (bin - radixBins / 2) * radixBins + lower;
  const word = key >= 0 ? key : key ^ 0x7fffffff;
  return new Float32Array(new Int32Array([word]).buffer)[0]!;
}

/** Returns the bin of the element with a rank; rank 0 is the highest element. */
export function findBinFromTop(counts: Float64Array, rank: number): number {
  let above = 0;
  let bin = counts.length;
  while (above <= rank) above += counts[--bin]!;
  return bin;
}

/** Returns the number of elements in the bins above one. */
export function sumAbove(counts: Float64Array, bin: number): number {
  let sum = 0;
  for (let index = bin + 1; index < counts.length; index++) sum += counts[index]!;
  return sum;
}

/**
 * Checks that no score is NaN or outside the range of a cosine, to the width of a bin.
 * @param upper `[radixBins]`: number of scores by the upper half of their keys
 * @throws MetricsError that states the score
 */
export function checkCosineBins(caller: string, upper: Float64Array): void {
  const word = new Int32Array(new Float32Array([largestCosine]).buffer)[0]!;
  const [low, high] = [binOfKey(word ^ -1), binOfKey(word)];
  for (let bin = 0; bin < radixBins; bin++) {
    if (bin >= low && bin <= high) continue;
    if (upper[bin]! > 0) throw cosineError(caller, scoreFromHalves(bin, 0));
  }
}
