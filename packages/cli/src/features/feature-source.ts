import { DataError } from '@openset/core';
import type { BadRecord, ImageSource } from '@openset/data';

/** Features of one image: those of the image, then those of its mirror image if there are any. */
export type FeatureVariants = 1 | 2;

/** Where the features of a set are: in memory, or in the files of a cache. */
export interface FeatureRows {
  /**
   * Reads the features of an image.
   * @param target `[variants, size]`, overwritten
   */
  read(index: number, target: Float32Array): Promise<void>;
}

/**
 * A set whose records have features in place of images: `bytes` of a record are float32 values, `[variants, size]`. It is
 * an `ImageSource`, so that people are held out and pairs sampled as for images.
 */
export interface FeatureSource extends ImageSource {
  /** Number of values of the features of an image. */
  readonly featureSize: number;
  readonly variants: FeatureVariants;
}

/** Returns a set of features. @param bad images without features; `get` rejects them */
export function featureSource(
  images: Pick<ImageSource, 'size' | 'classNames' | 'labels'> & { origin(index: number): string },
  rows: FeatureRows,
  { featureSize, variants }: Pick<FeatureSource, 'featureSize' | 'variants'>,
  bad: readonly BadRecord[],
  close: () => Promise<void>,
): FeatureSource {
  const { size, classNames, labels } = images;
  const failures = new Map(bad.map((record) => [record.index, record]));
  return {
    size,
    classNames,
    labels,
    featureSize,
    variants,
    origin: (index) => images.origin(index),
    async get(index) {
      if (!Number.isInteger(index) || index < 0 || index >= size) {
        throw new RangeError(`The set has no image ${index}: it has ${size}, numbered from 0.`);
      }
      const failure = failures.get(index);
      if (failure) throw new DataError(failure.reason, { advice: failure.advice });
      const values = new Float32Array(variants * featureSize);
      await rows.read(index, values);
      return { bytes: new Uint8Array(values.buffer), label: labels[index]!, origin: images.origin(index) };
    },
    close,
  };
}

/** Returns the features in a record of a `FeatureSource`: `[variants, size]`. */
export function readFeatures({ bytes }: { readonly bytes: Uint8Array }): Float32Array {
  return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
}
