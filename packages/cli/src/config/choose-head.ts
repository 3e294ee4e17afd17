import type { FaceCrop } from '@openset/core';
import { isPretrainedWord, pretrainedNetworks } from '@openset/pretrained';
import type { NetworkSettings } from './network-schema.ts';
import type { Settings, SizedNetwork } from './settings.ts';

/** A network that others trained, in the settings of a run. */
export type GraphSettings = Extract<NetworkSettings, { readonly backbone: 'graph' }>;

/** Default length of the embeddings of a head; shorter if the network itself has fewer. */
const headSize = 512;
const headSteps = 300;
const headBatchSize = 128;
/** Number of people from which a head has the full learning rate. */
const fullRatePeople = 400;
const fullRate = 0.1;
const lowestRate = 0.005;

/** Returns the default length of the embeddings of a head on a network. @param source word or path of the network */
export function defaultHead(source = ''): number {
  const known = isPretrainedWord(source) ? pretrainedNetworks[source] : undefined;
  return Math.min(headSize, known?.embeddingSize ?? headSize);
}

/**
 * Returns the settings of a pretrained network with its defaults, and the crop that it was made for: a head on the frozen
 * network, unless the settings say otherwise.
 */
export function choosePretrained(network: GraphSettings): {
  readonly network: SizedNetwork;
  readonly crop: FaceCrop | undefined;
} {
  const { source = '', head = defaultHead(source), freeze = 'backbone' } = network;
  const known = isPretrainedWord(source) ? pretrainedNetworks[source] : undefined;
  const [height, width, channels] = known?.inputShape ?? [];
  const size = known ? { inputSize: [height, width], channels } : {};
  return { network: { ...size, ...network, head, freeze } as SizedNetwork, crop: known?.crop };
}

/**
 * Returns the defaults of a run that trains a head on a frozen network. A step takes milliseconds on cached features, so the
 * batch is large and the length is in steps. On features of faceres and 982 people, 300 steps are better on other people than 1,000:
 * UniTSFace 96.5 % instead of 94.3 %.
 *
 * The learning rate falls with the square of the number of people. A head starts as a random projection of the centred features,
 * which is as good as the network, and on few people it soon gets worse: docs/train-a-head.md has the measurements.
 * @param imageCount number of images in an epoch
 */
export function headDefaults(
  imageCount: number,
  personCount: number,
): Required<Pick<Settings, 'optimizer' | 'schedule' | 'batchSize' | 'augment' | 'steps'>> {
  const fitting = 2 ** Math.floor(Math.log2(Math.max(1, imageCount / 2)));
  return {
    optimizer: { kind: 'sgd', momentum: 0.9, weightDecay: 5e-4 },
    schedule: { kind: 'cosine', by: 'step', learningRate: headRate(personCount), warmup: 0.05 },
    batchSize: Math.max(4, Math.min(headBatchSize, fitting)),
    // Mirror images double the time of the features, and are worth 0.2 to 0.5 points (docs/train-a-head.md).
    augment: [{ kind: 'horizontal-flip' }],
    steps: headSteps,
  };
}

function headRate(personCount: number): number {
  const rate = fullRate * Math.min(1, personCount / fullRatePeople) ** 2;
  return Number(Math.max(lowestRate, rate).toPrecision(2));
}

/** Returns whether a run trains only a head on a network that is frozen as a whole. */
export function trainsHeadOnly(network: NetworkSettings): boolean {
  return network.freeze === 'backbone';
}

/**
 * Returns the defaults of a run that trains weights from elsewhere further: a small learning rate, so that the network forgets
 * less of what it was trained for, and weight decay towards the start.
 */
export function fineTuningDefaults(): Required<Pick<Settings, 'optimizer' | 'schedule'>> {
  return {
    optimizer: { kind: 'sgd', momentum: 0.9, weightDecay: 0.01, weightDecayTowards: 'start' },
    schedule: { kind: 'cosine', by: 'step', learningRate: 0.001, warmup: 0.05 },
  };
}

/** Returns whether a run trains weights from elsewhere further. */
export function trainsFurther(network: NetworkSettings): boolean {
  const hasWeights = network.init !== undefined || network.backbone === 'graph';
  return hasWeights && !trainsHeadOnly(network);
}
