import * as tf from '@tensorflow/tfjs';
import { type Digits, imageSize } from './mnist.ts';

/** Length of an embedding. */
export const embeddingSize = 64;

/** Creates a small CNN, an ordinary tfjs model: images [batch, 28, 28, 1] in [−1, 1] to embeddings [batch, 64]. */
export function makeEmbedder(seed: number): tf.LayersModel {
  const convolution = (filters: number, strides: number, layer: number) =>
    tf.layers.conv2d({
      filters,
      strides,
      kernelSize: 3,
      padding: 'same',
      activation: 'relu',
      kernelInitializer: tf.initializers.heNormal({ seed: seed + layer }),
      ...(layer === 0 ? { inputShape: [imageSize, imageSize, 1] } : {}),
    });
  return tf.sequential({
    layers: [
      convolution(16, 1, 0),
      convolution(32, 2, 1),
      convolution(64, 2, 2),
      tf.layers.flatten(),
      tf.layers.dense({
        units: embeddingSize,
        useBias: false,
        kernelInitializer: tf.initializers.glorotNormal({ seed: seed + 3 }),
      }),
      // Centres the embeddings, like the last layer of the papers' networks. Without it all cosines start near 1, where
      // a sample-to-sample loss has no gradient that separates samples.
      tf.layers.batchNormalization({ momentum: 0.9 }),
    ],
  });
}

/** Converts pixels to the network's input: [batch, 28, 28, 1], (x − 127.5) / 127.5. */
export function toInput({ pixels, labels }: Digits): tf.Tensor4D {
  const values = Float32Array.from(pixels, (value) => (value - 127.5) / 127.5);
  return tf.tensor4d(values, [labels.length, imageSize, imageSize, 1]);
}

/** Computes the embeddings of all images, row-major [images, 64]. */
export async function embed(model: tf.LayersModel, digits: Digits, batch = 250): Promise<Float32Array> {
  const result = new Float32Array(digits.labels.length * embeddingSize);
  const bytes = imageSize * imageSize;
  for (let start = 0; start < digits.labels.length; start += batch) {
    const end = Math.min(start + batch, digits.labels.length);
    const part = {
      pixels: digits.pixels.subarray(start * bytes, end * bytes),
      labels: digits.labels.subarray(start, end),
    };
    const embeddings = tf.tidy(() => model.predict(toInput(part)) as tf.Tensor2D);
    result.set(await embeddings.data<'float32'>(), start * embeddingSize);
    embeddings.dispose();
  }
  return result;
}
