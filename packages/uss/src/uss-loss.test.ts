import { ConfigError, minimize } from '@openset/core';
import { lossAndGradients, numericState } from '@openset/testkit';
import { describeOnBackends } from '@openset/testkit/vitest';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { SampleToSampleBceLoss } from './sample-to-sample-bce-loss.ts';
import { SampleToSampleSoftmaxLoss } from './sample-to-sample-softmax-loss.ts';
import { UssLoss } from './uss-loss.ts';

const softplus = (z: number) => Math.log1p(Math.exp(z));

describeOnBackends('UssLoss', () => {
  const options = { numClasses: 3, embeddingSize: 2, scale: 4 };
  const axes = () => tf.tensor2d([1, 0, 0, 1, -1, 0], [3, 2]);
  const every = () => tf.tensor1d([0, 1, 2], 'int32');

  it('compares a batch with earlier ones: the first batch fills the memory and scores nothing', async () => {
    const loss = new UssLoss(options);
    const first = await lossAndGradients(loss, axes(), every(), { commit: true });
    expect(first.loss).toBe(0);
    expect([...first.embeddings]).toEqual(Array(6).fill(0));
    expect([...(await numericState(loss)).featureMemory!]).toEqual([1, 0, 0, 1, -1, 0]);
    expect(loss.threshold()).toBeNull();
  });

  it('starts its bias from the data, and b / γ is the threshold', async () => {
    const loss = new UssLoss(options);
    loss.remember(axes(), every());
    // On the axis of the first class, the negatives have the cosines 0 and −1.
    const start = Math.log(Math.exp(0) + Math.exp(-4));
    const batch = [tf.tensor2d([[3, 0]]), tf.tensor1d([0], 'int32')] as const;
    const { loss: value } = await lossAndGradients(loss, ...batch, { commit: true });
    expect(value).toBeCloseTo(softplus(start - 4 * 0.9) + softplus(0 - start) + softplus(-4 - start), 5);
    expect(loss.threshold()?.between).toBe('embeddings');
    expect(loss.threshold()?.cosine).toBeCloseTo(start / 4, 6);
    // The bias has started, so the next batch does not set it.
    await lossAndGradients(loss, tf.tensor2d([[1, 1]]), tf.tensor1d([1], 'int32'), { commit: true });
    expect(loss.threshold()?.cosine).toBeCloseTo(start / 4, 6);
  });

  it('moves the bias by its gradient at the started value', () => {
    const loss = new UssLoss(options);
    loss.remember(axes(), every());
    const start = Math.log(Math.exp(0) + Math.exp(-4));
    const sigmoid = (z: number) => 1 / (1 + Math.exp(-z));
    const slope = sigmoid(start - 3.6) - sigmoid(-start) - sigmoid(-4 - start);
    minimize(tf.train.sgd(0.1), loss, () => tf.tensor2d([[3, 0]]), tf.tensor1d([0], 'int32'));
    expect(loss.threshold()?.cosine).toBeCloseTo((start - 0.1 * slope) / 4, 5);
  });

  it('counts only classes seen before', async () => {
    const loss = new UssLoss({ ...options, biasInit: 2 });
    loss.remember(tf.tensor2d([1, 0, 0, 1], [2, 2]), tf.tensor1d([0, 1], 'int32'));
    // Class 2 has no sample: it is not a negative of the first row, and the second row is not scored.
    const result = await lossAndGradients(
      loss,
      tf.tensor2d([1, 0, 0, 1], [2, 2]),
      tf.tensor1d([0, 2], 'int32'),
    );
    expect(result.loss).toBeCloseTo(softplus(2 - 3.6) + softplus(-2), 5);
    expect([...result.embeddings.slice(2)]).toEqual([0, 0]);
  });

  it('writes the memory after the loss, and keeps the last of duplicates', async () => {
    const loss = new UssLoss({ ...options, biasInit: 2 });
    loss.remember(axes(), every());
    await lossAndGradients(loss, tf.tensor2d([5, 6, 7, 8], [2, 2]), tf.tensor1d([1, 1], 'int32'), {
      commit: true,
    });
    expect([...(await numericState(loss)).featureMemory!]).toEqual([1, 0, 7, 8, -1, 0]);
  });

  it('observe changes only the memory', async () => {
    const loss = new UssLoss(options);
    const step = loss.observe(axes(), every());
    step.commit();
    step.dispose();
    const state = await numericState(loss);
    expect([...state.featureMemory!]).toEqual([1, 0, 0, 1, -1, 0]);
    expect([...state.bias!]).toEqual([0]);
  });

  it('remembers a batch whose labels were disposed of before the commit', async () => {
    const loss = new UssLoss(options);
    const held: { step?: ReturnType<UssLoss['forward']> } = {};
    const variable = tf.variable(axes());
    const { grads } = tf.variableGrads(() => {
      held.step = loss.forward(variable as tf.Tensor2D, every());
      return held.step.loss;
    }, [variable]);
    held.step?.commit();
    held.step?.dispose();
    const observed: { step?: ReturnType<UssLoss['observe']> } = {};
    tf.tidy(() => {
      observed.step = loss.observe(tf.tensor2d([[7, 7]]), tf.tensor1d([2], 'int32'));
    });
    observed.step?.commit();
    observed.step?.dispose();
    expect([...(await numericState(loss)).featureMemory!]).toEqual([1, 0, 0, 1, 7, 7]);
    tf.dispose(grads);
  });

  it('has a threshold from the start if its initial bias is a number', () => {
    for (const biasInit of [0, -2]) {
      const threshold = new UssLoss({ ...options, biasInit }).threshold();
      expect(threshold).toEqual({ cosine: biasInit / 4, between: 'embeddings', scale: 4, comparisons: 2 });
    }
    for (const biasInit of [Number.NaN, 'Data' as 'data']) {
      expect(() => new UssLoss({ ...options, biasInit })).toThrow(ConfigError);
    }
  });

  it('learns no unified threshold in the softmax and BCE forms', () => {
    expect(new SampleToSampleBceLoss(options).threshold()).toBeNull();
    expect(new SampleToSampleSoftmaxLoss(options).threshold()).toBeNull();
    expect(new SampleToSampleSoftmaxLoss(options).trainable).toHaveLength(0);
  });
});
