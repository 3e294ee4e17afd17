import type { ImageRecord } from '../source.ts';
import { checkIndex } from './check-index.ts';
import type { PairList } from './pair-list.ts';

/** Pairs of images and whether each shows the same person, to measure verification. */
export interface VerificationSet {
  /** Number of pairs. */
  readonly size: number;
  /** 1 for a pair of the same person, 0 for a pair of two people. */
  readonly isSame: Uint8Array;
  /** Fold of each pair, from 0; null if the set has no folds. */
  readonly folds: Int32Array | null;
  /** Returns the name of an image in messages, without reading it; missing in sets that know none. */
  origin?(index: number): string;
  /**
   * Reads one of the `2 · size` images; `2i` and `2i + 1` are pair `i`. Labels are −1.
   * @throws DataError if the image cannot be read; RangeError if the set has no such image
   */
  image(index: number): Promise<ImageRecord>;
  /** Closes the files of the set. Call it after the last image. */
  close(): Promise<void>;
}

/**
 * Returns the verification set of a list of pairs.
 * @param readFile reads an image, given its path in the list
 */
export function verificationSetFromPairs(
  pairs: PairList,
  readFile: (path: string) => Promise<Uint8Array>,
): VerificationSet {
  const { first, second, isSame, folds } = pairs;
  const origin = (index: number) => (index % 2 === 0 ? first : second)[index >> 1] as string;
  return {
    size: first.length,
    isSame,
    folds,
    origin,
    async image(index) {
      checkIndex('The list of pairs', index, 2 * first.length);
      const path = origin(index);
      return { bytes: await readFile(path), label: -1, origin: path };
    },
    close: async () => {},
  };
}
