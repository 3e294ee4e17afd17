import '@tensorflow/tfjs';
import { type Backbone, batchStatisticsExchange, ConfigError } from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { embedRows } from './embed-rows.ts';

let [weight, statistic]: tf.Variable[] = [];
beforeEach(async () => {
  await tf.setBackend('cpu');
  [weight, statistic] = [tf.variable(tf.ones([1, 2])), tf.variable(tf.zeros([2]))];
});
afterEach(() => tf.dispose([weight!, statistic!]));

/** A network of one pixel: a product with two weights. It exchanges its rows and their number, as a batch norm does. */
function backboneWith(options: Partial<Backbone> & { readonly exchanges: boolean }): Backbone {
  const { exchanges, ...others } = options;
  return {
    name: 'tiny',
    inputShape: [1, 1, 1],
    embeddingSize: 2,
    trainable: [weight!],
    statistics: [statistic!],
    forward: (images: tf.Tensor4D) => {
      const exchange = exchanges ? batchStatisticsExchange() : null;
      exchange?.sum(Float64Array.of(exchange.hasRows ? images.shape[0] : 0));
      return tf.matMul(tf.reshape(images, [-1, 1]), weight!) as tf.Tensor2D;
    },
    ...others,
  } as Backbone;
}

function imagesOf(count: number): tf.Tensor4D {
  return tf.tensor(
    Float32Array.from({ length: count }, (_, index) => index + 1),
    [count, 1, 1, 1],
  );
}

const counts: number[] = [];
const sumStatistics = (values: Float64Array) => void counts.push(...values);

it.each([0, 3])(
  'takes part in the sums of all ranks with %i rows, and gives their gradients alone',
  (count) => {
    counts.length = 0;
    const images = imagesOf(count);
    const before = tf.memory().numTensors;
    const recorded = embedRows({
      backbone: backboneWith({ exchanges: true }),
      images,
      seed: 1,
      sumStatistics,
    });
    expect(counts).toEqual([count]);
    expect(batchStatisticsExchange()).toBeNull();
    expect(recorded.embeddings.shape).toEqual([count, 2]);
    const ofEmbeddings = tf.tensor2d(new Float32Array(2 * count).fill(1), [count, 2]);
    const gradients = [...recorded.backward(ofEmbeddings)].flat();
    // Σ of the pixels 1, 2 and 3, for each of the two weights.
    expect(gradients.map(([variable, gradient]) => [variable, [...gradient.dataSync()]])).toEqual(
      count === 0 ? [] : [[weight, [6, 6]]],
    );
    tf.dispose([...gradients.map(([, gradient]) => gradient), ofEmbeddings]);
    recorded.dispose();
    expect(tf.memory().numTensors).toBe(before);
    images.dispose();
  },
);

it('sums nothing for a frozen network, one without batch norms, or without synchronisation', () => {
  counts.length = 0;
  const images = imagesOf(0);
  const before = tf.memory().numTensors;
  const frozen = backboneWith({ exchanges: true, trainable: [] });
  const plain = backboneWith({ exchanges: true, statistics: [] });
  const whole = backboneWith({ exchanges: true });
  for (const options of [
    { backbone: frozen, sumStatistics },
    { backbone: plain, sumStatistics },
    { backbone: whole, sumStatistics: null },
  ]) {
    for (const rows of [images, imagesOf(2)]) {
      const recorded = embedRows({ ...options, images: rows, seed: 1 });
      expect(recorded.embeddings.shape).toEqual([rows.shape[0], 2]);
      recorded.dispose();
      if (rows !== images) rows.dispose();
    }
  }
  expect(counts).toEqual([]);
  expect(tf.memory().numTensors).toBe(before);
  images.dispose();
});

it('refuses batch norms that do not exchange, and keeps nothing', () => {
  const images = imagesOf(2);
  const before = tf.memory().numTensors;
  const embed = () =>
    embedRows({ backbone: backboneWith({ exchanges: false }), images, seed: 1, sumStatistics });
  expect(embed).toThrow(ConfigError);
  expect(embed).toThrow("Trainer: the batch norms of 'tiny' cannot sum their statistics over the ranks;");
  expect(tf.memory().numTensors).toBe(before);
  images.dispose();
});
