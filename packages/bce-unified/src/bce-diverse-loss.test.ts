import { lossAndGradients, numericState } from '@openset/testkit';
import { describeOnBackends, lossConformance, lossFixtures } from '@openset/testkit/vitest';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { BceDiverseLoss, bceDiverseDescriptor } from './bce-diverse-loss.ts';
import { BceUnifiedLoss } from './bce-unified-loss.ts';

lossConformance(bceDiverseDescriptor, {
  fixtures: lossFixtures(new URL('./__fixtures__/losses.json', import.meta.url)),
});

describeOnBackends('BceDiverseLoss', () => {
  const sizes = { numClasses: 20, embeddingSize: 4 };

  it('initialises its biases as the papers do', async () => {
    const start = async (options: object) =>
      (await numericState(new BceDiverseLoss({ ...sizes, ...options }))).bias!;
    expect(await start({})).toEqual(new Float32Array(20).fill(Math.log(200)));
    const even = await start({ normalized: false });
    expect(Math.max(...even.map(Math.abs))).toBeLessThanOrEqual(0.5);
    expect(new Set(even).size).toBe(20);
    const own = Array.from({ length: 20 }, (_, index) => index);
    expect([...(await start({ biasInit: own }))]).toEqual(own);
    expect(() => new BceDiverseLoss({ ...sizes, biasInit: [1, 2] })).toThrow(
      /a list of 20, but is a list of 2\./,
    );
  });

  it('equals the unified loss if all biases are equal, and their gradients add up', async () => {
    const embeddings = tf.tensor2d([1, 2, 3, -1, 0.5, 2, -0.3, 0.4], [2, 4]);
    const labels = tf.tensor1d([4, 11], 'int32');
    const options = { ...sizes, scale: 16, biasInit: 3 };
    const diverse = await lossAndGradients(new BceDiverseLoss(options), embeddings, labels);
    const unified = await lossAndGradients(new BceUnifiedLoss(options), embeddings, labels);
    expect(diverse.loss).toBeCloseTo(unified.loss, 4);
    expect(diverse.trainable[1]!.reduce((sum, value) => sum + value, 0)).toBeCloseTo(
      unified.trainable[1]![0]!,
      4,
    );
    expect(new BceDiverseLoss(options).threshold()).toBeNull();
  });
});
