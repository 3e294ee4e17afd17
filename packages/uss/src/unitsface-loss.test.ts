import {
  ClassWeightsLoss,
  type ClassWeightsLossOptions,
  ConfigError,
  cosineMargin,
  softmaxCriterion,
} from '@openset/core';
import { lossAndGradients, numericState } from '@openset/testkit';
import {
  describeOnBackends,
  type LossSizes,
  lossConformance,
  variantConformance,
} from '@openset/testkit/vitest';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { UniTSFaceLoss, type UniTSFaceLossOptions, uniTSFaceDescriptor } from './unitsface-loss.ts';
import { UssLoss } from './uss-loss.ts';

/** CosFace in a few lines, because this package imports no other loss. */
class ClassLoss extends ClassWeightsLoss {
  constructor(options: ClassWeightsLossOptions) {
    super(
      'ClassLoss',
      options,
      { criterion: softmaxCriterion, scale: 16, margins: [cosineMargin(0.4)] },
      null,
    );
  }
}

const make = (sizes: LossSizes, options: Partial<UniTSFaceLossOptions> = {}) =>
  new UniTSFaceLoss({ ...sizes, scale: 16, classLoss: new ClassLoss(sizes), ...options });

lossConformance(uniTSFaceDescriptor);
variantConformance(
  'UniTSFaceLoss before USS starts',
  (sizes) => {
    // The bias of USS takes no part in this epoch, so only the class loss is checked.
    const loss = make(sizes, { startEpoch: 3 });
    return Object.assign(loss, { trainable: loss.trainable.slice(0, 1) });
  },
  { context: { epoch: 1 } },
);

describeOnBackends('UniTSFaceLoss', () => {
  const sizes = { numClasses: 4, embeddingSize: 3 };
  const embeddings = () => tf.tensor2d([1, 2, 3, -1, 0.5, 2, 0, -1, 1], [3, 3]);
  const labels = () => tf.tensor1d([3, 1, 0], 'int32');

  async function parts() {
    const classLoss = new ClassLoss(sizes);
    const uss = new UssLoss({ ...sizes, scale: 16 });
    uss.remember(
      tf.tensor2d([1, 1, 1, 2, 0, 1, 0, 3, 0, 1, 0, -1], [4, 3]),
      tf.tensor1d([0, 1, 2, 3], 'int32'),
    );
    const state = uss.getState();
    const values = [
      await lossAndGradients(classLoss, embeddings(), labels()),
      await lossAndGradients(uss, embeddings(), labels()),
    ].map(({ loss }) => loss);
    const combined = (options: Partial<UniTSFaceLossOptions>) => {
      const loss = make(sizes, options);
      const renamed = Object.entries(state).map(([key, tensor]) => [`uss.${key}`, tensor]);
      loss.setState({ 'classLoss.weight': classLoss.weight, ...Object.fromEntries(renamed) });
      return loss;
    };
    return { values: values as [number, number], combined };
  }

  it('adds the parts (code) or averages them (paper) from the second epoch on', async () => {
    const {
      values: [classValue, ussValue],
      combined,
    } = await parts();
    const value = async (options: Partial<UniTSFaceLossOptions>, epoch: number) =>
      (await lossAndGradients(combined(options), embeddings(), labels(), { context: { epoch } })).loss;
    expect(await value({}, 0)).toBeCloseTo(classValue, 5);
    expect(await value({}, 1)).toBeCloseTo(classValue + ussValue, 4);
    expect(await value({ combination: 'mean' }, 1)).toBeCloseTo((classValue + ussValue) / 2, 4);
    expect(await value({ combination: 'mean' }, 0)).toBeCloseTo(classValue, 5);
    expect(await value({ classLossAfterStart: false }, 0)).toBeCloseTo(classValue, 5);
    expect(await value({ classLossAfterStart: false }, 1)).toBeCloseTo(ussValue, 5);
    expect(await value({ startEpoch: 1 }, 0)).toBeCloseTo(classValue + ussValue, 4);
  });

  it('fills the memory in the first epoch, and starts the bias in the second', async () => {
    const loss = make(sizes);
    await lossAndGradients(loss, embeddings(), labels(), { context: { epoch: 0 }, commit: true });
    const first = await numericState(loss);
    expect([...first['uss.featureMemory']!]).toEqual([0, -1, 1, -1, 0.5, 2, 0, 0, 0, 1, 2, 3]);
    expect([...first['uss.bias']!]).toEqual([0]);
    expect(loss.threshold()).toBeNull();
    await lossAndGradients(loss, embeddings(), labels(), { context: { epoch: 1 }, commit: true });
    expect(loss.threshold()).toEqual({
      cosine: (await numericState(loss))['uss.bias']![0]! / 16,
      between: 'embeddings',
      scale: 16,
      comparisons: sizes.numClasses - 1,
    });
  });

  it('adds a class loss that samples classes, and resumes it exactly', async () => {
    const classOptions = { ...sizes, negativeSampleRate: 0.8, interclassFilteringThreshold: 0.4 };
    const classLoss = new ClassLoss(classOptions);
    const uss = new UssLoss({ ...sizes, scale: 16 });
    const loss = make(sizes, { startEpoch: 1, classLoss: new ClassLoss(classOptions) });
    const options = { context: { epoch: 1 }, commit: true };
    for (const each of [classLoss, uss, loss]) await lossAndGradients(each, embeddings(), labels(), options);
    const both = await lossAndGradients(loss, embeddings(), labels(), { context: { epoch: 1 } });
    const alone = await lossAndGradients(classLoss, embeddings(), labels(), {});
    const { loss: ussValue } = await lossAndGradients(uss, embeddings(), labels(), {});
    expect(both.loss).toBeCloseTo(alone.loss + ussValue, 4);
    // The batch has 3 of 4 classes, and ⌊0.8 · 4⌋ = 3.
    expect([...both.trainable[0]!.slice(6, 9)]).toEqual([0, 0, 0]);
    expect([...(await numericState(loss))['classLoss.samplingStep']!]).toEqual([1]);
    const resumed = make(sizes, { startEpoch: 1, classLoss: new ClassLoss(classOptions) });
    resumed.setState(loss.getState());
    expect(await lossAndGradients(resumed, embeddings(), labels(), options)).toEqual(both);
    const all = tf.tensor1d([0, 1, 2, 3], 'int32');
    const wide = await lossAndGradients(loss, embeddings(), labels(), {
      context: { epoch: 1, sampledClasses: all },
    });
    expect(wide.trainable[0]!.slice(6, 9).some(Boolean)).toBe(true);
  });

  it('requires the epoch, and rejects a class loss that would never count', () => {
    expect(() => make(sizes).forward(embeddings(), labels())).toThrow(/'uss' starts at epoch 2.*epoch/);
    expect(() => make(sizes, { startEpoch: 1, classLossAfterStart: false })).toThrow(ConfigError);
  });

  it('reports its options and those of its class loss', () => {
    const loss = make(sizes, { combination: 'mean' });
    expect(loss.getConfig()).toEqual({
      loss: 'UniTSFaceLoss',
      ...sizes,
      scale: 16,
      combination: 'mean',
      classLoss: { loss: 'ClassLoss', ...sizes },
    });
  });
});
