import { ConfigError } from '@openset/core';
import { describeOnBackends } from '@openset/testkit/vitest';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { flipSum } from './flip-sum.ts';
import { weightOf } from './layers/stock-layer.ts';
import { type LResNetIROptions, lresnetIR } from './lresnet-ir.ts';

const tiny = { blocks: [1, 1], width: 2, inputSize: 8, embeddingSize: 4 };

describe('lresnetIR', () => {
  const parametersOf = (options: LResNetIROptions) => {
    const backbone = lresnetIR(options);
    // The frozen γ of the last batch norm counts as a parameter, too.
    const count = backbone.trainable.reduce((sum, { size }) => sum + size, 0) + backbone.embeddingSize;
    backbone.dispose();
    return count;
  };

  it('has 22,812,672 parameters at depth 18, and maps 112 × 112 colour images to 512 numbers', async () => {
    await tf.setBackend('cpu');
    expect(parametersOf({ depth: 18 })).toBe(22_812_672);
    const backbone = lresnetIR({ depth: 18, width: 2 });
    expect([backbone.inputShape, backbone.embeddingSize]).toEqual([[112, 112, 3], 512]);
    backbone.dispose();
  });

  it('has the number of parameters of the papers at every depth', () => {
    // Depths above 18 only add blocks, and each block of a stage adds the same number. Images of 16 × 16 save time.
    const count = (blocks: number[]) => parametersOf({ blocks, inputSize: 16 });
    const one = count([1, 1, 1, 1]);
    const added = [0, 1, 2, 3].map(
      (stage) => count([1, 1, 1, 1].map((n, at) => n + Number(at === stage))) - one,
    );
    const expected = {
      34: 32_926_400,
      50: 42_377_920,
      100: 63_943_232,
      200: 105_302_592,
    };
    const blocks = { 34: [3, 4, 6, 3], 50: [3, 4, 14, 3], 100: [3, 13, 30, 3], 200: [3, 33, 60, 3] };
    for (const depth of [34, 50, 100, 200] as const) {
      const more = blocks[depth].reduce((sum, n, stage) => sum + (n - 2) * added[stage]!, 0);
      expect(22_812_672 + more).toBe(expected[depth]);
      const made = lresnetIR({ depth, width: 1, inputSize: 16 });
      const same = lresnetIR({ blocks: blocks[depth], width: 1, inputSize: 16 });
      expect(made.weights.map(({ name }) => name)).toEqual(same.weights.map(({ name }) => name));
      made.dispose();
      same.dispose();
    }
  });

  it('has the names and order of weights of the official code', () => {
    const backbone = lresnetIR({ blocks: [2], width: 2, inputSize: 6, embeddingSize: 3, channels: 1 });
    const bn = (name: string) => ['weight', 'bias', 'running_mean', 'running_var'].map((w) => `${name}.${w}`);
    const block = (name: string) => [
      ...bn(`${name}.bn0`),
      `${name}.conv1.weight`,
      ...bn(`${name}.bn1`),
      `${name}.prelu.weight`,
      `${name}.conv2.weight`,
      ...bn(`${name}.bn2`),
    ];
    const names = [
      'conv1.weight',
      ...bn('bn1'),
      'prelu.weight',
      'layer1.0.downsample.0.weight',
      ...bn('layer1.0.downsample.1'),
      ...block('layer1.0'),
      ...block('layer1.1'),
      ...bn('bn4'),
      'fc5.weight',
      ...bn('bn5'),
    ];
    expect(backbone.weights.map(({ name }) => name)).toEqual(names);
    const shapes = Object.fromEntries(backbone.weights.map(({ name, variable }) => [name, variable.shape]));
    expect(shapes).toMatchObject({
      'conv1.weight': [3, 3, 1, 2],
      'prelu.weight': [1, 1, 2],
      'layer1.0.downsample.0.weight': [2, 2, 2, 2],
      'layer1.0.conv1.weight': [3, 3, 2, 2],
      'layer1.0.conv2.weight': [2, 2, 2, 2],
      'layer1.1.conv2.weight': [3, 3, 2, 2],
      'fc5.weight': [3 * 3 * 2, 3],
    });
    // `trainable` has the same order, without statistics and the frozen γ.
    const byVariable = new Map(backbone.weights.map(({ name, variable }) => [variable, name]));
    expect(backbone.trainable.map((variable) => byVariable.get(variable))).toEqual(
      names.filter((name) => !name.includes('running') && name !== 'bn5.weight'),
    );
    backbone.dispose();
  });

  it('has the initial values of the paper', async () => {
    const backbone = lresnetIR({ blocks: [1, 1], width: 32, inputSize: 8, embeddingSize: 64 });
    const values = async (name: string) => [
      ...(await backbone.weights.find((one) => one.name === name)!.variable.data()),
    ];
    const deviation = (numbers: number[]) =>
      Math.sqrt(numbers.reduce((sum, value) => sum + value * value, 0) / numbers.length);
    // 1 / √fan-in. The deviation of n values has a relative error of about 1 / √(2n).
    const conv = await values('layer2.0.conv1.weight');
    expect(conv).toHaveLength(9 * 32 * 64);
    expect(deviation(conv) * Math.sqrt(9 * 32)).toBeCloseTo(1, 1);
    expect(deviation(await values('fc5.weight')) * Math.sqrt(2 * 2 * 64)).toBeCloseTo(1, 1);
    expect(new Set(await values('layer1.0.bn2.weight'))).toEqual(new Set([0]));
    expect(new Set(await values('layer1.0.bn1.weight'))).toEqual(new Set([1]));
    expect(new Set(await values('layer1.0.prelu.weight'))).toEqual(new Set([0.25]));
    backbone.dispose();
  });

  it('has the same initial weights for the same seed', async () => {
    const weights = async (seed: number) => {
      const backbone = lresnetIR({ ...tiny, seed });
      const values = await Promise.all(backbone.trainable.map((variable) => variable.data()));
      backbone.dispose();
      return values;
    };
    expect(await weights(0)).toEqual(await weights(0));
    expect(await weights(0)).not.toEqual(await weights(1));
  });

  it('takes images of any size from 2 ** stages, also oblong ones', () => {
    for (const [inputSize, tail] of [
      [[8, 8], 2 * 2],
      [[4, 7], 1],
      [[11, 9], 2 * 2],
      [[13, 8], 3 * 2],
    ] as const) {
      const backbone = lresnetIR({ ...tiny, inputSize });
      const fc5 = backbone.weights.find(({ name }) => name === 'fc5.weight')!;
      expect(fc5.variable.shape).toEqual([tail * 4, 4]);
      const embeddings = backbone.forward(tf.zeros([2, ...backbone.inputShape]) as tf.Tensor4D);
      expect(embeddings.shape).toEqual([2, 4]);
      backbone.dispose();
    }
  });

  it.each([
    [{ depth: 19 }, /depth must be one of 18, 34, 50, 100, 200, but is 19/],
    [{ depth: 18, blocks: [1] }, /depth or blocks, not both/],
    [{ blocks: [] }, /blocks must list the blocks of at least one stage/],
    [{ blocks: [1, 0] }, /blocks must be a whole number from 1, but is 0/],
    [{ ...tiny, inputSize: 3 }, /inputSize must be a whole number from 4, but is 3/],
    [{ depth: 18, inputSize: 15 }, /inputSize must be a whole number from 16, but is 15/],
    [{ inputSize: [1, 2, 3] as unknown as [number, number] }, /number or \[height, width\]/],
    [{ channels: 2 }, /channels must be 1 \(grey\) or 3 \(colour\), but is 2/],
    [{ width: 0 }, /width must be a whole number from 1/],
    [{ embeddingSize: 1.5 }, /embeddingSize must be a whole number/],
    [{ dropout: 1 }, /dropout must be a finite number from 0 up to 0.99/],
    [{ seed: Number.NaN }, /seed must be a whole number/],
    [{ checkpointing: 1 as unknown as boolean }, /checkpointing must be true or false/],
    [{ widht: 8 } as object, /lresnet-ir has no option widht; it has depth, blocks/],
  ])('refuses %j', (options, message) => {
    expect(() => lresnetIR(options)).toThrow(ConfigError);
    expect(() => lresnetIR(options)).toThrow(message);
  });
});

