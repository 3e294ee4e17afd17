import { plainCosines, plainCriterion, plainTargetCosines, plainTargets } from '@openset/testkit';
import { lossConformance, lossFixtures, type Surrogate } from '@openset/testkit/vitest';
import * as tf from '@tensorflow/tfjs-core';
import { type CurricularFaceLoss, curricularFaceDescriptor } from './curricularface-loss.ts';

const fixtures = lossFixtures(new URL('../../cli/src/__fixtures__/more-losses.json', import.meta.url));
const [scale, margin] = [16, 0.5];

/** CurricularFace whose t, and the choice of its hard negatives, are those of one point. */
const surrogate: Surrogate = (loss, start, labels) => {
  const { weight, targetCosineMean } = loss as CurricularFaceLoss;
  const bank = weight as tf.Tensor2D;
  const { statisticsMomentum: share } = loss.getConfig() as unknown as { statisticsMomentum: number };
  const own = tf.cast(plainTargets(labels, 7), 'bool');
  const target = plainTargetCosines(start, labels, bank);
  const t = tf.add(tf.mul(tf.mean(target), share), tf.mul(targetCosineMean, 1 - share));
  const turn = (cosines: tf.Tensor) => tf.cos(tf.add(tf.acos(cosines), margin));
  const isHard = tf.greater(plainCosines(start, bank), tf.reshape(turn(target), [-1, 1]));
  return (embeddings) => {
    const cosines = plainCosines(embeddings, bank);
    const line = tf.sub(cosines, margin * Math.sin(margin));
    const positive = tf.where(tf.greater(cosines, -Math.cos(margin)), turn(cosines), line);
    const negative = tf.where(isHard, tf.mul(cosines, tf.add(cosines, t)), cosines);
    const scores = tf.where(own, positive, negative) as tf.Tensor2D;
    return plainCriterion(scores, labels, { criterion: 'softmax', scale });
  };
};

lossConformance(curricularFaceDescriptor, { fixtures, surrogate });
