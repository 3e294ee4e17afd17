import type { ImageSource } from '../source.ts';
import type { VerificationSet } from './verification-set.ts';

/**
 * Returns the images of a verification set as a source, for a loader with `shuffle: false`. Images `2i` and `2i + 1` are
 * pair `i`. The source has no classes; every label is −1. Closing the source closes the set.
 */
export function verificationImages(set: VerificationSet): ImageSource {
  return {
    size: 2 * set.size,
    classNames: [],
    labels: new Int32Array(2 * set.size).fill(-1),
    ...(set.origin ? { origin: (index) => set.origin?.(index) as string } : {}),
    get: (index) => set.image(index),
    close: () => set.close(),
  };
}
