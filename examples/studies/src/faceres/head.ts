import { type LearnedThreshold, minimize, type OpenSetLoss, readThreshold } from '@openset/core';
import { shuffledSampler } from '@openset/data';
import { Sgd } from '@openset/train';
import * as tf from '@tensorflow/tfjs';
import type { Features } from './features.ts';

/** Training settings of a head: SGD with momentum 0.9 and a rate that falls to 0 as a cosine. */
export interface HeadRecipe {
  readonly steps: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly embeddingSize: number;
  readonly scale: number;
}

/** A trained head: features in, embeddings out. */
export interface TrainedHead {
  readonly learned: LearnedThreshold | null;
  /** Returns embeddings `[rows, embeddingSize]`, row-major. */
  embed(features: Features): Float32Array;
  dispose(): void;
}

/**
 * Trains a linear map and a batch normalisation on features of known people.
 * @throws DataError if training diverges; no tensors of the head remain
 */
export async function trainHead(
  features: Features,
  labels: ArrayLike<number>,
  loss: OpenSetLoss,
  seed: number,
  recipe: Omit<HeadRecipe, 'scale'>,
): Promise<TrainedHead> {
  const { steps, batchSize, learningRate, weightDecay, embeddingSize } = recipe;
  const kernelInitializer = tf.initializers.glorotNormal({ seed });
  const model = tf.sequential({
    layers: [
      tf.layers.dense({
        units: embeddingSize,
        inputShape: [features.size],
        useBias: false,
        kernelInitializer,
      }),
      tf.layers.batchNormalization(),
    ],
  });
  const optimizer = new Sgd({ learningRate, momentum: 0.9, weightDecay });
  const all = toTensor(features);
  const count = labels.length;
  const sampler = shuffledSampler(count, { seed });
  const stepsPerEpoch = Math.floor(count / batchSize);
  let order = sampler.order(0);
  try {
    for (let step = 0; step < steps; step++) {
      const epoch = Math.floor(step / stepsPerEpoch);
      const place = batchSize * (step % stepsPerEpoch);
      if (place === 0) order = sampler.order(epoch);
      const rows = order.slice(place, place + batchSize);
      const batch = tf.tidy(() => tf.gather(all, tf.tensor1d(rows, 'int32')));
      const batchLabels = tf.tensor1d(
        rows.map((row) => labels[row]!),
        'int32',
      );
      optimizer.learningRate = (learningRate * (1 + Math.cos((Math.PI * step) / steps))) / 2;
      const embed = () => model.apply(batch, { training: true }) as tf.Tensor2D;
      try {
        minimize(optimizer, loss, embed, batchLabels, { context: { epoch } }).dispose();
      } finally {
        tf.dispose([batch, batchLabels]);
      }
    }
  } catch (error) {
    model.dispose();
    throw error;
  } finally {
    optimizer.dispose();
    all.dispose();
  }
  const learned = await readThreshold(loss);
  return {
    learned,
    embed: (others) => tf.tidy(() => (model.predict(toTensor(others)) as tf.Tensor).dataSync<'float32'>()),
    dispose: () => model.dispose(),
  };
}

function toTensor({ values, size }: Features): tf.Tensor2D {
  return tf.tensor2d(values, [values.length / size, size]);
}
