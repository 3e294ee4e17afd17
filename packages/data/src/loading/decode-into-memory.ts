import { DataError } from '@openset/core';
import type { ImageSource } from '../source.ts';
import { checkIndex } from '../sources/check-index.ts';
import { type BadRecord, originOf } from './bad-records.ts';
import { createLoader, type NodeLoaderOptions } from './create-node-loader.ts';
import { PixelCache } from './pixel-cache.ts';

/** Size and decoding of the images, as for `createLoader`. */
export type DecodeIntoMemoryOptions = Pick<
  NodeLoaderOptions,
  | 'height'
  | 'width'
  | 'channels'
  | 'fit'
  | 'orientation'
  | 'maxPixels'
  | 'workers'
  | 'decoder'
  | 'failOn'
  | 'onBadRecord'
> & {
  /** Called after every decoded batch, with the numbers of decoded and of all images. */
  readonly onProgress?: (done: number, total: number) => void;
};

/** A set of raw images in memory. */
export interface MemorySource extends ImageSource {
  /** Images that could not be decoded, ascending by index; `get` rejects them. */
  readonly badRecords: readonly BadRecord[];
}

/**
 * Decodes a whole set once and keeps its pixels in memory: `size · height · width · channels` bytes. Later epochs need
 * no decoding. Give a loader of the result the same image size, or a smaller one; it augments as usual.
 *
 * @returns a source of raw images; the original source stays open. With `onBadRecord: 'skip'`, images that cannot be
 *   decoded keep their index
 * @throws DataError for an image that cannot be decoded, unless `onBadRecord` is `'skip'`; ConfigError for options out of
 *   range
 */
export async function decodeIntoMemory(
  source: ImageSource,
  { onProgress, ...options }: DecodeIntoMemoryOptions,
): Promise<MemorySource> {
  const { height, width, channels = 3 } = options;
  const length = height * width * channels;
  // In blocks: an array holds at most 4 GiB.
  const limit = source.size * length;
  const allocate = (bytes: number) => new ArrayBuffer(bytes);
  const pixels = new PixelCache({ records: source.size, imageBytes: length, limit, allocate });
  const normalize = { mean: 0, std: 1 };
  const loader = createLoader(source, { ...options, normalize, batchSize: 64, shuffle: false });
  let done = 0;
  const report = (count: number) => {
    if (count === done) return;
    done = count;
    onProgress?.(done, source.size);
  };
  for await (const batch of loader) {
    batch.indices.forEach((index, row) => {
      pixels.reserve(index)?.set(batch.images.subarray(row * length, (row + 1) * length));
      pixels.complete(index);
    });
    loader.recycle(batch);
    const { images, skipped } = loader.counters;
    report(images + skipped);
  }
  // The last batches are not delivered if all of their records are bad.
  report(source.size);
  const badRecords = [...loader.badRecords].sort((first, second) => first.index - second.index);
  const bad = new Map(badRecords.map((record) => [record.index, record]));
  const { size, classNames, labels } = source;
  const origin = (index: number) => (source.origin ? originOf(source, index) : `image ${index} in memory`);
  return {
    size,
    classNames,
    labels,
    badRecords,
    origin,
    async get(index) {
      checkIndex('The set in memory', index, size);
      const failure = bad.get(index);
      if (failure) throw new DataError(failure.reason, { advice: failure.advice });
      return {
        bytes: pixels.get(index)!,
        raw: { height, width, channels },
        label: labels[index]!,
        origin: origin(index),
      };
    },
    close: async () => {},
  };
}
