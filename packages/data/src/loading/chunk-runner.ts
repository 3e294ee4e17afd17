import type { ImageDecoder } from '../images/decode-options.ts';
import { type ImageFailure, type ImageItem, prepareImages, type Recipe } from './prepare-images.ts';

/** Reads the images of a part; null for those that could not be read. */
export type LoadItems = () => Promise<readonly (ImageItem | null)[]>;

/** Prepares parts of batches somewhere: in this thread or in others. */
export interface ChunkRunner {
  /** How many parts at a time keep it busy. */
  readonly parallel: number;
  /**
   * Prepares one part, in the order of the calls as far as there is room.
   * @param load reads the images; called when there is room for the part
   * @param target written as by `prepareImages`
   */
  run(load: LoadItems, target: Float32Array): Promise<readonly ImageFailure[]>;
  /** Ends everything; parts that are not done are rejected. */
  close(): Promise<void>;
}

/** Prepares in this thread, one part after another. */
export function runInThisThread(recipe: Recipe, decode: ImageDecoder, concurrency: number): ChunkRunner {
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
