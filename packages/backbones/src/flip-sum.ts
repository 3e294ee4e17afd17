import type { Backbone } from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';

/**
 * Returns the papers' test feature: the raw embedding of each image plus that of its mirror image, in evaluation mode.
 * @param images `[batch, height, width, channels]`
 * @returns `[batch, embeddingSize]`, not normalised
 */
export function flipSum(backbone: Pick<Backbone, 'forward'>, images: tf.Tensor4D): tf.Tensor2D {
  return tf.tidy(() => {
    const plain = backbone.forward(images);
    return tf.add(plain, backbone.forward(tf.reverse(images, 2)));
  });
}
