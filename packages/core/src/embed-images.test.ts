// @isolate: it registers the kernels of @openset/wasm-kernels, which other tests of this package must not have.
import { describeOnBackends } from '@openset/testkit/vitest';
import '@openset/wasm-kernels';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { embedImages } from './embed-images.ts';

/** Embeds an image as its pixels times 1, 2, …, which a mirror image changes. */
function embedPixels(images: tf.Tensor4D): tf.Tensor2D {
  const [batch, ...sizes] = images.shape;
  const size = tf.util.sizeFromShape(sizes);
  return tf.mul(tf.reshape(images, [batch, size]), tf.range(1, size + 1)) as tf.Tensor2D;
}

const twoPixels = (batch: number) =>
  tf.tensor4d(
    Float32Array.from({ length: 2 * batch }, (_, index) => index),
    [batch, 1, 2, 1],
  );

describeOnBackends('embedImages', () => {
  it.each([1, 2, 4, 5, 9])('adds the embeddings of the mirror images, batch %i', async (batch) => {
    const images = twoPixels(batch);
    const before = tf.memory().numTensors;
    const sum = embedImages({ forward: embedPixels }, images, { flipSum: true });
    const expected = Array.from({ length: batch }, (_, image) => {
      const [left, right] = [2 * image, 2 * image + 1];
      return [left + right, 2 * (left + right)];
    });
    expect([...(await sum.data())]).toEqual(expected.flat());
    expect(sum.shape).toEqual([batch, 2]);
    expect(tf.memory().numTensors).toBe(before + 1);
    tf.dispose([images, sum]);
  });

  it('prefers the form for inference, and records no gradient', async () => {
    const images = twoPixels(3);
    const forward = () => {
      throw new Error('The form for training ran.');
    };
    const network = { forward: embedPixels, release: () => {} };
    const backbone = { forward, forInference: () => network };
    const plain = embedImages(backbone, images);
    expect([...(await plain.data())]).toEqual([0, 2, 2, 6, 4, 10]);
    const gradient = tf.grad((x) => embedImages(backbone, x as tf.Tensor4D));
    expect(() => gradient(images)).toThrow(/Cannot compute gradient/);
    tf.dispose([images, plain]);
  });
});
