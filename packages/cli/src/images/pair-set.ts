import { DataError } from '@openset/core';
import { type ImageSource, subsetSource, type VerificationSet, verificationImages } from '@openset/data';
import { samplePairs } from '@openset/metrics';

/** Pairs of images, each with the label whether it shows one person. */
export interface PairSet {
  readonly images: ImageSource;
  /** `[pairs, 2]` row-major: indices of images. */
  readonly pairs: Uint32Array;
  /** `[pairs]`: 1 for the same person, 0 for different people. */
  readonly isSame: Uint8Array;
  /** `[pairs]`: fold of each pair; null if the set has no folds. */
  readonly folds: Int32Array | null;
  /** Absolute paths of the images; missing if they are not separate files. */
  readonly files?: readonly string[];
}

/**
 * Converts a verification set to a pair set.
 * @param name path of the set, for messages
 * @throws DataError if all pairs are of the same person or all of different people
 */
export function toPairSet(set: VerificationSet, name: string): PairSet {
  const { isSame, folds } = set;
  checkBothKinds(isSame, name);
  const pairs = Uint32Array.from({ length: 2 * set.size }, (_, image) => image);
  return { images: verificationImages(set), pairs, isSame, folds };
}

/**
 * Checks that pairs are of both kinds.
 * @param name path of the set, for messages
 * @throws DataError if all pairs are of the same person or all of different people
 */
export function checkBothKinds(isSame: Uint8Array, name: string): void {
  const same = isSame.reduce((sum, value) => sum + value, 0);
  if (same > 0 && same < isSame.length) return;
  throw new DataError(
    `'${name}' has ${same} pairs of the same person and ${isSame.length - same} of different people, but needs both.`,
  );
}

/** Pairs without their images. */
export type PairIndices = Pick<PairSet, 'pairs' | 'isSame' | 'folds'>;

/**
 * Returns the pairs whose two images are among those kept.
 * @param kept indices of images, ascending; pairs of the result have positions in this list
 */
export function pairsAmong({ pairs, isSame, folds }: PairIndices, kept: Int32Array): PairIndices {
  const positions = new Map(Array.from(kept, (index, position) => [index, position]));
  const rows = [...isSame.keys()].filter(
    (row) => positions.has(pairs[2 * row]!) && positions.has(pairs[2 * row + 1]!),
  );
  return {
    pairs: Uint32Array.from(
      rows.flatMap((row) => [pairs[2 * row]!, pairs[2 * row + 1]!]),
      (index) => positions.get(index)!,
    ),
    isSame: Uint8Array.from(rows, (row) => isSame[row]!),
    folds: folds && Int32Array.from(rows, (row) => folds[row]!),
  };
}

/**
 * Returns a set with the kept images only, and the pairs among them.
 * @param kept indices of images, ascending
 * @param name path of the set, for messages
 * @throws DataError if no pairs of the same person or none of different people are left
 */
export function keepImages(set: PairSet, kept: Int32Array, name: string): PairSet {
  if (kept.length === set.images.size) return set;
  const left = pairsAmong(set, kept);
  checkBothKinds(left.isSame, name);
  const { files } = set;
  return {
    ...left,
    images: { ...subsetSource(set.images, kept), close: () => set.images.close() },
    ...(files ? { files: Array.from(kept, (index) => files[index]!) } : {}),
  };
}

/** Returns an equal set whose images are different files, so that an image of several pairs is read and embedded once. */
export function shareImages(set: PairSet & { readonly files: readonly string[] }): PairSet {
  const { files, images } = set;
  const positions = new Map<string, number>();
  const firsts: number[] = [];
  files.forEach((file, image) => {
    if (positions.has(file)) return;
    positions.set(file, firsts.length);
    firsts.push(image);
  });
  if (firsts.length === files.length) return set;
  return {
    ...set,
    images: { ...subsetSource(images, firsts), close: () => images.close() },
    pairs: set.pairs.map((image) => positions.get(files[image]!)!),
    files: [...positions.keys()],
  };
}

/**
 * Samples balanced pairs from labelled images. The result has only the images in these pairs.
 * @param maximum number of pairs of the same person, and of different people
 */
export function samplePairSet(
  source: ImageSource,
  { maximum, seed, name }: { readonly maximum: number; readonly seed: number; readonly name: string },
): PairSet {
  const { pairs, isSame } = sampleBalancedPairs(source.labels, { maximum, seed, name });
  const rows = [...new Set(pairs)].sort((first, second) => first - second);
  const positions = new Map(rows.map((row, position) => [row, position]));
  return {
    images: subsetSource(source, rows),
    pairs: pairs.map((row) => positions.get(row)!),
    isSame,
    folds: null,
  };
}

/**
 * Samples as many pairs of the same class as of different classes.
 * @throws DataError if there are no pairs of the same class or none of different classes
 */
export function sampleBalancedPairs(
  labels: ArrayLike<number>,
  { maximum, seed, name }: { readonly maximum: number; readonly seed: number; readonly name: string },
): { readonly pairs: Uint32Array; readonly isSame: Uint8Array } {
  const counts = new Map<number, number>();
  for (const label of Array.from(labels)) counts.set(label, (counts.get(label) ?? 0) + 1);
  const same = [...counts.values()].reduce((sum, count) => sum + (count * (count - 1)) / 2, 0);
  const different = (labels.length * (labels.length - 1)) / 2 - same;
  const half = Math.min(maximum, same, different);
  if (half > 0) return samplePairs(labels, { count: 2 * half, seed });
  throw new DataError(
    counts.size < 2
      ? `'${name}' has images of one person only, so there are no pairs of different people.`
      : `'${name}' has one image of each person, so there are no pairs of the same person.`,
  );
}
