import type { Ranks } from '@openset/core';
import type { Batch, Loader } from '@openset/data';
import type { BatchSource } from '@openset/train';
import { count, counted, percent } from '../evaluation/texts.ts';
import { type BadImage, BadImagesError, listBadImages, toBadImages } from '../images/bad-image.ts';
import type { ImageReading } from '../images/image-reading.ts';
import type { SkippedList } from '../images/skipped-list.ts';

/** Seconds between two writes of the list of skipped images. */
const secondsBetweenWrites = 10;

/** Options of `BadImageWatch`. */
export interface WatchOptions {
  /** Policy for bad images. */
  readonly reading: ImageReading;
  /** Number of images to train on. */
  readonly imageCount: number;
  /** Names of images that a resumed run lacks; they are no reason to stop. */
  readonly missing: ReadonlySet<string>;
  /** Takes the skipped images. */
  readonly list: SkippedList;
  /** Whether this process writes the list. */
  readonly writes: boolean;
}

/**
 * Skips the bad images that a run encounters while it trains, and stops the run if the policy asks for it. Sets in memory
 * have none.
 */
export class BadImageWatch {
  readonly #options: WatchOptions;
  readonly #stop = new AbortController();
  readonly #found = new Map<string, BadImage>();
  #lastWrite = performance.now();

  constructor(options: WatchOptions) {
    this.#options = options;
  }

  /** Aborted to stop the run after the current step; the reason is a BadImagesError. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** Returns the batches of a loader that skips bad records. */
  watch(loader: Loader): BatchSource<Batch> {
    const { batchesPerEpoch } = loader;
    const check = () => this.#check(loader);
    return {
      batchesPerEpoch,
      state: () => loader.state(),
      recycle: (batch) => loader.recycle(batch as Batch),
      async *[Symbol.asyncIterator]() {
        let skipped = loader.counters.skipped;
        for await (const batch of loader) {
          if (loader.counters.skipped > skipped) await check();
          skipped = loader.counters.skipped;
          yield batch;
        }
      },
    };
  }

  /** Gives all ranks the bad images that each has found, and the error of the first that stopped the run. */
  async share(ranks: Ranks): Promise<void> {
    const { aborted, reason } = this.#stop.signal;
    const own = {
      found: [...this.#found.values()],
      problem: aborted ? (reason as BadImagesError).problem : null,
    };
    const texts = await ranks.gather(new TextEncoder().encode(JSON.stringify(own)));
    const all = texts.map((text) => JSON.parse(new TextDecoder().decode(text)) as typeof own);
    for (const { found, problem } of all) {
      for (const image of found) this.#found.set(image.path, image);
      if (this.#options.reading.onBadImage === 'skip') this.#options.list.add(found);
      if (problem !== null) this.#stop.abort(new BadImagesError(problem));
    }
  }

  async #check(loader: Loader): Promise<void> {
    const { reading, imageCount, missing, list } = this.#options;
    const { onBadImage, maxBad = 1 } = reading;
    const images = toBadImages(loader.badRecords).filter(
      ({ path }) => !missing.has(path) && !this.#found.has(path),
    );
    if (images.length === 0) return;
    for (const image of images) this.#found.set(image.path, image);
    if (onBadImage !== 'skip') {
      this.#stop.abort(
        new BadImagesError(`${counted(images.length, 'image')} cannot be read:\n${listBadImages(images)}`),
      );
      return;
    }
    list.add(images);
    const isDue = this.#options.writes && performance.now() - this.#lastWrite > 1000 * secondsBetweenWrites;
    if (isDue) {
      await list.save();
      this.#lastWrite = performance.now();
    }
    const share = this.#found.size / imageCount;
    if (share <= maxBad) return;
    this.#stop.abort(
      new BadImagesError(
        `${counted(this.#found.size, 'image')} of ${count(imageCount)} (${percent(share)}) cannot be read, more than ` +
          `--max-bad ${percent(maxBad)} allows; they are listed in '${list.path}'.`,
      ),
    );
  }
}
