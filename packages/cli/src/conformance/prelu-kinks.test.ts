import { lresnetIR } from '@openset/backbones';
import { describeOnBackends } from '@openset/testkit/vitest';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { crossKink, findKinks } from './prelu-kinks.ts';

describeOnBackends('PReLU kinks', () => {
  it('are found in order, crossed and restored', async () => {
    const backbone = lresnetIR({ blocks: [1], width: 3, inputSize: 6, embeddingSize: 2, channels: 1 });
    const images = tf.randomUniform([2, 6, 6, 1], -1, 1, 'float32', 1) as tf.Tensor4D;
    const before = tf.memory().numTensors;
    const all = await findKinks(backbone, images, { limit: Number.POSITIVE_INFINITY, maximum: 1e6 });
    // There are two PReLUs: after the stem, and in the block before its stride.
    expect(all).toHaveLength(2 * 2 * 36 * 3);
    const distances = all.map(({ value }) => Math.abs(value));
    expect(distances).toEqual([...distances].sort((a, b) => a - b));
    const limit = distances[9]!;
    const near = await findKinks(backbone, images, { limit, maximum: 1e6 });
    expect(near).toEqual(all.slice(0, 10));
    expect(await findKinks(backbone, images, { limit, maximum: 4 })).toEqual(all.slice(0, 4));

    const [nearest] = near;
    const bias = await nearest!.bias.data();
    const undo = await crossKink(nearest!);
    const moved = await findKinks(backbone, images, { limit: 2 * distances[0]!, maximum: 1e6 });
    expect(moved[0]!.channel).toBe(nearest!.channel);
    expect(moved.some(({ value }) => Math.abs(value + nearest!.value) < 1e-6)).toBe(true);
    undo();
    expect(await nearest!.bias.data()).toEqual(bias);
    expect(tf.memory().numTensors).toBe(before);
    images.dispose();
    backbone.dispose();
  });

  it('at 0 are crossed upwards, because 0 has the negative slope', async () => {
    const bias = tf.variable(tf.tensor1d([0.5, 0.25]));
    await crossKink({ bias: bias as tf.Variable, channel: 1, value: 0 });
    const [first, second] = await bias.data();
    expect(first).toBe(0.5);
    expect(second).toBeGreaterThan(0.25);
    bias.dispose();
  });
});
