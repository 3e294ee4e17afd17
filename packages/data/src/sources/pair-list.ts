import { DataError } from '@openset/core';
import type { ListReport } from './text-lines.ts';

/** A pair of images. */
export interface Pair {
  readonly first: string;
  readonly second: string;
  readonly isSame: boolean;
  readonly fold?: number;
}

/** Pairs of images, by path. */
export interface PairList {
  /** Path of the first image of each pair. */
  readonly first: readonly string[];
  /** Path of the second image of each pair. */
  readonly second: readonly string[];
  /** 1 for a pair of the same person, 0 for a pair of two people. */
  readonly isSame: Uint8Array;
  /** Fold of each pair, as in the list; null if the list has no folds. */
  readonly folds: Int32Array | null;
  /** What became of the lines of the list; missing for pairs from elsewhere. */
  readonly report?: ListReport;
}

/** Returns the list of pairs, all or none of which have a fold. */
export function pairListOf(pairs: readonly Pair[]): PairList {
  return {
    first: pairs.map(({ first }) => first),
    second: pairs.map(({ second }) => second),
    isSame: Uint8Array.from(pairs, ({ isSame }) => (isSame ? 1 : 0)),
    folds: pairs[0]?.fold === undefined ? null : Int32Array.from(pairs, ({ fold }) => fold as number),
  };
}

/**
 * Returns sentences about pairs that occur several times and pairs of an image with itself.
 * @param locate returns the number of the line of a pair
 * @throws DataError for a pair that shows one person in one line and two people in another, and for an image that differs from
 * itself
 */
export function describeOddPairs(
  name: string,
  pairs: readonly Pair[],
  locate: (pair: number) => number,
): string[] {
  // Paths are numbered, and keys sorted as numbers: a list of millions of pairs needs no text for each pair.
  const numbers = new Map<string, number>();
  const numberOf = (path: string) => {
    const number = numbers.get(path) ?? numbers.size;
    numbers.set(path, number);
    return number;
  };
  const ends = pairs.map(({ first, second }) => [numberOf(first), numberOf(second)] as const);
  const keys = Float64Array.from(
    ends,
    ([one, other]) => Math.min(one, other) * numbers.size + Math.max(one, other),
  );
  const sorted = keys.slice().sort();
  const repeated = new Set(sorted.filter((key, index) => key === sorted[index + 1]));
  const earlier = new Map<number, number>();
  let extra = 0;
  let alone = 0;
  for (const [index, { first, second, isSame }] of pairs.entries()) {
    const quoted = `'${first}' and '${second}'`;
    if (first === second) {
      alone += 1;
      if (!isSame) {
        throw new DataError(
          `${name}, line ${locate(index)}: ${quoted} are one image, but the pair is of two people. Remove the line.`,
        );
      }
    }
    const key = keys[index] as number;
    if (!repeated.has(key)) continue;
    const other = earlier.get(key);
    if (other === undefined) earlier.set(key, index);
    else extra += 1;
    if (other !== undefined && pairs[other]?.isSame !== isSame) {
      throw new DataError(
        `${name}: the pair of ${quoted} is of ${isSame ? 'two people' : 'one person'} in line ${locate(other)} and of ` +
          `${isSame ? 'one person' : 'two people'} in line ${locate(index)}. Remove the wrong line.`,
      );
    }
  }
  return [
    ...(extra > 0 ? [`${extra} of ${pairs.length} pairs repeat an earlier one.`] : []),
    ...(alone > 0 ? [`${alone} of ${pairs.length} pairs compare an image with itself.`] : []),
  ];
}
