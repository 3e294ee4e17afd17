import { totalmem } from 'node:os';
import { ConfigError } from '@openset/core';
import { holdOutClasses, type ImageSource } from '@openset/data';
import { decodeIntoMemory } from '@openset/data/node';
import { learnsPairThreshold } from '../config/loss-words.ts';
import type { ChosenSettings } from '../config/settings.ts';
import { decodingOptions, type ImageReading } from '../images/image-reading.ts';
import { findVerificationSet, imagePaths } from '../images/open-images.ts';
import { openPairSet } from '../images/open-pair-set.ts';
import { type PairSet, samplePairSet } from '../images/pair-set.ts';
import { watchTurns } from '../images/turned-images.ts';
import { workerOptions } from '../images/worker-options.ts';
import type { Output } from '../output.ts';

/** Size that images are scaled to. */
export interface ImageSize {
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3;
}

/** Images of the people to train on. */
export interface TrainingSet {
  readonly source: ImageSource;
  readonly size: ImageSize;
  readonly isInMemory: boolean;
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
}

/** Maximum share of the machine's memory for decoded images. */
const memoryShare = 0.25;

/** Maximum number of pairs of the same person, and of different people, among people held out. */
const maximumPairs = 3000;

/**
 * Splits the images into people to train on and people held out, and makes pairs to evaluate on: from the people held out,
 * or from a file. Decodes images into memory if they fit.
 * @throws DataError if there are too few people or an image cannot be read; ConfigError if nothing would give a threshold
 */
export async function prepareData(
  config: ChosenSettings,
  source: ImageSource,
  output: Output,
): Promise<RunData> {
  const { data, seed } = config;
  const size = networkImageSize(config);
  const pairsSource = config.pairs ?? (config.heldOut === 0 ? await findVerificationSet(data) : null);
  // Configurations of older versions can have both `heldOut` and `pairs`.
  const share = config.pairs === undefined ? config.heldOut : 0;
  if (share === 0 && pairsSource === null) checkLearnsThreshold(config);
  const { train, held } = holdOutClasses(source, data, { share, seed });
  if (train.size < config.batchSize) {
    throw new ConfigError(
      `batchSize is ${config.batchSize}, but there are ${train.size} images to train on. Lower it, or add images.`,
    );
  }
  const heldOutPairs = held && samplePairSet(held, { maximum: maximumPairs, seed, name: data });
  const pairs = pairsSource === null ? heldOutPairs : await openPairSet(pairsSource, config.images, output);
  const imagesSeenInTraining = pairs?.files ? countCommon(pairs.files, await imagePaths(source, data)) : 0;
  return {
    train: await loadIntoMemory(train, size, config, output),
    pairs: pairs && (await loadPairs(pairs, size, config, output)),
    heldOutPeople: held?.classNames.length ?? 0,
    pairsSource: pairs && (pairsSource ?? 'people held out'),
    imagesSeenInTraining,
  };
}

/** Returns the number of distinct paths in both lists. */
function countCommon(first: readonly string[], second: readonly string[]): number {
  const known = new Set(second);
  return new Set(first.filter((path) => known.has(path))).size;
}

async function loadPairs(
  pairs: PairSet,
  size: ImageSize,
  reading: ImageReading,
  output: Output,
): Promise<PairSet> {
  const { source, isInMemory } = await loadIntoMemory(pairs.images, size, reading, output);
  if (isInMemory) await pairs.images.close();
  return { ...pairs, images: source };
}

/** @throws ConfigError if the loss learns no threshold between two embeddings */
function checkLearnsThreshold(config: ChosenSettings): void {
  if (learnsPairThreshold(config.loss)) return;
  throw new ConfigError(
    `${config.loss.loss} learns no threshold between two embeddings, and nobody is held out to find one. Give --pairs FILE ` +
      '(for example the lfw.bin of an InsightFace set) or --held-out SHARE.',
  );
}

/** Returns the size of the images that the network takes. */
function networkImageSize({ network }: Pick<ChosenSettings, 'network'>): ImageSize {
  const { inputSize, channels } = network;
  const [height, width] = typeof inputSize === 'number' ? [inputSize, inputSize] : inputSize;
  return { height, width, channels };
}

/**
 * Decodes a set into memory if it fits, so that epochs need no decoding.
 * @throws DataError for an image that cannot be decoded
 */
async function loadIntoMemory(
  source: ImageSource,
  size: ImageSize,
  reading: ImageReading,
  output: Output,
): Promise<TrainingSet> {
  const bytes = source.size * size.height * size.width * size.channels;
  if (bytes > memoryShare * totalmem()) return { source, size, isInMemory: false };
  const counter = output.counter('reading images');
  const turns = watchTurns(source, reading);
  const decoded = await decodeIntoMemory(turns.source, {
    ...size,
    ...decodingOptions(reading),
    ...workerOptions(source.size),
    onProgress: (done, total) => counter.update(done, total),
  });
  const turned = turns.notice();
  if (turned) output.note(turned);
  return { source: decoded, size, isInMemory: true };
}
