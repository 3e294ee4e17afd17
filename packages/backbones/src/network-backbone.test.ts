import { ConfigError, DataError, ShapeError } from '@openset/core';
import { describeOnBackends } from '@openset/testkit/vitest';
import '@openset/wasm-kernels';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { trainingPass } from './__fixtures__/reference-networks.ts';
import { backboneKinds, createBackbone } from './create-backbone.ts';
import { lresnetIR } from './lresnet-ir.ts';
import type { NetworkBackbone } from './network-backbone.ts';

const tiny = { blocks: [1, 1], width: 2, inputSize: 8, embeddingSize: 4 };
const tinyConfigs = [
  { backbone: 'lresnet-ir', ...tiny },
  { backbone: 'mobile-facenet', width: 2, inputSize: 32, embeddingSize: 4 },
  { backbone: 'cifar-resnet', width: 2, inputSize: 8 },
  { backbone: 'cifar-densenet', blocks: [1, 1], growthRate: 2, inputSize: 8 },
  { backbone: 'small-cnn', width: 2, inputSize: 8, embeddingSize: 4 },
].map((config) => [config.backbone, config] as const);

const images = (backbone: NetworkBackbone, batch = 3) =>
  tf.randomUniform([batch, ...backbone.inputShape], -1, 1, 'float32', 5) as tf.Tensor4D;

async function valuesOf(state: tf.NamedTensorMap): Promise<Record<string, number[]>> {
  const entries = Object.entries(state).map(async ([name, tensor]) => [name, [...(await tensor.data())]]);
  tf.dispose(state);
  return Object.fromEntries(await Promise.all(entries));
}

it('this file tests every kind', () => {
  expect(tinyConfigs.map(([kind]) => kind).sort()).toEqual([...backboneKinds].sort());
});

describeOnBackends('every network', () => {
  it.each(tinyConfigs)('%s leaks no tensor', async (_, config) => {
    const before = tf.memory().numTensors;
    for (const checkpointing of [false, true]) {
      const backbone = createBackbone({ ...config, checkpointing });
      const batch = images(backbone);
      const withBatch = tf.memory().numTensors;
      await trainingPass(backbone, batch);
      tf.dispose([backbone.forward(batch), backbone.forward(batch, { training: true }), backbone.getState()]);
      backbone.afterStep();
      expect(tf.memory().numTensors).toBe(withBatch);
      backbone.dispose();
      backbone.dispose();
      batch.dispose();
    }
    expect(tf.memory().numTensors).toBe(before);
  });

  it.each(tinyConfigs)('%s copies its state to another network', async (_, config) => {
    const [one, other] = [createBackbone({ ...config, seed: 1 }), createBackbone({ ...config, seed: 2 })];
    const batch = images(one);
    tf.dispose(one.forward(batch, { training: true }));
    const evaluate = async (backbone: NetworkBackbone) => [...(await backbone.forward(batch).data())];
    expect(await evaluate(other)).not.toEqual(await evaluate(one));
    const state = one.getState();
    other.setState(state);
    tf.dispose(state);
    expect(await evaluate(other)).toEqual(await evaluate(one));
    expect(await valuesOf(other.getState())).toEqual(await valuesOf(one.getState()));
    one.dispose();
    // The copy does not depend on the original.
    expect((await evaluate(other)).every(Number.isFinite)).toBe(true);
    other.dispose();
  });

  it.each(tinyConfigs)('%s is recreated from its configuration', async (_, config) => {
    const one = createBackbone({ ...config, seed: 3 });
    const other = createBackbone(JSON.parse(JSON.stringify(one.getConfig())));
    expect(other.getConfig()).toEqual(one.getConfig());
    const [side, sides] = [config.inputSize, [config.inputSize, config.inputSize]];
    expect(one.getConfig()).toMatchObject({ ...config, inputSize: sides, seed: 3 });
    expect(createBackbone({ ...config, inputSize: [side, side] }).inputShape).toEqual([...sides, 3]);
    expect(await valuesOf(other.getState())).toEqual(await valuesOf(one.getState()));
    expect([other.name, other.inputShape, other.embeddingSize]).toEqual([
      one.name,
      one.inputShape,
      one.embeddingSize,
    ]);
    one.dispose();
    other.dispose();
  });

  it.each(tinyConfigs)('%s trains: the loss falls on a repeated batch', async (_, config) => {
    const backbone = createBackbone(config);
    const batch = images(backbone, 4);
    const target = tf.randomNormal([4, backbone.embeddingSize], 0, 1, 'float32', 6);
    const optimizer = tf.train.momentum(0.02, 0.9);
    const losses: number[] = [];
    for (let step = 0; step < 8; step++) {
      const value = optimizer.minimize(
        () => tf.losses.meanSquaredError(target, backbone.forward(batch, { training: true, seed: 1 })),
        true,
        [...backbone.trainable],
      );
      backbone.afterStep();
      losses.push((await value!.data())[0]!);
      value!.dispose();
    }
    expect(losses.at(-1)).toBeLessThan(losses[0]! * 0.95);
    tf.dispose([batch, target]);
    optimizer.dispose();
    backbone.dispose();
  });
});

