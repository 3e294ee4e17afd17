import { type BootstrapInterval, bootstrapInterval } from './bootstrap-interval.ts';
import { checkSameLength, readIdentity } from './checks.ts';
import { MetricsError } from './metrics-error.ts';
import { checkPairs, readPairLabel, requireBothKinds } from './sorted-similarities.ts';

/** Similarities of pairs of images, and the people on them. */
export interface PairsOfPeople {
  /** `[pairs]`: finite numbers */
  readonly similarities: ArrayLike<number>;
  /** `[pairs]`: true or 1 if both images show the same person */
  readonly isSame: ArrayLike<boolean | number>;
  /** `[pairs, 2]` row-major: the person on each image, any numbers; `null` if unknown. */
  readonly people: ArrayLike<number> | null;
}

/** Pairs whose similarities were rounded to few values, with the number of pairs at each value. */
export interface BinnedPairs {
  /** `[bins]`: similarities, ascending. */
  readonly values: Float64Array;
  /** `[bins]`: number of pairs of the same person at each value. */
  readonly same: Float64Array;
  /** `[bins]`: number of pairs of different people at each value. */
  readonly different: Float64Array;
}

/** Number of equal steps between the lowest and the highest similarity. */
const binCount = 1024;

/**
 * Returns the bootstrap interval of a statistic of pairs, such as a threshold, over resamples of the *people*: pairs that
 * share a person are not independent, so an interval over pairs is too narrow. A person who is drawn twice counts twice
 * in their pairs of the same person, and a pair of different people counts as often as the product of their draws (the
 * subsets bootstrap of Bolle, Ratha, Pankanti, "Error analysis of pattern recognition systems", CVIU 93, 2004). If the people
 * are unknown, pairs are resampled, each kind for itself.
 *
 * Similarities are rounded to 1024 steps between the lowest and the highest, each represented by the mean of its pairs. So
 * a resample costs one addition for each pair, and the statistic sees few values.
 *
 * @param statistic of the pairs, a finite number. All calls share the arrays: do not keep them
 * @param options `confidence`: above 0, below 1, default 0.95. `samples`: number of resamples, default 400. `seed`: default
 *   0; the same seed gives the same interval on every machine
 * @returns the interval; a resample that lacks a kind of pairs repeats the estimate
 * @throws MetricsError if lengths differ, a similarity is not finite, a kind of pairs is missing, or an option is out of range
 */
export function bootstrapPairs(
  pairs: PairsOfPeople,
  statistic: (pairs: BinnedPairs) => number,
  {
    confidence = 0.95,
    samples = 400,
    seed = 0,
  }: { confidence?: number; samples?: number; seed?: number } = {},
): BootstrapInterval {
  const caller = 'bootstrapPairs';
  const { similarities, people } = pairs;
  checkPairs(caller, similarities, pairs.isSame);
  const count = similarities.length;
  const isSame = Uint8Array.from({ length: count }, (_, pair) =>
    Number(readPairLabel(caller, pairs.isSame, pair)),
  );
  const positives = isSame.reduce((sum, same) => sum + same, 0);
  requireBothKinds(caller, positives, count - positives);
  const { values, binOf } = binSimilarities(caller, similarities);
  const same = new Float64Array(values.length);
  const different = new Float64Array(values.length);
  let estimate: number | undefined;
  /** Counts each pair as often as told, and returns the statistic. */
  const evaluate = (weightOf: (pair: number) => number): number => {
    same.fill(0);
    different.fill(0);
    let ofSame = 0;
    let ofDifferent = 0;
    for (let pair = 0; pair < count; pair++) {
      const weight = weightOf(pair);
      if (isSame[pair]) {
        same[binOf[pair]!]! += weight;
        ofSame += weight;
      } else {
        different[binOf[pair]!]! += weight;
        ofDifferent += weight;
      }
    }
    if (estimate !== undefined && (ofSame === 0 || ofDifferent === 0)) return estimate;
    const found = statistic({ values, same, different });
    estimate ??= found;
    return found;
  };
  const options = { confidence, samples, seed };
  if (people === null) {
    const draws = new Uint32Array(count);
    const resample = (indices: Uint32Array) => {
      draws.fill(0);
      for (const pair of indices) draws[pair]! += 1;
      return evaluate((pair) => draws[pair]!);
    };
    return bootstrapInterval(resample, count, { ...options, strata: isSame });
  }
  checkSameLength(`${caller}: people`, people.length, `${count} pairs`, 2 * count);
  const { numbers, distinct } = numberPeople(caller, people);
  const draws = new Uint32Array(distinct);
  const resample = (indices: Uint32Array) => {
    draws.fill(0);
    for (const person of indices) draws[person]! += 1;
    return evaluate((pair) => {
      const first = draws[numbers[2 * pair]!]!;
      return isSame[pair] ? first : first * draws[numbers[2 * pair + 1]!]!;
    });
  };
  return bootstrapInterval(resample, distinct, options);
}

/** Rounds similarities to bins, and drops empty ones. */
function binSimilarities(caller: string, similarities: ArrayLike<number>) {
  const count = similarities.length;
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let pair = 0; pair < count; pair++) {
    const value = similarities[pair]!;
    if (!Number.isFinite(value)) {
      throw new MetricsError(
        `${caller}: similarities[${pair}] is ${String(value)}, but must be a finite number.`,
      );
    }
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  const range = high > low ? high - low : 1;
  const binOf = new Uint16Array(count);
  const sums = new Float64Array(binCount);
  const counts = new Uint32Array(binCount);
  for (let pair = 0; pair < count; pair++) {
    // Dividing first also holds for a range so small that its reciprocal is infinite.
    const bin = Math.round(((similarities[pair]! - low) / range) * (binCount - 1));
    binOf[pair] = bin;
    sums[bin]! += similarities[pair]! - low;
    counts[bin]! += 1;
  }
  const filled = [...counts.keys()].filter((bin) => counts[bin]! > 0);
  const places = new Uint16Array(binCount);
  filled.forEach((bin, place) => {
    places[bin] = place;
  });
  return {
    values: Float64Array.from(filled, (bin) => low + sums[bin]! / counts[bin]!),
    binOf: binOf.map((bin) => places[bin]!),
  };
}

/** Numbers people from 0. */
function numberPeople(caller: string, people: ArrayLike<number>) {
  const known = new Map<number, number>();
  const numbers = new Uint32Array(people.length);
  for (let image = 0; image < people.length; image++) {
    const person = readIdentity(`${caller}: people`, people, image);
    const number = known.get(person) ?? known.size;
    known.set(person, number);
    numbers[image] = number;
  }
  return { numbers, distinct: known.size };
}
