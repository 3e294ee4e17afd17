import { ConfigError, ShapeError } from '@openset/core';
import { describeOnBackends } from '@openset/testkit/vitest';
import '@openset/wasm-kernels';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { createBackbone } from './create-backbone.ts';
import { countStages, freezeStages } from './freeze-stages.ts';
import type { NetworkBackbone } from './network-backbone.ts';

const small = () =>
  createBackbone({ backbone: 'small-cnn', width: 2, embeddingSize: 3, inputSize: 16, seed: 1 });
const images = () => tf.randomUniform<tf.Rank.R4>([4, 16, 16, 3], -1, 1, 'float32', 5);

/** Returns the values of a state by name. */
function values(network: Pick<NetworkBackbone, 'getState'>): Record<string, number[]> {
  const state = network.getState();
  const entries = Object.entries(state).map(([name, tensor]) => [name, [...tensor.dataSync()]]);
  tf.dispose(state);
  return Object.fromEntries(entries) as Record<string, number[]>;
}

describeOnBackends('freezeStages', () => {
  it('keeps weights and statistics of frozen stages, whatever is trained', async () => {
    const network = small();
    const frozen = freezeStages(network, 2);
    const before = values(network);
    const optimizer = tf.train.sgd(0.1);
    const cost = () => tf.sum(tf.square(frozen.forward(images(), { training: true }))) as tf.Scalar;
    optimizer.minimize(cost, false, [...frozen.trainable]);
    frozen.afterStep?.();
    const after = values(network);
    const changed = Object.keys(after).filter((name) => `${after[name]}` !== `${before[name]}`);
    expect(changed).not.toEqual([]);
    expect(changed.filter((name) => /^(conv|bn|prelu)[12]\./.test(name))).toEqual([]);
    expect(changed).toContain('bn3.running_mean');
    expect(changed).toContain('fc.weight');
    frozen.dispose();
  });

  it.each([
    [0, [16, 16, 3]],
    [1, [8, 8, 2]],
    [3, [2, 2, 8]],
    ['backbone', [2, 2, 8]],
  ] as const)('%s: divides the network there, and embeds as the whole network', async (stages, shape) => {
    const network = small();
    const frozen = freezeStages(network, stages);
    expect(frozen.featureShape).toEqual(shape);
    const x = images();
    const expected = await network.forward(x).data();
    expect(await frozen.forward(x).data()).toEqual(expected);
    expect(await frozen.forwardFeatures(frozen.features(x)).data()).toEqual(expected);
    expect(frozen.getConfig()).toEqual(network.getConfig());
    const fixed = frozen.getFrozenState();
    const names = Object.keys(fixed);
    expect(names.some((name) => name.startsWith('conv1.'))).toBe(stages !== 0);
    expect(names.some((name) => name.startsWith('fc.'))).toBe(false);
    tf.dispose(fixed);
    frozen.dispose();
  });

  it('leaves no tensors behind', () => {
    const before = tf.memory().numTensors;
    const frozen = freezeStages(small(), 1);
    tf.tidy(() => void frozen.forward(images(), { training: true }));
    frozen.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});

describeOnBackends('stages', () => {
  it.each([
    ['small-cnn', {}, 3],
    ['lresnet-ir', { blocks: [1, 1, 1, 1], width: 2, inputSize: 32 }, 5],
    ['mobile-facenet', { inputSize: 112 }, 4],
    ['cifar-resnet', { width: 2 }, 4],
    ['cifar-densenet', { blocks: [1, 1], growthRate: 2 }, 2],
  ] as const)('%s has %j stages', (backbone, options, count) => {
    const network = createBackbone({ backbone, ...options });
    expect(countStages(network)).toBe(count);
    const message = `freeze is ${count + 1}, but the network has ${count} stages. Freeze fewer, or 'backbone'.`;
    expect(() => freezeStages(network, count + 1)).toThrow(message);
    network.dispose();
  });

  it('rejects bad numbers and features of another shape', () => {
    const network = small();
    expect(() => freezeStages(network, 1.5)).toThrow(ConfigError);
    expect(() => freezeStages(network, -1)).toThrow('freeze must be a whole number from 0');
    expect(() => freezeStages(network, 1).forwardFeatures(tf.zeros([1, 4, 8, 2]))).toThrow(ShapeError);
    network.dispose();
  });
});
