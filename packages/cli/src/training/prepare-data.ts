import { ConfigError } from '@openset/core';
import { type BadRecord, holdOutClasses, type ImageSource, subsetSource } from '@openset/data';
import { createLoader } from '@openset/data/node';
import { learnsPairThreshold } from '../config/loss-words.ts';
import type { ChosenSettings } from '../config/settings.ts';
import { chooseAlignment } from '../faces/choose-alignment.ts';
import { loadFaceTools } from '../faces/face-tools.ts';
import type { FrozenPart } from '../features/load-features.ts';
import { type BadImage, skipBadImages } from '../images/bad-image.ts';
import type { ContentHashes } from '../images/content-hashes.ts';
import { decodingOptions, type ImageReading } from '../images/image-reading.ts';
import { type ImageLoading, type ImageSize, imageMemory, loadImages } from '../images/load-images.ts';
import { findVerificationSet, imagePaths } from '../images/open-images.ts';
import { openPairSet } from '../images/open-pair-set.ts';
import { keepImages, type PairSet, samplePairSet } from '../images/pair-set.ts';
import type { TurnAccount } from '../images/turned-images.ts';
import { workerOptions } from '../images/worker-options.ts';
import type { Output } from '../output.ts';
import { trainingSampler } from './training-sampler.ts';

/** Images of the people to train on. */
export interface TrainingSet {
  readonly source: ImageSource;
  readonly size: ImageSize;
  readonly isInMemory: boolean;
  /** Limit on the memory in which the loader keeps decoded images of a set that is not in memory, in bytes. */
  readonly cacheBytes: number;
  /** Whether the source has features of the frozen part of the network in place of images; missing if not. */
  readonly isFeatures?: boolean;
}

/** Data of a run: images to train on, and pairs to evaluate on. */
export interface RunData {
  readonly train: TrainingSet;
  /** Pairs to evaluate on, of people held out or from a file; null if there are none. */
  readonly pairs: PairSet | null;
  /** Number of people held out for the pairs. */
  readonly heldOutPeople: number;
  /** Origin of the pairs: the path of a file, or `people held out`. */
  readonly pairsSource: string | null;
  /** Number of images in the pairs that are also trained on, by path. They make the accuracy look better. */
  readonly imagesSeenInTraining: number;
  /** Images of the set and of the pairs that are skipped because they cannot be read. */
  readonly skipped: readonly BadImage[];
  /** Indices in the set of images that a new run never uses because they cannot be read; ascending. */
  readonly unusedImages: readonly number[];
  /** Hashes of the images that were read; until the first epoch ends, of few images if they do not fit into memory. */
  readonly hashes: ContentHashes;
  /** Images of the set that are turned upright, among those that were read. */
  readonly turns: TurnAccount;
  /** Whether the faces of the images are cropped, and those of pairs from a file; null if there are none. */
  readonly aligned: { readonly images: boolean; readonly pairs: boolean | null };
  /** Number of people whose images all cannot be read. */
  readonly peopleWithoutImages: number;
}

/** Maximum number of pairs of the same person, and of different people, among people held out. */
const maximumPairs = 3000;

/**
 * Splits the images into people to train on and people held out, and makes pairs to evaluate on: from the people held out,
 * or from a file. Decodes images into memory if they fit; for a network with a frozen part, computes its features instead. Crops faces if `chooseAlignment` says so; then they must fit.
 *
 * A new run whose images fit into memory uses only those that can be read, as if the others were not in the set. A resumed
 * run keeps the place of every image, so that the order of the others is the same.
 * @param missing names of images that a resumed run lacks; null for a new run
 * @param frozen frozen part of the network; null if all of it is trained, or if images are augmented
 * @throws DataError if there are too few people; BadImagesError for images that cannot be read, as `skipBadImages`;
 *   ConfigError if nothing would give a threshold, or if crops do not fit into memory
 */
export async function prepareData(
  config: ChosenSettings,
  source: ImageSource,
  output: Output,
  missing: ReadonlySet<string> | null = null,
  frozen: FrozenPart | null = null,
): Promise<RunData> {
  const { data } = config;
  const size = networkImageSize(config);
  const pairsSource = config.pairs ?? (config.heldOut === 0 ? await findVerificationSet(data) : null);
  // Configurations of older versions can have both `heldOut` and `pairs`.
  const heldOut = config.pairs === undefined ? config.heldOut : 0;
  if (heldOut === 0 && pairsSource === null) checkLearnsThreshold(config);
  const split = (images: ImageSource) => splitImages(config, images, heldOut);
  // Reports too few people or images before minutes of decoding.
  split(source);
  const filePairs = pairsSource === null ? null : await openPairSet(pairsSource, config.images, output);
  const crop = await chooseAlignment(source, config, loadFaceTools, output);
  const pairsReading = { ...config, align: config.alignPairs ?? config.align };
  const pairsCrop =
    filePairs && (await chooseAlignment(filePairs.images, pairsReading, loadFaceTools, output));
  const memory = imageMemory(config.imageMemory);
  const loaded = await loadImages(source, { name: data, size, memory, config, crop, output, frozen });
  const skipped = skipUnlessMissing(loaded.badRecords, source.size, config, missing);
  const bad = new Set(loaded.badRecords.map(({ index }) => index));
  const good = Uint32Array.from(source.labels.keys()).filter((index) => !bad.has(index));
  const isComplete = missing !== null || bad.size === 0;
  const { train, held, heldOutPairs } = split(isComplete ? loaded.source : subsetSource(loaded.source, good));
  const name = pairsSource ?? data;
  const pairs = filePairs ?? heldOutPairs;
  const isLoaded = filePairs === null && loaded.isInMemory;
  const readable =
    pairs &&
    (await loadPairs(pairs, {
      name,
      size,
      memory,
      config,
      crop: pairsCrop,
      output,
      frozen,
      isLoaded,
      missing,
    }));
  const files = readable?.pairs.files;
  return {
    train: {
      source: train,
      size,
      isInMemory: loaded.isInMemory,
      cacheBytes: loaded.isInMemory ? 0 : memory,
      isFeatures: frozen !== null,
    },
    pairs: readable?.pairs ?? null,
    heldOutPeople: held?.classNames.length ?? 0,
    pairsSource: pairs && (pairsSource ?? 'people held out'),
    imagesSeenInTraining: files ? countCommon(files, await imagePaths(source, data)) : 0,
    skipped: [...skipped, ...(readable?.skipped ?? [])],
    unusedImages: missing ? [] : [...bad],
    hashes: loaded.hashes,
    turns: loaded.turns,
    aligned: { images: crop !== null, pairs: filePairs && pairsCrop !== null },
    peopleWithoutImages:
      source.classNames.length - new Set(Array.from(good, (index) => source.labels[index])).size,
  };
}

