import type { ImageRecord } from '../source.ts';
import { checkIndex } from './check-index.ts';
import type { PairList } from './pair-list.ts';

/** Pairs of pictures, and whether each shows the same person: what verification is measured on. */
export interface VerificationSet {
  /** Number of pairs. */
  readonly size: number;
  /** 1 where the pictures of a pair show the same person, 0 where they do not. */
  readonly isSame: Uint8Array;
  /** The fold of each pair, counted from 0; null where the set has none. */
  readonly folds: Int32Array | null;
  /**
   * Reads one of the `2 · size` pictures: `2i` and `2i + 1` are those of pair `i`. Labels are −1.
   * @throws DataError if it is damaged; RangeError if there is none
   */
  image(index: number): Promise<ImageRecord>;
  close(): Promise<void>;
}

/**
 * The verification set of a list of pairs.
 * @param readFile reads a picture by its path, as the list names it
 */
export function verificationFromPairs(
  pairs: PairList,
  readFile: (path: string) => Promise<Uint8Array>,
): VerificationSet {
  const { first, second, isSame, folds } = pairs;
  return {
    size: first.length,
    isSame,
    folds,
    async image(index) {
      checkIndex('The list of pairs', index, 2 * first.length);
      const path = (index % 2 === 0 ? first : second)[index >> 1] as string;
      return { bytes: await readFile(path), label: -1, origin: path };
    },
    close: async () => {},
  };
}