describeOnBackends('NetworkBackbone', () => {
  it('applies the same dropout for the same seed', async () => {
    const backbone = lresnetIR({ ...tiny, dropout: 0.5 });
    const batch = images(backbone);
    const pass = async (seed: number) => [
      ...(await backbone.forward(batch, { training: true, seed }).data()),
    ];
    const first = await pass(1);
    expect(await pass(1)).toEqual(first);
    expect(await pass(2)).not.toEqual(first);
    // Evaluation mode has no dropout.
    const evaluate = async (seed: number) => [...(await backbone.forward(batch, { seed }).data())];
    expect(await evaluate(1)).toEqual(await evaluate(2));
    backbone.dispose();
  });

  it('changes only running statistics in a training pass', async () => {
    const backbone = lresnetIR(tiny);
    const before = await valuesOf(backbone.getState());
    tf.dispose(backbone.forward(images(backbone), { training: true }));
    const after = await valuesOf(backbone.getState());
    const moved = Object.keys(before).filter((name) => `${before[name]}` !== `${after[name]}`);
    expect(moved).toEqual(Object.keys(before).filter((name) => name.includes('running')));
    tf.dispose(backbone.forward(images(backbone)));
    expect(await valuesOf(backbone.getState())).toEqual(after);
    backbone.dispose();
  });

  it('computes gradients of the images', async () => {
    for (const checkpointing of [false, true]) {
      const backbone = lresnetIR({ ...tiny, checkpointing });
      const batch = images(backbone);
      const gradient = tf.grad((x) =>
        tf.sum(tf.square(backbone.forward(x as tf.Tensor4D, { training: true }))),
      )(batch);
      expect(gradient.shape).toEqual(batch.shape);
      backbone.dispose();
    }
  });

  it('does not free the upstream gradient', async () => {
    for (const checkpointing of [false, true]) {
      const backbone = lresnetIR({ ...tiny, checkpointing });
      const batch = images(backbone);
      const dy = tf.ones([3, 4]);
      for (const run of [
        (x: tf.Tensor) => backbone.forward(x as tf.Tensor4D, { training: true }),
        (x: tf.Tensor) => backbone.model.apply(x, { training: true }) as tf.Tensor,
      ]) {
        tf.grad(run)(batch, dy).dispose();
        expect([...(await dy.data())]).toEqual(Array(12).fill(1));
      }
      tf.dispose([batch, dy]);
      backbone.dispose();
    }
  });

  it('refuses images of another shape or type', () => {
    const backbone = lresnetIR(tiny);
    const forward = (shape: number[], dtype: 'float32' | 'int32' = 'float32') => {
      return () =>
        backbone.forward(tf.zeros(shape as [number, number, number, number], dtype), { training: true });
    };
    expect(forward([2, 8, 8, 1])).toThrow(ShapeError);
    expect(forward([2, 8, 8, 1])).toThrow(/lresnet-ir takes images \[batch, 8, 8, 3\].*\[2, 8, 8, 1\]/);
    expect(forward([8, 8, 3])).toThrow(ShapeError);
    expect(forward([0, 8, 8, 3])).toThrow(/at least one/);
    expect(forward([2, 8, 8, 3], 'int32')).toThrow(DataError);
    expect(() => backbone.forward(tf.zeros<tf.Rank.R4>([2, 8, 8, 3]), { training: true, seed: 0.5 })).toThrow(
      ConfigError,
    );
    backbone.dispose();
  });

  it('refuses a state that does not fit, and does not change', async () => {
    const backbone = lresnetIR(tiny);
    const before = await valuesOf(backbone.getState());
    const state = backbone.getState();
    const { 'conv1.weight': _, ...rest } = state;
    expect(() => backbone.setState({ ...rest, extra: tf.zeros([1]) })).toThrow(DataError);
    expect(() => backbone.setState({ ...rest, extra: tf.zeros([1]) })).toThrow(
      /1 of its \d+ tensors are missing \(conv1\.weight\), 1 are unknown \(extra\)/,
    );
    const misshapen = { ...state, 'bn5.bias': tf.zeros([5]) };
    expect(() => backbone.setState(misshapen)).toThrow(ShapeError);
    expect(() => backbone.setState(misshapen)).toThrow(
      /'bn5\.bias' must be float32 \[4\], but is float32 \[5\]/,
    );
    expect(await valuesOf(backbone.getState())).toEqual(before);
    // The last tensor: a restore without checks would have written all others.
    const other = lresnetIR({ ...tiny, seed: 1 });
    const ended = other.getState();
    Object.values(ended).at(-1)!.dispose();
    expect(() => backbone.setState(ended)).toThrow(DataError);
    expect(() => backbone.setState(ended)).toThrow(/'bn5\.running_var' was disposed of/);
    expect(await valuesOf(backbone.getState())).toEqual(before);
    tf.dispose([state, ended]);
    other.dispose();
    backbone.dispose();
  });

  it('refuses use after dispose', () => {
    const backbone = lresnetIR(tiny);
    const batch = images(backbone);
    backbone.dispose();
    for (const use of [
      () => backbone.forward(batch),
      () => backbone.getState(),
      () => backbone.setState({}),
      () => backbone.afterStep(),
    ]) {
      expect(use).toThrow(/lresnet-ir was disposed of/);
    }
  });
});
