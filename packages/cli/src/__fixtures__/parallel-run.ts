import { asBackbone, lresnetIR } from '@openset/backbones';
import {
  type Backbone,
  type OpenSetLoss,
  type Ranks,
  randomNumbers,
  readThreshold,
  shardOf,
} from '@openset/core';
import { createLoader, type ImageSource } from '@openset/data';
import { constantSchedule, Sgd, Trainer, type TrainerOptions, type TrainingEvent } from '@openset/train';
import * as tf from '@tensorflow/tfjs-core';
import { initializers, layers, sequential } from '@tensorflow/tfjs-layers';

export const parallelSizes = { numClasses: 7, embeddingSize: 6 };

/** Result of a run: its events, all numbers by name, and the threshold that it learned. */
export interface ParallelResult {
  readonly events: readonly TrainingEvent[];
  readonly numbers: Readonly<Record<string, readonly number[]>>;
  readonly threshold: number | null;
}

/** Returns the name of the file in which a rank of another process leaves the numbers and the threshold of a run. */
export const resultFile = (run: string, rank: number) => `${run}-${rank}.json`;

/** Options of `trainParallel`. */
export interface ParallelOptions extends Partial<TrainerOptions> {
  /** Whether the network has a batch norm; default false. */
  readonly hasNorm?: boolean;
  /** Default: a network of two layers. */
  readonly network?: () => Backbone;
  /** Default 1. */
  readonly networkSeed?: number;
  /** Default 10. */
  readonly batchSize?: number;
}

/** Raw images of 4 × 4 pixels. */
function noise(size: number): ImageSource {
  const random = randomNumbers(5);
  const files = Array.from({ length: size }, () => Uint8Array.from({ length: 16 }, () => 256 * random()));
  return {
    size,
    classNames: Array.from({ length: parallelSizes.numClasses }, (_, index) => `${index}`),
    labels: Int32Array.from(
      { length: size },
      (_, index) => (index * 5 + (index % 3)) % parallelSizes.numClasses,
    ),
    get: async (index) => ({
      bytes: files[index]!,
      raw: { height: 4, width: 4, channels: 1 },
      origin: `image ${index}`,
      label: (index * 5 + (index % 3)) % parallelSizes.numClasses,
    }),
    close: async () => {},
  };
}

/**
 * Options for a small IR network with synchronised batch norms, and a last batch of 2 images, of which a third rank gets none. Statistics of 2
 * images multiply rounding errors, and faster training multiplies them in each step.
 */
export const synchronized: ParallelOptions = {
  network: () =>
    lresnetIR({ blocks: [1, 1], inputSize: 4, channels: 1, width: 4, embeddingSize: 6, dropout: 0, seed: 1 }),
  batchSize: 11,
  syncBatchNorm: true,
  schedule: constantSchedule({ learningRate: 0.0003 }),
};

function tinyNetwork(hasNorm: boolean, seed: number) {
  const kernelInitializer = initializers.glorotUniform({ seed });
  const model = sequential({
    name: 'tiny',
    layers: [
      layers.flatten({ inputShape: [4, 4, 1], name: 'pixels' }),
      layers.dense({ units: 8, activation: 'tanh', kernelInitializer, useBias: false, name: 'hidden' }),
      ...(hasNorm ? [layers.batchNormalization({ name: 'norm' })] : []),
      layers.dense({
        units: parallelSizes.embeddingSize,
        kernelInitializer,
        useBias: false,
        name: 'embedding',
      }),
    ],
  });
  return asBackbone(model, { trainable: true });
}

/** Steps of UNPG with the usual rate multiply a difference in the last digit by 30, in one process, too. */
const rateOf = ({ name }: OpenSetLoss) => (name === 'UnpgLoss' ? 0.001 : 0.002);

/**
 * Trains a tiny network with a loss for 20 steps: batches of 10 images, and one of 7 at the end of each epoch, of which 4 ranks get unequal
 * parts.
 * @param ranks null for one process with the whole batches
 */
export async function trainParallel(
  loss: OpenSetLoss,
  ranks: Ranks | null,
  {
    hasNorm = false,
    networkSeed = 1,
    batchSize = 10,
    network = () => tinyNetwork(hasNorm, networkSeed),
    ...options
  }: ParallelOptions = {},
): Promise<ParallelResult> {
  const source = noise(57);
  const backbone = network();
  const optimizer = new Sgd({ learningRate: rateOf(loss), momentum: 0.9, weightDecay: 0.001 });
  const part = ranks && { part: { index: ranks.rank, count: ranks.size } };
  const trainer = new Trainer({
    backbone,
    loss,
    optimizer,
    batches: (start) =>
      createLoader(source, { batchSize, height: 4, width: 4, channels: 1, seed: 3, start, ...part }),
    steps: 20,
    ...(ranks && { ranks }),
    ...options,
  });
  const events: TrainingEvent[] = [];
  try {
    for await (const event of trainer) events.push(event);
    const trained = [...backbone.trainable, ...loss.trainable];
    const slots = Object.fromEntries(trained.map((variable, index) => [`${index}`, variable]));
    const states = [backbone.getState(), loss.getState(), optimizer.getState(slots)];
    const numbers: Record<string, readonly number[]> = {};
    for (const [index, state] of states.entries()) {
      const part = ['backbone', 'loss', 'optimizer'][index]!;
      for (const [name, tensor] of Object.entries(state)) {
        const variable =
          part === 'optimizer' && tensor.rank > 0 ? trained[Number.parseInt(name, 10)]! : tensor;
        const own = (await tensor.data()) as Float32Array | Int32Array;
        const all = ranks && shardOf(variable) ? await ranks.gather(own) : [own];
        numbers[`${part}.${name}`] = all.flatMap((values) => [...values]);
      }
      tf.dispose(state);
    }
    return { events, numbers, threshold: (await readThreshold(loss))?.cosine ?? null };
  } finally {
    backbone.dispose();
    optimizer.dispose();
  }
}

/**
 * Returns the largest difference between two runs, relative to the largest value of each tensor.
 * @param part numbers of the network and the loss, or of the optimizer
 * @param smallest tensors of smaller values count as if this were their largest: a bias before another batch norm is rounding alone
 */
export function relativeDifference(
  first: ParallelResult,
  second: ParallelResult,
  part: 'backbone' | 'loss' | 'optimizer',
  smallest = 0,
): number {
  let largest = 0;
  for (const [name, values] of Object.entries(first.numbers)) {
    if (!name.startsWith(`${part}.`)) continue;
    const scale = Math.max(smallest, ...values.map(Math.abs)) || 1;
    for (const [index, value] of values.entries()) {
      const difference = Math.abs(value - second.numbers[name]![index]!) / scale;
      // NaN is no small difference.
      if (!(difference <= largest))
        largest = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
    }
  }
  return largest;
}
