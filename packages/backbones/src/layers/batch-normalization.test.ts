import { ShapeError } from '@openset/core';
import { describeOnBackends } from '@openset/testkit/vitest';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { batchNormalization } from './batch-normalization.ts';
import { weightOf } from './stock-layer.ts';

const run = (layer: ReturnType<typeof batchNormalization>, x: tf.Tensor, options: object) =>
  layer.apply(x, { ...options }) as tf.Tensor;

describeOnBackends('batchNormalization', () => {
  it('moves its statistics as PyTorch does: by a tenth, towards the unbiased variance', async () => {
    const layer = batchNormalization('statistics');
    const x = tf.tensor2d([1, 3], [2, 1]);
    // Mean 2, biased variance 1 (which normalises), unbiased variance 2 (which is stored): 0.9 · 0 + 0.1 · 2 and
    // 0.9 · 1 + 0.1 · 2.
    const y = await run(layer, x, { training: true }).data();
    expect(y[0]).toBeCloseTo(-1, 4);
    expect(y[1]).toBeCloseTo(1, 4);
    const [mean] = await weightOf(layer, 'moving_mean').data();
    const [variance] = await weightOf(layer, 'moving_variance').data();
    expect(mean).toBeCloseTo(0.2, 6);
    expect(variance).toBeCloseTo(1.1, 6);
    // Evaluation: (1 − 0.2) / √(1.1 + 1e-5).
    expect((await run(layer, x, {}).data())[0]).toBeCloseTo(0.8 / Math.sqrt(1.1 + 1e-5), 5);
    expect((await weightOf(layer, 'moving_mean').data())[0]).toBe(mean);
  });

  it('does not move its statistics in a replay', async () => {
    const layer = batchNormalization('replay');
    const x = tf.tensor2d([1, 3], [2, 1]);
    const replayed = await run(layer, x, { training: true, replay: true }).data();
    expect([...(await weightOf(layer, 'moving_mean').data())]).toEqual([0]);
    expect([...(await weightOf(layer, 'moving_variance').data())]).toEqual([1]);
    expect(await run(layer, x, { training: true }).data()).toEqual(replayed);
  });

  it('refuses to train on one value per channel', () => {
    const layer = batchNormalization('single');
    const train = () => run(layer, tf.ones([1, 1, 1, 4]), { training: true });
    expect(train).toThrow(ShapeError);
    expect(train).toThrow(
      /'single' has 1 value per channel in an input \[1, 1, 1, 4\], but needs at least 2/,
    );
    expect(run(layer, tf.ones([1, 1, 1, 4]), {}).shape).toEqual([1, 1, 1, 4]);
  });

  it('starts at γ = 1 or 0, and does not train a frozen γ', () => {
    const names = (layer: ReturnType<typeof batchNormalization>) => {
      layer.apply(tf.ones([2, 3]));
      return layer.trainableWeights.map(({ originalName }) => originalName);
    };
    expect(names(batchNormalization('free'))).toEqual(['free/gamma', 'free/beta']);
    expect(names(batchNormalization('frozen', { frozenGamma: true }))).toEqual(['frozen/beta']);
    const zero = batchNormalization('zero', { zeroGamma: true });
    zero.apply(tf.ones([2, 3]));
    expect([...weightOf(zero, 'gamma').dataSync()]).toEqual([0, 0, 0]);
  });
});
