import { relativeError } from '@openset/testkit';
import { describeOnBackends } from '@openset/testkit/vitest';
import '@openset/wasm-kernels';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { createBackbone } from './create-backbone.ts';
import { lresnetIR } from './lresnet-ir.ts';
import type { NetworkBackbone } from './network-backbone.ts';
import { runNetwork } from './run-network.ts';
import type { Segment } from './segment.ts';

const options = {
  inputSize: [21, 18],
  channels: 1,
  width: 4,
  embeddingSize: 5,
  blocks: [2, 1],
  dropout: 0,
} as const;

describe('trainingSteps', () => {
  it('joins batch norms with what follows them, and runs those on a branch first', async () => {
    await tf.setBackend('cpu');
    const backbone = lresnetIR(options);
    const names = ({ trainingSteps }: Segment) =>
      trainingSteps.map(({ inputs, outputs }) => [
        inputs.map(({ sourceLayer }) => sourceLayer.name).join(' + '),
        outputs.map(({ sourceLayer }) => sourceLayer.name).join(' + '),
      ]);
    const [stem, halving, keeping] = backbone.segments.map(names);
    expect(stem).toEqual([
      ['images', 'conv1'],
      ['conv1', 'prelu'],
    ]);
    // The shortcut of a stage's first block is a convolution, and yet reads what the batch norm passes on.
    expect(halving!.slice(0, 2)).toEqual([
      ['prelu', 'layer1.0.bn0 + prelu'],
      ['prelu', 'layer1.0.downsample.0'],
    ]);
    expect(keeping).toEqual([
      ['add_1', 'layer1.1.bn0 + add_1'],
      ['layer1.1.bn0', 'layer1.1.conv1'],
      ['layer1.1.conv1', 'layer1.1.prelu'],
      ['layer1.1.prelu', 'layer1.1.conv2'],
      ['layer1.1.conv2 + add_1', 'add_2'],
    ]);
    backbone.dispose();
  });
});

describeOnBackends('training steps', () => {
  it.each([
    { backbone: 'lresnet-ir', ...options },
    { backbone: 'mobile-facenet', inputSize: [33, 32], width: 4, embeddingSize: 6 },
    { backbone: 'cifar-resnet', depth: 18, inputSize: 9, width: 4 },
    { backbone: 'cifar-densenet', blocks: [2, 3], growthRate: 4, inputSize: 10 },
    { backbone: 'small-cnn', inputSize: 12, embeddingSize: 6 },
  ])('compute what the layers compute one by one: $backbone', async (config) => {
    const backbone = createBackbone(config) as NetworkBackbone;
    const images = tf.randomUniform([3, ...backbone.inputShape], -1, 1, 'float32', 1) as tf.Tensor4D;
    const state = backbone.getState();
    const results = [];
    for (const segments of [backbone.segments, backbone.segments.map(oneByOne)]) {
      backbone.setState(state);
      const before = tf.memory().numTensors;
      const { value, grads } = tf.variableGrads(
        () =>
          tf.mean(
            tf.square(runNetwork({ segments }, images, { training: true, seed: 3 }, false)),
          ) as tf.Scalar,
      );
      expect(tf.memory().numTensors - before).toBe(1 + Object.keys(grads).length);
      const tensors = [value, ...Object.values(grads), ...Object.values(backbone.getState())];
      results.push(await Promise.all(tensors.map((tensor) => tensor.data())));
    }
    const [joined, single] = results as [Float32Array[], Float32Array[]];
    expect(joined).toHaveLength(single.length);
    for (const [index, values] of joined.entries()) {
      expect(relativeError(values, single[index]!), `result ${index}`).toBeLessThan(1e-4);
    }
    backbone.dispose();
  });
});

/** Returns the segment with a step for each layer. */
function oneByOne(segment: Segment): Segment {
  const trainingSteps = segment.steps.map(({ layer, inputs, output, lastUses }) => ({
    ...{ inputs, outputs: [output], lastUses },
    run: (tensors: readonly tf.Tensor[], pass: object) => [
      layer.apply(tensors.length === 1 ? tensors[0]! : [...tensors], { ...pass }) as tf.Tensor,
    ],
  }));
  return { ...segment, trainingSteps };
}
