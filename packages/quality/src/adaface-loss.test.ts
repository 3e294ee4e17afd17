import { lossAndGradients, numericState, plainCosines, plainCriterion, plainTargets } from '@openset/testkit';
import { describeOnBackends, lossConformance, lossFixtures, type Surrogate } from '@openset/testkit/vitest';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { AdaFaceLoss, adaFaceDescriptor } from './adaface-loss.ts';

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

describeOnBackends('AdaFaceLoss', () => {
  it('observes a batch as a scored one moves its statistics, once committed', async () => {
    const sizes = { numClasses: 3, embeddingSize: 2 };
    const [scored, observed] = [new AdaFaceLoss(sizes), new AdaFaceLoss(sizes)];
    const embeddings = tf.tensor2d([3, 4, 6, 8, 0, 1], [3, 2]);
    const labels = tf.tensor1d([0, 1, 2], 'int32');
    await lossAndGradients(scored, embeddings, labels, { commit: true });
    const { numTensors } = tf.memory();
    const step = observed.observe(embeddings, labels);
    expect((await numericState(observed)).normMean).toEqual(Float32Array.of(20));
    step.commit();
    step.dispose();
    expect(tf.memory().numTensors).toBe(numTensors);
    expect(await numericState(observed)).toEqual(await numericState(scored));
    // Norms 5, 10 and 1: a mean of 16 / 3.
    expect((await numericState(observed)).normMean![0]).toBeCloseTo(0.01 * (16 / 3) + 0.99 * 20, 4);
    tf.dispose([embeddings, labels]);
    scored.dispose();
    observed.dispose();
  });
});
