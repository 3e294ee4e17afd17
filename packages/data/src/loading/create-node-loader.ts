import { availableParallelism } from 'node:os';
import { checkChoice, checkNumber } from '@openset/core';
import { type NodeDecoderOptions, selectNodeDecoder } from '../images/decode-image-node.ts';
import type { ImageSource } from '../source.ts';
import { runInThisThread } from './chunk-runner.ts';
import { type Loader, PrefetchingLoader } from './loader.ts';
import { type LoaderOptions, resolveLoaderOptions } from './loader-options.ts';
import { prepareImages } from './prepare-images.ts';
import { WorkerPool } from './worker-pool.ts';

/** Options of `createLoader` in Node. */
export interface NodeLoaderOptions extends LoaderOptions, NodeDecoderOptions {
  /** How many threads prepare images; default one for each core, 0 for none but the caller's. */
  readonly workers?: number;
}

/** sharp decodes in the threads of libuv, whoever asks. */
const concurrencyWithoutWorkers = 4;

/**
 * Makes a loader: images are read in this thread, and decoded, augmented and scaled in worker threads, while earlier
 * batches are in use.
 *
 * Which images a batch has and what happens to them depends on `seed`, epoch and place alone: not on the number of
 * workers, nor on where a run was interrupted. It never has more than `prefetch` batches ready.
 *
 * sharp decodes in the thread pool of Node, which has four threads however many workers there are: on machines with
 * more cores, start Node with the environment variable `UV_THREADPOOL_SIZE` set to their number.
 *
 * @param source stays open; the caller closes it when it is done with the loader
 * @throws ConfigError for options out of their range, or that do not go together
 */
export function createLoader(source: ImageSource, options: NodeLoaderOptions): Loader {
  const { workers = availableParallelism(), decoder = 'auto', failOn = 'warning' } = options;
  checkNumber('createLoader: workers', workers, { minimum: 0, maximum: 1024, integer: true });
  checkChoice('createLoader: decoder', decoder, ['auto', 'sharp', 'javascript']);
  const decoderOptions = { decoder, failOn };
  return new PrefetchingLoader(source, resolveLoaderOptions(source, options), {
    start: async (recipe) =>
      workers === 0
        ? runInThisThread(recipe, await selectNodeDecoder(decoderOptions), concurrencyWithoutWorkers)
        : new WorkerPool(workers, { recipe, decoderOptions }),
    prepare: async (items, target, recipe) =>
      prepareImages(items, target, recipe, await selectNodeDecoder(decoderOptions), 1),
  });
}
