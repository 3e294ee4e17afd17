import type { ImageDecoder } from '../images/decode-options.ts';
import { type ImageFailure, type ImageItem, prepareImages, type Recipe } from './prepare-images.ts';

/** Reads the images of a chunk; null for images that could not be read. */
export type LoadItems = () => Promise<readonly (ImageItem | null)[]>;

/** Prepares chunks of batches, in this thread or in others. */
export interface ChunkRunner {
  /** Number of concurrent chunks that keep the runner busy. */
  readonly parallel: number;
  /**
   * Prepares one chunk. Chunks start in the order of the calls, when the runner has capacity.
   * @param load reads the images; called when the chunk starts
   * @param target output, as of `prepareImages`
   */
  run(load: LoadItems, target: Float32Array): Promise<readonly ImageFailure[]>;
  /** Stops the runner and rejects unfinished chunks. */
  close(): Promise<void>;
}

/** Returns a runner that prepares one chunk after another in this thread. */
export function createInlineRunner(recipe: Recipe, decode: ImageDecoder, concurrency: number): ChunkRunner {
  let last: Promise<unknown> = Promise.resolve();
  let closed = false;
  return {
    parallel: 1,
    run: (load, target) => {
      const result = last.then(async () => {
        if (closed) throw new Error('The loader is closed.');
        return prepareImages(await load(), target, recipe, decode, concurrency);
      });
      last = result.catch(() => {});
      return result;
    },
    close: async () => {
      closed = true;
      await last;
    },
  };
}
