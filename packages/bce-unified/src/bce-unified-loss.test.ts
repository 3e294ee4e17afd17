import { ConfigError, pairThreshold } from '@openset/core';
import { lossAndGradients, numericState } from '@openset/testkit';
import { describeOnBackends, lossConformance, lossFixtures } from '@openset/testkit/vitest';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { BceUnifiedLoss, bceUnifiedDescriptor } from './bce-unified-loss.ts';

lossConformance(bceUnifiedDescriptor, {
  fixtures: lossFixtures(new URL('./__fixtures__/losses.json', import.meta.url)),
});

describeOnBackends('BceUnifiedLoss', () => {
  const sizes = { numClasses: 20, embeddingSize: 4 };
  const embeddings = () => tf.tensor2d([1, 2, 3, -1, 0.5, 2, -0.3, 0.4], [2, 4]);
  const labels = () => tf.tensor1d([4, 11], 'int32');

  it('initialises its bias as the papers do', async () => {
    const start = async (options: object) =>
      (await numericState(new BceUnifiedLoss({ ...sizes, ...options }))).bias![0];
    expect(await start({})).toBeCloseTo(Math.log(200), 5);
    expect(await start({ negativeSampleRate: 0.5 })).toBeCloseTo(Math.log(100), 5);
    expect(await start({ normalized: false })).toBe(0);
    expect(await start({ biasInit: 7 })).toBe(7);
  });

  it('derives its threshold from the bias, by either formula of the paper', () => {
    const options = { ...sizes, scale: 64, biasInit: 32 };
    expect(new BceUnifiedLoss(options).threshold()).toMatchObject({
      cosine: 0.5,
      between: 'embedding and class',
    });
    const other = new BceUnifiedLoss({ ...options, thresholdReading: 'bias-minus-log-classes' });
    expect(other.threshold()?.cosine).toBeCloseTo((32 - Math.log(19)) / 64, 6);
    expect(new BceUnifiedLoss({ ...sizes, normalized: false }).threshold()).toBeNull();
    expect(pairThreshold(new BceUnifiedLoss(options))).toBeCloseTo((32 - Math.log(19)) / 64, 6);
    expect(pairThreshold(other)).toBeCloseTo((32 - Math.log(19)) / 64, 6);
  });

  it('counts the negatives that a positive is compared with', () => {
    const comparisons = (options: object) =>
      new BceUnifiedLoss({ ...sizes, ...options }).threshold()?.comparisons;
    expect(comparisons({})).toBe(19);
    expect(comparisons({ negativeWeight: 0.5 })).toBe(9.5);
    // Shared: the own class and 6 others of ⌊0.36 · 20⌋ classes. Independent: 0.36 of the 19 others.
    expect(comparisons({ negativeSampleRate: 0.36 })).toBe(6);
    expect(comparisons({ negativeSampleRate: 0.36, negativeSampling: 'independent' })).toBeCloseTo(6.84, 12);
    // No logistic regression of "same", or nothing to compare with.
    expect(comparisons({ labelSmoothing: 0.1, margin: 0 })).toBeUndefined();
    expect(comparisons({ negativeWeight: 0 })).toBeUndefined();
    expect(comparisons({ numClasses: 1 })).toBeUndefined();
    expect(pairThreshold(new BceUnifiedLoss({ ...sizes, numClasses: 1 }))).toBeNull();
  });

  it('is the sum of the softplus terms, with weighted negatives', () => {
    // With W the identity, the logits W·x − b are the embedding minus 0.5.
    const loss = new BceUnifiedLoss({
      numClasses: 2,
      embeddingSize: 2,
      normalized: false,
      biasInit: 0.5,
      negativeWeight: 0.3,
    });
    loss.setState({ weight: tf.tensor2d([1, 0, 0, 1], [2, 2]), bias: tf.tensor1d([0.5]) });
    const softplus = (z: number) => Math.log1p(Math.exp(z));
    const step = loss.forward(tf.tensor2d([[1.5, -0.7]]), tf.tensor1d([0], 'int32'));
    expect(step.loss.dataSync()[0]).toBeCloseTo(softplus(-1) + 0.3 * softplus(-1.2), 5);
  });

  it('scores a soft target as the mix of the losses of its labels', () => {
    const loss = new BceUnifiedLoss({ ...sizes, scale: 16, margin: 0 });
    const value = (target: tf.Tensor1D | tf.Tensor2D) =>
      loss.forward(embeddings(), target).loss.dataSync()[0]!;
    const targets = new Float32Array(40);
    targets[4] = 0.3;
    targets[6] = 0.7;
    targets[20 + 11] = 1;
    const mixed = 0.3 * value(labels()) + 0.7 * value(tf.tensor1d([6, 11], 'int32'));
    expect(value(tf.tensor2d(targets, [2, 20]))).toBeCloseTo(mixed, 4);
    expect(() => new BceUnifiedLoss(sizes).forward(embeddings(), tf.tensor2d(targets, [2, 20]))).toThrow(
      ConfigError,
    );
  });

  for (const negativeSampling of ['shared', 'independent'] as const) {
    it(`draws other ${negativeSampling} negatives after each commit, and the same ones after a resume`, async () => {
      const make = () =>
        new BceUnifiedLoss({ ...sizes, scale: 16, negativeSampleRate: 0.4, negativeSampling });
      const first = make();
      const run = async (loss: BceUnifiedLoss) =>
        (await lossAndGradients(loss, embeddings(), labels(), { commit: true })).loss;
      const history = [await run(first), await run(first)];
      expect(new Set(history).size).toBe(2);
      const state = first.getState();
      const resumed = make();
      resumed.setState(state);
      expect(await run(resumed)).toBe(await run(first));
      const again = make();
      expect([await run(again), await run(again)]).toEqual(history);
    });
  }

  it('gives gradients only to the sampled classes, which include those of the batch', async () => {
    const loss = new BceUnifiedLoss({ ...sizes, scale: 16, negativeSampleRate: 0.4 });
    const { trainable } = await lossAndGradients(loss, embeddings(), labels());
    const touched = Array.from({ length: 20 }, (_, row) =>
      trainable[0]!.slice(row * 4, row * 4 + 4).some((v) => v !== 0),
    );
    expect(touched.filter(Boolean)).toHaveLength(8);
    expect(touched[4] && touched[11]).toBe(true);
  });

  it('scores all pairs of the given classes, instead of drawn pairs', async () => {
    const context = { sampledClasses: tf.tensor1d([11, 4, 7], 'int32') };
    const evaluate = (options: object) =>
      lossAndGradients(new BceUnifiedLoss({ ...sizes, biasInit: 2, ...options }), embeddings(), labels(), {
        context,
      });
    const independent = { negativeSampleRate: 0.4, negativeSampling: 'independent' };
    expect(await evaluate(independent)).toEqual(await evaluate({}));
  });

  it('rejects options out of range', () => {
    expect(() => new BceUnifiedLoss({ ...sizes, negativeSampleRate: 0 })).toThrow(ConfigError);
    expect(() => new BceUnifiedLoss({ ...sizes, negativeSampleRate: 1.1 })).toThrow(
      /negativeSampleRate.*1\.1/,
    );
    expect(() => new BceUnifiedLoss({ ...sizes, labelSmoothing: -1 })).toThrow(ConfigError);
    expect(() => new BceUnifiedLoss({ ...sizes, biasInit: Number.NaN })).toThrow(/biasInit/);
    expect(() => new BceUnifiedLoss({ ...sizes, negativeSampling: 'none' as 'shared' })).toThrow(
      /'shared', 'independent'/,
    );
  });
});
