import { plainCosines, plainCriterion, plainTargets } from '@openset/testkit';
import { lossConformance, lossFixtures, type Surrogate } from '@openset/testkit/vitest';
import * as tf from '@tensorflow/tfjs-core';
import { type AdaFaceLoss, adaFaceDescriptor } from './adaface-loss.ts';

const fixtures = lossFixtures(new URL('../../cli/src/__fixtures__/more-losses.json', import.meta.url));
const margin = 0.4;

/** AdaFace whose quality k is that of the embeddings at one point. */
const surrogate: Surrogate = (loss, start, labels) => {
  const { weight, normMean, normStd } = loss as AdaFaceLoss;
  const { statisticsMomentum: share } = loss.getConfig() as unknown as { statisticsMomentum: number };
  const norms = tf.norm(start, 2, 1);
  const deviation = tf.sqrt(tf.div(tf.sum(tf.square(tf.sub(norms, tf.mean(norms)))), start.shape[0] - 1));
  const mean = tf.add(tf.mul(tf.mean(norms), share), tf.mul(normMean, 1 - share));
  const std = tf.add(tf.mul(deviation, share), tf.mul(normStd, 1 - share));
  const quality = tf.clipByValue(tf.mul(tf.div(tf.sub(norms, mean), tf.add(std, 0.001)), 0.333), -1, 1);
  const k = tf.reshape(quality, [-1, 1]);
  return (embeddings) => {
    const cosines = plainCosines(embeddings, weight as tf.Tensor2D);
    const turned = tf.cos(tf.sub(tf.acos(cosines), tf.mul(k, margin)));
    const positive = tf.sub(turned, tf.mul(tf.add(k, 1), margin));
    const scores = tf.where(tf.cast(plainTargets(labels, 7), 'bool'), positive, cosines) as tf.Tensor2D;
    return plainCriterion(scores, labels, { criterion: 'softmax', scale: 16 });
  };
};

lossConformance(adaFaceDescriptor, { fixtures, surrogate });
