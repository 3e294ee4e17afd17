import '@tensorflow/tfjs-backend-cpu';
import { BceUnifiedLoss } from '@openset/bce-unified';
import { type OpenSetLoss, pairThreshold } from '@openset/core';
import { UssLoss } from '@openset/uss';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

// Cosines with the own class are N(0.4, 0.1²), with others N(0, 0.1²). So log p(cosine | same) / p(cosine | different) is
// 40 · cosine − 8: the logistic model of the losses is exact at the scale 40, and Bayes' threshold is 0.2 − log(odds) / 40.
const numClasses = 16;
const scale = 40;
const means = { same: 0.4, different: 0 };
const deviation = 0.1;
const bayesThreshold = (odds: number) => 0.2 - Math.log(odds) / scale;

const sizes = { numClasses, embeddingSize: numClasses + 1, scale, margin: 0 };
/** Class vectors `[numClasses, numClasses + 1]`: the first axes. The last axis is left for the rest of an embedding. */
const classVectors = () => tf.eye(numClasses, numClasses + 1);

/** Returns embeddings whose first coordinates are the cosines with the class vectors, and their labels. */
function drawEmbeddings(count: number): { embeddings: tf.Tensor2D; labels: tf.Tensor1D } {
  const labels = tf.tensor1d(
    Array.from({ length: count }, (_, row) => row % numClasses),
    'int32',
  );
  const isOwn = tf.oneHot(labels, numClasses);
  const noise = tf.randomNormal([count, numClasses], means.different, deviation, 'float32', 1);
  const cosines = tf.add(noise, tf.mul(isOwn, means.same - means.different));
  const rest = tf.sqrt(tf.sub(1, tf.sum(tf.square(cosines), 1, true)));
  return { embeddings: tf.concat([cosines, rest], 1) as tf.Tensor2D, labels };
}

function makeUss(): { loss: OpenSetLoss; bias: tf.Variable } {
  const loss = new UssLoss({ ...sizes, biasInit: 5 });
  const labels = tf.range(0, numClasses, 1, 'int32');
  loss.remember(classVectors() as tf.Tensor2D, labels as tf.Tensor1D);
  return { loss, bias: loss.bias! };
}

function makeBceUnified(options: object): { loss: OpenSetLoss; bias: tf.Variable } {
  const loss = new BceUnifiedLoss({ ...sizes, ...options });
  loss.weight.assign(classVectors());
  return { loss, bias: loss.bias! };
}

it.each([
  ['USS', makeUss, numClasses - 1],
  ['BCE-unified', () => makeBceUnified({}), numClasses - 1],
  ['BCE-unified with light negatives', () => makeBceUnified({ negativeWeight: 0.3 }), 0.3 * 15],
  [
    'BCE-unified with sampled negatives',
    () => makeBceUnified({ negativeSampleRate: 0.4, negativeSampling: 'independent' }),
    0.4 * 15,
  ],
  [
    'BCE-unified that reads its bias without the prior',
    () => makeBceUnified({ thresholdReading: 'bias-minus-log-classes' }),
    1,
  ],
])("finds Bayes' threshold for other odds than those of training: %s", (_, make, comparisons) => {
  tf.engine().startScope();
  const { loss, bias } = make();
  const { embeddings, labels } = drawEmbeddings(800);
  // Trains the bias alone. Nothing is committed, so the memory of USS stays.
  const optimizer = tf.train.sgd(5);
  for (let step = 0; step < 15; step++) {
    optimizer.minimize(() => loss.forward(embeddings, labels).loss, false, [bias]);
  }
  expect(loss.threshold()).toMatchObject({ scale, comparisons: expect.closeTo(comparisons, 9) });
  for (const odds of [1, 1 / 9, 4, 1 / 1000]) {
    expect(pairThreshold(loss, { odds })).toBeCloseTo(bayesThreshold(odds), 2);
  }
  // The learned threshold is right for the odds of training alone.
  expect(loss.threshold()!.cosine).toBeCloseTo(bayesThreshold(1 / comparisons), 2);
  if (comparisons > 1) expect(loss.threshold()!.cosine - bayesThreshold(1)).toBeGreaterThan(0.03);
  loss.dispose();
  tf.engine().endScope();
});
