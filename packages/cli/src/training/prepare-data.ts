import { totalmem } from 'node:os';
import { ConfigError } from '@openset/core';
import { holdOutClasses, type ImageSource } from '@openset/data';
import { decodeIntoMemory } from '@openset/data/node';
import { learnsPairThreshold } from '../config/loss-words.ts';
import type { ChosenSettings } from '../config/settings.ts';
import { imagePaths, pairsBeside } from '../images/open-images.ts';
import { openPairSet } from '../images/open-pair-set.ts';
import { type PairSet, sampledPairs } from '../images/pair-set.ts';
import type { Output } from '../output.ts';

/** The size that images are brought to. */
export interface ImageSize {
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3;
}

/** Images to train on. */
export interface TrainingSet {
  readonly source: ImageSource;
  readonly size: ImageSize;
  readonly isInMemory: boolean;
}

/** What a run works on. */
export interface RunData {
  readonly train: TrainingSet;
  /** Pairs to judge on, of people held out or from a file; null if there are none. */
  readonly pairs: PairSet | null;
  /** How many people are held out for them. */
  readonly heldPeople: number;
  /** Where they come from. */
  readonly pairsFrom: string | null;
  /** How many of their images are trained on too, as far as paths tell: then they flatter. */
  readonly imagesSeenInTraining: number;
}

/** Share of the machine's memory that images may take. */
const memoryShare = 0.25;

/** Pairs of each kind from people held out, at most. */
const mostPairs = 3000;

/**
 * Takes people to train on, and pairs to judge on: of people held out, or from a file. Reads what there is room for in
 * memory.
 * @throws DataError if there are too few people, or an image cannot be read; ConfigError if there would be no threshold
 */
export async function prepareData(
  config: ChosenSettings,
  source: ImageSource,
  output: Output,
): Promise<RunData> {
  const { data, seed } = config;
  const size = networkImageSize(config);
  const pairsFrom = config.pairs ?? (config.heldOut === 0 ? await pairsBeside(data) : null);
  // Older configurations have a share beside pairs.
  const share = config.pairs === undefined ? config.heldOut : 0;
  if (share === 0 && pairsFrom === null) checkLearnsThreshold(config);
  const { train, held } = holdOutClasses(source, data, { share, seed });
  if (train.size < config.batchSize) {
    throw new ConfigError(
      `batchSize is ${config.batchSize}, but there are ${train.size} images to train on: lower it, or add images.`,
    );
  }
  const drawn = held && sampledPairs(held, { most: mostPairs, seed, name: data });
  const pairs = pairsFrom === null ? drawn : await openPairSet(pairsFrom, config.images);
  const imagesSeenInTraining = pairs?.files ? countSeen(pairs.files, await imagePaths(source, data)) : 0;
  return {
    train: await loadIntoMemory(train, size, output),
    pairs: pairs && (await pairsInMemory(pairs, size, output)),
    heldPeople: held?.classNames.length ?? 0,
    pairsFrom: pairs && (pairsFrom ?? 'people held out'),
    imagesSeenInTraining,
  };
}

function countSeen(images: readonly string[], trained: readonly string[]): number {
  const seen = new Set(trained);
  return new Set(images.filter((path) => seen.has(path))).size;
}

async function pairsInMemory(pairs: PairSet, size: ImageSize, output: Output): Promise<PairSet> {
  const { source, isInMemory } = await loadIntoMemory(pairs.images, size, output);
  if (isInMemory) await pairs.images.close();
  return { ...pairs, images: source };
}

/** @throws ConfigError if the threshold would have to come from pairs */
function checkLearnsThreshold(config: ChosenSettings): void {
  if (learnsPairThreshold(config.loss)) return;
  throw new ConfigError(
    `${config.loss.loss} learns no threshold between two embeddings, and nobody is held out to find one: give --pairs FILE ` +
      '(the lfw.bin of an InsightFace set, for example) or --held-out SHARE.',
  );
}

/** Returns the size of the images that the network takes. */
function networkImageSize({ network }: Pick<ChosenSettings, 'network'>): ImageSize {
  const { inputSize, channels } = network;
  const [height, width] = typeof inputSize === 'number' ? [inputSize, inputSize] : inputSize;
  return { height, width, channels };
}

/**
 * Decodes a set into memory if there is room, so that epochs cost no decoding.
 * @throws DataError for an image that cannot be decoded
 */
async function loadIntoMemory(source: ImageSource, size: ImageSize, output: Output): Promise<TrainingSet> {
  const bytes = source.size * size.height * size.width * size.channels;
  if (bytes > memoryShare * totalmem()) return { source, size, isInMemory: false };
  const counter = output.counter('reading images');
  const decoded = await decodeIntoMemory(source, {
    ...size,
    onProgress: (done, total) => counter.update(done, total),
  });
  return { source: decoded, size, isInMemory: true };
}