/**
 * Splits images by people and samples pairs of those held out.
 * @param heldOut share of the people, or their number from 2
 */
function splitImages(config: ChosenSettings, source: ImageSource, heldOut: number) {
  const { data, seed, batchSize } = config;
  const amount = heldOut < 1 ? { share: heldOut } : { count: heldOut };
  const { train, held } = holdOutClasses(source, data, { ...amount, seed });
  const { length } = trainingSampler(config, train.labels);
  if (length < batchSize) {
    throw new ConfigError(
      `batchSize is ${batchSize}, but there are ${length} images to train on in an epoch. Lower it, or add images.`,
    );
  }
  const heldOutPairs = held && samplePairSet(held, { maximum: maximumPairs, seed, name: data });
  return { train, held, heldOutPairs };
}

/** Applies the policy to bad images, except those that a resumed run lacks. */
function skipUnlessMissing(
  records: readonly BadRecord[],
  size: number,
  config: ImageReading,
  missing: ReadonlySet<string> | null,
): BadImage[] {
  return skipBadImages(
    records.filter(({ origin }) => !missing?.has(origin)),
    size,
    config,
  );
}

/** Returns the number of distinct paths in both lists. */
function countCommon(first: readonly string[], second: readonly string[]): number {
  const known = new Set(second);
  return new Set(first.filter((path) => known.has(path))).size;
}

/** Options of `loadPairs`. */
interface PairLoading extends ImageLoading {
  /** Whether the images are in memory already. */
  readonly isLoaded: boolean;
  readonly missing: ReadonlySet<string> | null;
}

/** Decodes the images of pairs into memory if they fit. Skips pairs with an image that cannot be read. */
async function loadPairs(
  pairs: PairSet,
  { isLoaded, missing, ...loading }: PairLoading,
): Promise<{ readonly pairs: PairSet; readonly skipped: readonly BadImage[] }> {
  const { images } = pairs;
  const { name, size, config, output } = loading;
  const keepAllBut = (source: ImageSource, bad: readonly Pick<BadRecord, 'index'>[]) => {
    const indices = new Set(bad.map(({ index }) => index));
    const kept = Int32Array.from(images.labels.keys()).filter((index) => !indices.has(index));
    return keepImages({ ...pairs, images: source }, kept, name);
  };
  // The policy was applied to all images in memory.
  if (isLoaded) return { pairs: keepAllBut(images, await findRejected(images)), skipped: [] };
  const loaded = await loadImages(images, loading);
  const bad = loaded.isInMemory ? loaded.badRecords : await findBadRecords(loaded.source, size, config);
  if (!loaded.isInMemory) loaded.turns.note(output);
  const skipped = skipUnlessMissing(bad, images.size, config, missing);
  if (loaded.isInMemory) await images.close();
  return { pairs: keepAllBut(loaded.source, bad), skipped };
}

/** Returns the images of a set in memory that it rejects. */
async function findRejected(source: ImageSource): Promise<{ readonly index: number }[]> {
  const rejected: { readonly index: number }[] = [];
  for (let index = 0; index < source.size; index++) {
    await source.get(index).catch(() => rejected.push({ index }));
  }
  return rejected;
}

/** Reads a whole set and keeps nothing. @returns the images that cannot be read */
async function findBadRecords(
  source: ImageSource,
  size: ImageSize,
  reading: ImageReading,
): Promise<readonly BadRecord[]> {
  const loader = createLoader(source, {
    ...size,
    ...decodingOptions(reading),
    ...workerOptions(source.size),
    batchSize: 64,
    shuffle: false,
    onBadRecord: 'skip',
  });
  for await (const batch of loader) loader.recycle(batch);
  return loader.badRecords;
}

/** @throws ConfigError if the loss learns no threshold between two embeddings */
function checkLearnsThreshold(config: ChosenSettings): void {
  if (learnsPairThreshold(config.loss)) return;
  throw new ConfigError(
    `${config.loss.loss} learns no threshold between two embeddings, and nobody is held out to find one. Give --pairs FILE ` +
      '(for example the lfw.bin of an InsightFace set) or --held-out NUMBER.',
  );
}

/** Returns the size of the images that the network takes. */
function networkImageSize({ network }: Pick<ChosenSettings, 'network'>): ImageSize {
  const { inputSize, channels } = network;
  const [height, width] = typeof inputSize === 'number' ? [inputSize, inputSize] : inputSize;
  return { height, width, channels };
}
