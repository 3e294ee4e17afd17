import type { ImageSource } from '../source.ts';
import { checkIndex } from '../sources/check-index.ts';
import { createLoader, type NodeLoaderOptions } from './create-node-loader.ts';

/** Size of the pictures, how they come to it, and how they are decoded: as for `createLoader`. */
export type DecodeIntoMemoryOptions = Pick<
  NodeLoaderOptions,
  'height' | 'width' | 'channels' | 'fit' | 'maxPixels' | 'workers' | 'decoder' | 'failOn'
> & {
  /** Told after every batch of pictures. */
  readonly onProgress?: (done: number, total: number) => void;
};

/**
 * Decodes a whole set once and keeps its pixels, `size · height · width · channels` bytes: for sets that fit, epochs then
 * cost no decoding. A loader of the result augments as ever; give it the same size, or a smaller one.
 *
 * @returns a source of raw pictures; the given one is not closed
 * @throws DataError for a picture that cannot be decoded; ConfigError for options out of their range
 */
export async function decodeIntoMemory(
  source: ImageSource,
  { onProgress, ...options }: DecodeIntoMemoryOptions,
): Promise<ImageSource> {
  const { height, width, channels = 3 } = options;
  const length = height * width * channels;
  const pixels = new Uint8Array(source.size * length);
  const normalize = { mean: 0, std: 1 };
  const loader = createLoader(source, { ...options, normalize, batchSize: 64, shuffle: false });
  let done = 0;
  for await (const batch of loader) {
    pixels.set(batch.images, done * length);
    done += batch.indices.length;
    loader.recycle(batch);
    onProgress?.(done, source.size);
  }
  const { size, classNames, labels } = source;
  return {
    size,
    classNames,
    labels,
    async get(index) {
      checkIndex('The set in memory', index, size);
      return {
        bytes: pixels.subarray(index * length, (index + 1) * length),
        raw: { height, width, channels },
        label: labels[index]!,
        origin: `picture ${index} in memory`,
      };
    },
    close: async () => {},
  };
}