describeOnBackends('lresnetIR', () => {
  it('clamps PReLU slopes, and nothing else, to 0.01 or above after each step', async () => {
    const backbone = lresnetIR(tiny);
    const [, first] = backbone.weights.filter(({ name }) => name.endsWith('prelu.weight'));
    first!.variable.assign(tf.tensor([-0.3, 0.7], [1, 1, 2]));
    const offset = backbone.weights.find(({ name }) => name === 'bn1.bias')!.variable;
    offset.assign(tf.tensor1d([-1, 0]));
    backbone.afterStep();
    const values = [...(await first!.variable.data())];
    expect(values[0]).toBeCloseTo(0.01, 7);
    expect(values[1]).toBeCloseTo(0.7, 6);
    expect([...(await offset.data())]).toEqual([-1, 0]);
    backbone.dispose();
  });

  it('flipSum is the embedding plus that of the mirror image', async () => {
    const backbone = lresnetIR(tiny);
    const images = tf.randomUniform([2, 8, 8, 3], -1, 1, 'float32', 1) as tf.Tensor4D;
    const flipped = tf.reverse(images, 2);
    expect([...(await tf.slice(flipped, [0, 0, 0, 0], [1, 1, 1, 3]).data())]).toEqual([
      ...(await tf.slice(images, [0, 0, 7, 0], [1, 1, 1, 3]).data()),
    ]);
    const before = tf.memory().numTensors;
    const sum = flipSum(backbone, images);
    expect(tf.memory().numTensors).toBe(before + 1);
    const expected = tf.add(backbone.forward(images), backbone.forward(flipped));
    expect([...(await sum.data())]).toEqual([...(await expected.data())]);
    expect([...(await flipSum(backbone, flipped).data())]).toEqual(
      [...(await sum.data())].map((value) => expect.closeTo(value, 5)),
    );
    backbone.dispose();
  });

  it('keeps the last γ at 1', async () => {
    const backbone = lresnetIR(tiny);
    const last = backbone.model.layers.at(-1)!;
    expect([...(await weightOf(last, 'gamma').data())]).toEqual([1, 1, 1, 1]);
    expect(backbone.trainable.at(-1)).toBe(weightOf(last, 'beta'));
    backbone.dispose();
  });
});
