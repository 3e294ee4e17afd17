import { decodeWithoutSharp } from '../images/decode-image.ts';
import type { ImageSource } from '../source.ts';
import { runInThisThread } from './chunk-runner.ts';
import { type Loader, PrefetchingLoader } from './loader.ts';
import { type LoaderOptions, resolveLoaderOptions } from './loader-options.ts';
import { prepareImages } from './prepare-images.ts';

/** A browser decodes in threads of its own. */
const concurrency = 4;

/**
 * Makes a loader: images are read, decoded, augmented and put together to batches while earlier batches are in use.
 *
 * Which images a batch has and what happens to them depends on `seed`, epoch and place alone. It never has more than
 * `prefetch` batches ready.
 *
 * This one works anywhere, in the thread that asks. In Node, `createLoader` of `@openset/data/node` uses worker threads.
 *
 * @param source stays open; the caller closes it when it is done with the loader
 * @throws ConfigError for options out of their range, or that do not go together
 */
export function createLoader(source: ImageSource, options: LoaderOptions): Loader {
  return new PrefetchingLoader(source, resolveLoaderOptions(source, options), {
    start: async (recipe) => runInThisThread(recipe, decodeWithoutSharp, concurrency),
    prepare: (items, target, recipe) => prepareImages(items, target, recipe, decodeWithoutSharp, 1),
  });
}
