import { type Backbone, embedImages } from '@openset/core';
import type * as tf from '@tensorflow/tfjs-core';

/**
 * Returns the papers' test feature: the raw embedding of each image plus that of its mirror image, in evaluation mode. Records
 * nothing on a gradient tape.
 * @param images `[batch, height, width, channels]`
 * @returns `[batch, embeddingSize]`, not normalised
 */
export function flipSum(
  backbone: Pick<Backbone, 'forward' | 'forInference'>,
  images: tf.Tensor4D,
): tf.Tensor2D {
  return embedImages(backbone, images, { flipSum: true });
}
