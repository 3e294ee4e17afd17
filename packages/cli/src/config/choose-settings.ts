import { availableParallelism } from 'node:os';
import type { BackendName } from '../backends.ts';
import type { ImageFacts } from '../images/inspect-images.ts';
import { lossFor } from './loss-words.ts';
import type { NetworkSettings } from './network-schema.ts';
import type { ChosenSettings, GivenSettings, SizedNetwork } from './settings.ts';

/** What the choices depend on. */
export interface Circumstances extends ImageFacts {
  readonly backend: BackendName;
  /** Overrides the loss of the settings, if it is not undefined. */
  readonly lossWord?: string | undefined;
  /** Default those of this machine. */
  readonly cores?: number;
}

/** Images that a default run takes a minute for, up to half a day. */
const imagesPerMinute = 250;
const mostMinutes = 720;

/** From so many cores on, TensorFlow on the processor is taken for a fast machine. */
const manyCores = 16;

/** Chooses every setting that is missing. */
export function chooseSettings(given: GivenSettings, facts: Circumstances): ChosenSettings {
  const { imageCount, personCount, backend, lossWord } = facts;
  const isFast =
    ['node-gpu', 'webgpu'].includes(backend) || (backend === 'node' && coresOf(facts) >= manyCores);
  const network = withSize(given.network ?? networkFor(facts, isFast), facts, isFast);
  const batchSize = given.batchSize ?? batchFor(imageCount, isFast);
  const isLengthGiven = (given.epochs ?? given.steps ?? given.minutes) !== undefined;
  const minutes = Math.min(mostMinutes, Math.max(1, Math.round(imageCount / imagesPerMinute)));
  return {
    ...given,
    // Pairs of their own make it needless to hold people out.
    heldOut: given.heldOut ?? (given.pairs === undefined ? 0.1 : 0),
    network,
    loss: lossWord ? lossFor(lossWord, personCount) : (given.loss ?? lossFor('unitsface', personCount)),
    optimizer: given.optimizer ?? { kind: 'sgd', momentum: 0.9, weightDecay: 5e-4 },
    schedule: given.schedule ?? {
      kind: 'cosine',
      by: 'step',
      learningRate: round(0.1 * Math.min(1, batchSize / 64)),
      warmup: 0.05,
    },
    batchSize,
    accumulate: given.accumulate ?? 1,
    clipNorm: given.clipNorm === undefined ? 10 : given.clipNorm,
    augment: given.augment ?? [
      { kind: 'pad-crop', padding: Math.max(1, Math.round(sideOf(network) / 16)) },
      { kind: 'horizontal-flip' },
    ],
    ...(isLengthGiven ? {} : { minutes }),
    seed: given.seed ?? 1,
    backend,
  };
}

/** Images as large as they are, up to what the machine can do, where the network does not say. */
function withSize(network: NetworkSettings, { side, channels }: ImageFacts, isFast: boolean): SizedNetwork {
  // Four halvings need 16 pixels; multiples of 8 leave nothing over at the first three.
  const inputSize = Math.max(16, Math.min(isFast ? 112 : 56, Math.floor(side / 8) * 8));
  return {
    ...network,
    inputSize: network.inputSize ?? inputSize,
    channels: network.channels ?? channels,
  } as SizedNetwork;
}

/**
 * A small LResNetE-IR: enough for what so few images can teach, and for what two cores can compute; on a fast machine one
 * of the papers' size.
 */
function networkFor({ imageCount }: ImageFacts, isFast: boolean): NetworkSettings {
  const isFew = imageCount < 1000;
  const width = isFast ? (imageCount < 100_000 ? 32 : 64) : isFew ? 8 : 16;
  const embeddingSize = isFast ? 512 : isFew ? 64 : 128;
  return { backbone: 'lresnet-ir', blocks: [2, 2, 2, 2], width, embeddingSize, dropout: 0.4 };
}

/** The largest power of two that gives an epoch eight steps. */
function batchFor(imageCount: number, isFast: boolean): number {
  const most = isFast ? 128 : 64;
  return Math.max(4, Math.min(most, 2 ** Math.floor(Math.log2(Math.max(1, imageCount / 8)))));
}

function sideOf({ inputSize }: SizedNetwork): number {
  return typeof inputSize === 'number' ? inputSize : Math.min(...inputSize);
}

function coresOf({ cores = availableParallelism() }: Circumstances): number {
  return cores;
}

function round(value: number): number {
  return Number(value.toPrecision(3));
}
