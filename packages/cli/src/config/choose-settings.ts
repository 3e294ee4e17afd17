import { availableParallelism } from 'node:os';
import type { FaceCrop } from '@openset/core';
import type { BackendName } from '../backend-names.ts';
import { defaultCrop } from '../faces/choose-alignment.ts';
import type { ImageFacts } from '../images/inspect-images.ts';
import {
  choosePretrained,
  fineTuningDefaults,
  headDefaults,
  trainsFurther,
  trainsHeadOnly,
} from './choose-head.ts';
import { defaultHeldOutPeople } from './held-out-people.ts';
import type { LossSettings } from './loss-schema.ts';
import { lossFor, withClassLoss } from './loss-words.ts';
import type { NetworkSettings } from './network-schema.ts';
import type { ChosenSettings, GivenSettings, SizedNetwork } from './settings.ts';

/** What the choices depend on. */
export interface Circumstances extends ImageFacts {
  readonly backend: BackendName;
  /** Value of `--loss`; overrides the loss of the settings. */
  readonly lossWord?: string | undefined;
  /** Value of `--class-loss`; overrides the class loss of the settings. */
  readonly classLossWord?: string | undefined;
  /** Crop that the network to start from was made for. */
  readonly crop?: FaceCrop | undefined;
  /** Number of cores; default: those of this machine. */
  readonly cores?: number;
}

/** Default length: one minute for this many images, at most half a day. */
const imagesPerMinute = 250;
const maximumMinutes = 720;

/** Default number of images of a person in an epoch: one person with hundreds would dominate a small set. */
const defaultImagesPerPerson = 50;

/** Number of cores from which TensorFlow on the CPU counts as fast. */
const fastCores = 16;

/** Chooses every setting that is missing. */
export function chooseSettings(given: GivenSettings, facts: Circumstances): ChosenSettings {
  const { imageCount, personCount, imagesOfPerson, backend, cores = availableParallelism() } = facts;
  const pairable = Array.from(imagesOfPerson).filter((images) => images > 1).length;
  const maxImagesPerPerson =
    given.maxImagesPerPerson === undefined ? defaultImagesPerPerson : given.maxImagesPerPerson;
  const epochImages = cappedImages(imagesOfPerson, maxImagesPerPerson);
  const isFast = ['node-gpu', 'webgpu'].includes(backend) || (backend === 'node' && cores >= fastCores);
  const pretrained = given.network?.backbone === 'graph' ? choosePretrained(given.network) : null;
  const chosen = pretrained?.network ?? given.network ?? chooseNetwork(facts, isFast);
  const network = withInputSize(chosen, facts, isFast);
  const head: Partial<ReturnType<typeof headDefaults>> = trainsHeadOnly(network)
    ? headDefaults(epochImages, personCount)
    : trainsFurther(network)
      ? fineTuningDefaults()
      : {};
  const batchSize = given.batchSize ?? head.batchSize ?? chooseBatchSize(epochImages, isFast);
  const isLengthGiven = (given.epochs ?? given.steps ?? given.minutes) !== undefined;
  const minutes = Math.min(maximumMinutes, Math.max(1, Math.round(imageCount / imagesPerMinute)));
  return {
    ...given,
    // With pairs, nobody needs to be held out.
    heldOut: given.heldOut ?? (given.pairs === undefined ? defaultHeldOutPeople(pairable) : 0),
    maxImagesPerPerson,
    network,
    loss: chooseLoss(given, facts),
    optimizer: given.optimizer ?? head.optimizer ?? { kind: 'sgd', momentum: 0.9, weightDecay: 5e-4 },
    schedule: given.schedule ??
      head.schedule ?? {
        kind: 'cosine',
        by: 'step',
        learningRate: round(0.1 * Math.min(1, batchSize / 64)),
        warmup: 0.05,
      },
    batchSize,
    accumulate: given.accumulate ?? 1,
    clipNorm: given.clipNorm === undefined ? 10 : given.clipNorm,
    augment: given.augment ??
      head.augment ?? [
        { kind: 'pad-crop', padding: Math.max(1, Math.round(shorterSide(network) / 16)) },
        { kind: 'horizontal-flip' },
      ],
    ...(isLengthGiven ? {} : head.steps ? { steps: head.steps } : { minutes }),
    seed: given.seed ?? 1,
    backend,
    onBadImage: given.onBadImage ?? 'stop',
    orientation: given.orientation ?? 'exif',
    failOn: given.failOn ?? 'warning',
    maxPixels: given.maxPixels ?? 2 ** 26,
    crop:
      given.crop === undefined
        ? (facts.crop ?? pretrained?.crop ?? (given.align ? defaultCrop : null))
        : given.crop,
  };
}

/** Returns the loss of the flags, else of the settings, else the default one, with the class loss of the flags. */
function chooseLoss({ loss: given }: GivenSettings, facts: Circumstances): LossSettings {
  const { lossWord, classLossWord, personCount } = facts;
  const loss = lossWord ? lossFor(lossWord, personCount) : (given ?? lossFor('unitsface', personCount));
  return classLossWord ? withClassLoss(loss, classLossWord, personCount) : loss;
}

/** Sets the input size, if it is missing, to the size of the images, up to what the machine can train. */
function withInputSize(
  network: NetworkSettings,
  { side, channels }: ImageFacts,
  isFast: boolean,
): SizedNetwork {
  // The network halves the size four times: it needs 16 pixels, and multiples of 8 halve evenly three times.
  const inputSize = Math.max(16, Math.min(isFast ? 112 : 56, Math.floor(side / 8) * 8));
  return {
    ...network,
    inputSize: network.inputSize ?? inputSize,
    channels: network.channels ?? channels,
  } as SizedNetwork;
}

/**
 * Returns a small LResNetE-IR, which suits few images and two cores; on a fast machine one closer to the papers' size.
 */
function chooseNetwork({ imageCount }: ImageFacts, isFast: boolean): NetworkSettings {
  const hasFewImages = imageCount < 1000;
  const width = isFast ? (imageCount < 100_000 ? 32 : 64) : hasFewImages ? 8 : 16;
  const embeddingSize = isFast ? 512 : hasFewImages ? 64 : 128;
  return { backbone: 'lresnet-ir', blocks: [2, 2, 2, 2], width, embeddingSize, dropout: 0.4 };
}

/** Returns the number of images in an epoch that has at most so many of each person. */
function cappedImages(imagesOfPerson: ArrayLike<number>, most: number | null): number {
  return Array.from(imagesOfPerson).reduce((sum, images) => sum + Math.min(images, most ?? images), 0);
}

/** Returns the largest power of two that gives an epoch eight steps. */
function chooseBatchSize(imageCount: number, isFast: boolean): number {
  const maximum = isFast ? 128 : 64;
  return Math.max(4, Math.min(maximum, 2 ** Math.floor(Math.log2(Math.max(1, imageCount / 8)))));
}

function shorterSide({ inputSize }: SizedNetwork): number {
  return typeof inputSize === 'number' ? inputSize : Math.min(...inputSize);
}

function round(value: number): number {
  return Number(value.toPrecision(3));
}
