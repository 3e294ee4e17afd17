import * as tf from '@tensorflow/tfjs-core';
import type { Backbone } from './backbone.ts';
import { stopGradient } from './tape.ts';

/** Options of {@link embedImages}. */
export interface EmbedImagesOptions {
  /** Whether to return f(x) + f(mirrored x), as the papers test; default false. */
  readonly flipSum?: boolean;
}

/**
 * Maximum images of a batch that passes the network together with its mirror images. One pass of two images takes less time
 * than two passes of one; on larger batches it only takes more memory.
 */
const maxSharedPass = 4;

/**
 * Returns the raw embeddings of a batch in evaluation mode, which are not normalised, by the backbone's form for inference if it
 * has one. Records nothing on a gradient tape.
 *
 * @param images `[batch, height, width, channels]` float32, in the range that the backbone was trained with
 * @returns `[batch, embeddingSize]`
 * @throws ShapeError if the images have another shape
 */
export function embedImages(
  backbone: Pick<Backbone, 'forward' | 'forInference'>,
  images: tf.Tensor4D,
  { flipSum = false }: EmbedImagesOptions = {},
): tf.Tensor2D {
  const network = backbone.forInference?.() ?? backbone;
  return stopGradient(() =>
    tf.tidy(() => {
      if (!flipSum) return network.forward(images);
      const mirrored = () => tf.reverse(images, 2);
      if (images.rank !== 4 || images.shape[0] > maxSharedPass) {
        return tf.add(network.forward(images), network.forward(mirrored()));
      }
      const [plain, flipped] = tf.split(network.forward(tf.concat([images, mirrored()])), 2);
      return tf.add(plain!, flipped!) as tf.Tensor2D;
    }),
  );
}
