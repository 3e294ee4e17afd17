import { DataError } from '@openset/core';
import type { PixelImage } from '@openset/data';

/** How crops are collected into batches. */
export interface BatchOptions {
  /** Largest number of crops in a forward pass. */
  readonly size: number;
  /** Milliseconds that a crop waits at most for others of photos that are being decoded. */
  readonly wait: number;
}

/** Embeds crops of several photos together. */
export interface CropBatcher {
  /**
   * @returns the embedding; or the error of a crop whose embedding has no direction
   */
  embed(crop: PixelImage): Promise<Float32Array | DataError>;
}

interface WaitingCrop {
  readonly crop: PixelImage;
  resolve(embedding: Float32Array | DataError): void;
  reject(error: unknown): void;
}

/**
 * Collects the crops of all photos. One forward pass takes all that wait, up to `size`; those that arrive meanwhile go into the next.
 * @param embed embeds crops, in order
 * @param isMoreExpected returns whether other photos are being decoded or searched; if not, nothing waits
 */
export function batchCrops(
  embed: (crops: readonly PixelImage[]) => Promise<readonly Float32Array[]>,
  { size, wait }: BatchOptions,
  isMoreExpected: () => boolean,
): CropBatcher {
  const waiting: WaitingCrop[] = [];
  let isRunning = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isDue = false;

  const schedule = () => {
    if (isRunning || isDue || waiting.length === 0) return;
    if (waiting.length < size && wait > 0 && isMoreExpected()) {
      timer ??= setTimeout(run, wait);
      return;
    }
    isDue = true;
    // After all decoders that have finished: their images join the batch.
    setImmediate(run);
  };
  const run = async () => {
    clearTimeout(timer);
    timer = undefined;
    isDue = false;
    if (isRunning) return;
    isRunning = true;
    const batch = waiting.splice(0, size);
    try {
      const embeddings = await embedEach(batch.map(({ crop }) => crop));
      batch.forEach(({ resolve }, place) => {
        resolve(embeddings[place]!);
      });
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
    isRunning = false;
    schedule();
  };
  /** One crop without a direction must not fail the others. */
  const embedEach = async (crops: readonly PixelImage[]): Promise<readonly (Float32Array | DataError)[]> => {
    try {
      return await embed(crops);
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      if (crops.length === 1) return [error];
      const results: (Float32Array | DataError)[] = [];
      for (const crop of crops) results.push(...(await embedEach([crop])));
      return results;
    }
  };

  return {
    embed: (crop) =>
      new Promise((resolve, reject) => {
        waiting.push({ crop, resolve, reject });
        schedule();
      }),
  };
}
