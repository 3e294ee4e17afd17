import type { ImageSource } from '../source.ts';
import { checkIndex } from '../sources/check-index.ts';
import { createLoader, type NodeLoaderOptions } from './create-node-loader.ts';

/** Size and decoding of the images, as for `createLoader`. */
export type DecodeIntoMemoryOptions = Pick<
  NodeLoaderOptions,
  'height' | 'width' | 'channels' | 'fit' | 'maxPixels' | 'workers' | 'decoder' | 'failOn'
> & {
  /** Called after every decoded batch, with the numbers of decoded and of all images. */
  readonly onProgress?: (done: number, total: number) => void;
};

/**
 * Decodes a whole set once and keeps its pixels in memory: `size · height · width · channels` bytes. Later epochs need
 * no decoding. Give a loader of the result the same image size, or a smaller one; it augments as usual.
 *
 * @returns a source of raw images; the original source stays open
 * @throws DataError for an image that cannot be decoded; ConfigError for options out of range
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
        origin: `image ${index} in memory`,
      };
    },
    close: async () => {},
  };
}
