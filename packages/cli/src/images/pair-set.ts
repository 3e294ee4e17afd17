import { DataError } from '@openset/core';
import { type ImageSource, subsetSource, type VerificationSet, verificationImages } from '@openset/data';
import { samplePairs } from '@openset/metrics';

/** Pairs of images, and whether each shows the same person. */
export interface PairSet {
  readonly images: ImageSource;
  /** `[pairs, 2]`: numbers of images. */
  readonly pairs: Uint32Array;
  /** `[pairs]`: 1 or 0. */
  readonly isSame: Uint8Array;
  /** `[pairs]`; null where the set has none. */
  readonly folds: Int32Array | null;
  /** The files of the images in full; missing where they are no files of their own. */
  readonly files?: readonly string[];
}

/**
 * The pairs of a verification set.
 * @throws DataError if a kind of pairs is missing
 */
export function pairsOfVerificationSet(set: VerificationSet, name: string): PairSet {
  const { isSame, folds } = set;
  const same = isSame.reduce((sum, value) => sum + value, 0);
  if (same === 0 || same === isSame.length) {
    throw new DataError(
      `'${name}' has ${same} pairs of one person and ${isSame.length - same} of two: both kinds are needed.`,
    );
  }
  const pairs = Uint32Array.from({ length: 2 * set.size }, (_, image) => image);
  return { images: verificationImages(set), pairs, isSame, folds };
}

/**
 * A balanced sample of the pairs of a set with classes, and only the images that occur in it.
 * @param most how many pairs of each kind, at most
 */
export function sampledPairs(
  source: ImageSource,
  { most, seed, name }: { readonly most: number; readonly seed: number; readonly name: string },
): PairSet {
  const { pairs, isSame } = balancedPairs(source.labels, { most, seed, name });
  const rows = [...new Set(pairs)].sort((first, second) => first - second);
  const places = new Map(rows.map((row, place) => [row, place]));
  return {
    images: subsetSource(source, rows),
    pairs: pairs.map((row) => places.get(row)!),
    isSame,
    folds: null,
  };
}

/**
 * As many pairs of the same class as of different ones.
 * @throws DataError if there are none of a kind
 */
export function balancedPairs(
  labels: ArrayLike<number>,
  { most, seed, name }: { readonly most: number; readonly seed: number; readonly name: string },
): { readonly pairs: Uint32Array; readonly isSame: Uint8Array } {
  const counts = new Map<number, number>();
  for (const label of Array.from(labels)) counts.set(label, (counts.get(label) ?? 0) + 1);
  const same = [...counts.values()].reduce((sum, count) => sum + (count * (count - 1)) / 2, 0);
  const different = (labels.length * (labels.length - 1)) / 2 - same;
  const half = Math.min(most, same, different);
  if (half > 0) return samplePairs(labels, { count: 2 * half, seed });
  throw new DataError(
    counts.size < 2
      ? `'${name}' has images of one person alone: there are no pairs of two people.`
      : `'${name}' has one image of each person: there are no pairs of the same person.`,
  );
}
