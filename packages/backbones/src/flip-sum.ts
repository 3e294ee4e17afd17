import type { Backbone } from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';

/**
 * The papers' test feature: `f(images) + f(images, left and right exchanged)`, of raw embeddings, in evaluation.
 * @param images `[batch, height, width, channels]`
 * @returns `[batch, embeddingSize]`, not normalised
 */
export function flipSum(backbone: Pick<Backbone, 'forward'>, images: tf.Tensor4D): tf.Tensor2D {
  return tf.tidy(() => {
    const plain = backbone.forward(images);
    return tf.add(plain, backbone.forward(tf.reverse(images, 2)));
  });
}
