import type { Backbone } from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';

/** Returns a backbone of one matrix for images of 2 × 2 pixels with one channel. */
export function linearBackbone(weights: number[][]): Backbone {
  const weight = tf.variable(tf.tensor2d(weights));
  return {
    name: 'linear',
    inputShape: [2, 2, 1],
    embeddingSize: weights[0]!.length,
    trainable: [weight],
    forward: (images) => tf.tidy(() => tf.matMul(tf.reshape(images, [-1, 4]), weight) as tf.Tensor2D),
    getConfig: () => ({ backbone: 'linear' }),
    getState: () => ({ weight: tf.clone(weight) }),
    setState: ({ weight: value }) => weight.assign(value as tf.Tensor2D),
    dispose: () => weight.dispose(),
  };
}

/** The identity matrix: embeddings are the pixels. */
export const pixels = [
  [1, 0, 0, 0],
  [0, 1, 0, 0],
  [0, 0, 1, 0],
  [0, 0, 0, 1],
];
