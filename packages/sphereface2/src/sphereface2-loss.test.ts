import { ConfigError } from '@openset/core';
import { plainCosines, plainTargets } from '@openset/testkit';
import { lossConformance, lossFixtures, type Surrogate } from '@openset/testkit/vitest';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { SphereFace2Loss, sphereFace2Descriptor } from './sphereface2-loss.ts';

const fixtures = lossFixtures(new URL('../../cli/src/__fixtures__/more-losses.json', import.meta.url));
const [scale, margin, positiveWeight, lossWeight] = [16, 0.4, 0.7, 50];

/** SphereFace2-C whose map and margin are shifts of the cosines, constant from one point on. */
const surrogate: Surrogate = (loss, start, labels) => {
  const { weight, bias } = loss as SphereFace2Loss;
  const own = plainTargets(labels, 7);
  const cosines = plainCosines(start, weight as tf.Tensor2D);
  const mapped = tf.sub(tf.mul(tf.pow(tf.div(tf.add(cosines, 1), 2), 3), 2), 1);
  const margins = tf.mul(tf.sub(1, tf.mul(own, 2)), margin);
  const shifts = tf.sub(tf.add(mapped, margins), cosines);
  return (embeddings) => {
    const values = tf.add(plainCosines(embeddings, weight as tf.Tensor2D), shifts);
    const logits = tf.add(tf.mul(values, scale), bias!);
    const positive = tf.mul(tf.mul(own, tf.softplus(tf.neg(logits))), positiveWeight);
    const negative = tf.mul(tf.mul(tf.sub(1, own), tf.softplus(logits)), 1 - positiveWeight);
    const rows = tf.sum(tf.add(positive, negative), 1);
    return tf.mul(tf.mean(rows), lossWeight / scale) as tf.Scalar;
  };
};

lossConformance(sphereFace2Descriptor, { fixtures, surrogate });

it.each([0, 1])('refuses %s as the weight of the positive term', (weight) => {
  const make = () => new SphereFace2Loss({ numClasses: 3, embeddingSize: 2, positiveWeight: weight });
  expect(make).toThrow(ConfigError);
  expect(make).toThrow(/positiveWeight/);
});
