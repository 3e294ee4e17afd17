import { availableParallelism } from 'node:os';
import { checkChoice, checkNumber } from '@openset/core';
import { type NodeDecoderOptions, selectNodeDecoder } from '../images/decode-image-node.ts';
import type { ImageSource } from '../source.ts';
import { createInlineRunner } from './chunk-runner.ts';
import { type Loader, PrefetchingLoader } from './loader.ts';
import { type LoaderOptions, resolveLoaderOptions } from './loader-options.ts';
import { prepareImages } from './prepare-images.ts';
import { WorkerPool } from './worker-pool.ts';

/** Options of `createLoader` in Node. */
export interface NodeLoaderOptions extends LoaderOptions, NodeDecoderOptions {
  /** Number of worker threads; default: the number of cores. 0 prepares images in the calling thread. */
  readonly workers?: number;
}

/** sharp decodes in the thread pool of libuv, regardless of the calling thread. */
const concurrencyWithoutWorkers = 4;

/**
 * Creates a loader, which reads images in the calling thread and decodes, augments and scales them in worker threads
 * while earlier batches are in use.
 *
 * The content of a batch depends only on `seed`, its epoch and its position: neither on the number of workers nor on
 * interruptions of the run. The loader prepares at most `prefetch` batches ahead.
 *
 * sharp decodes in the thread pool of Node, which has four threads regardless of `workers`. On machines with more cores,
 * set the environment variable `UV_THREADPOOL_SIZE` to the number of cores when you start Node.
 *
 * @param source stays open; the caller closes it after the last use of the loader
 * @throws ConfigError for options out of range, or that contradict each other
 */
export function createLoader(source: ImageSource, options: NodeLoaderOptions): Loader {
  const { workers = availableParallelism(), decoder = 'auto', failOn = 'warning' } = options;
  checkNumber('createLoader: workers', workers, { minimum: 0, maximum: 1024, integer: true });
  checkChoice('createLoader: decoder', decoder, ['auto', 'sharp', 'javascript']);
  const decoderOptions = { decoder, failOn };
  return new PrefetchingLoader(source, resolveLoaderOptions(source, options), {
    start: async (recipe) =>
      workers === 0
        ? createInlineRunner(recipe, await selectNodeDecoder(decoderOptions), concurrencyWithoutWorkers)
        : new WorkerPool(workers, { recipe, decoderOptions }),
    allocate: (bytes) => new SharedArrayBuffer(bytes),
    prepare: async (items, target, recipe) =>
      prepareImages(items, target, recipe, await selectNodeDecoder(decoderOptions), 1),
  });
}
