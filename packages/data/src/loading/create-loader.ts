import { decodeWithoutSharp } from '../images/decode-image.ts';
import type { ImageSource } from '../source.ts';
import { createInlineRunner } from './chunk-runner.ts';
import { type Loader, PrefetchingLoader } from './loader.ts';
import { type LoaderOptions, resolveLoaderOptions } from './loader-options.ts';
import { prepareImages } from './prepare-images.ts';

/** Browsers decode in threads of their own. */
const concurrency = 4;

/**
 * Creates a loader, which reads, decodes and augments images and assembles batches while earlier batches are in use.
 *
 * The content of a batch depends only on `seed`, its epoch and its position. The loader prepares at most `prefetch`
 * batches ahead.
 *
 * This loader runs in any environment, in the calling thread. In Node, `createLoader` of `@openset/data/node` uses
 * worker threads.
 *
 * @param source stays open; the caller closes it after the last use of the loader
 * @throws ConfigError for options out of range, or that contradict each other
 */
export function createLoader(source: ImageSource, options: LoaderOptions): Loader {
  return new PrefetchingLoader(source, resolveLoaderOptions(source, options), {
    start: async (recipe) => createInlineRunner(recipe, decodeWithoutSharp, concurrency),
    allocate: (bytes) => new ArrayBuffer(bytes),
    prepare: (items, target, recipe) => prepareImages(items, target, recipe, decodeWithoutSharp, 1),
  });
}
