import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { type ConvolutionCase, referenceConvolution } from './__fixtures__/reference-convolution.ts';
import { expectTensor, runKernel } from './__fixtures__/run-kernel.ts';
import './index.ts';

beforeAll(async () => {
  await tf.setBackend('wasm');
});

const layer = (size: number, batch: number, inChannels: number, outChannels: number, changes: object = {}) =>
  ({
    batch,
    input: [size, size],
    inChannels,
    outChannels,
    kernel: [3, 3],
    strides: [1, 1],
    dilations: [1, 1],
    pad: 'same',
    dimRoundingMode: undefined,
    ...changes,
  }) as unknown as ConvolutionCase;

/** Returns functions that compute the convolution and its two gradients. */
function threeWays(test: ConvolutionCase, factors: { x: number; filter: number; dy: number }) {
  const reference = referenceConvolution(test, false);
  const { inputShape, filterShape, outputShape, attributes } = reference;
  const x = tf.tensor(
    reference.x.map((value) => value * factors.x),
    inputShape,
  );
  const filter = tf.tensor(
    reference.filter.map((value) => value * factors.filter),
    filterShape,
  );
  const dy = tf.tensor(
    reference.dy.map((value) => value * factors.dy),
    outputShape,
  );
  return {
    reference,
    output: () => runKernel('Conv2D', { x, filter }, attributes),
    input: () => runKernel('Conv2DBackpropInput', { dy, filter }, attributes),
    filter: () => runKernel('Conv2DBackpropFilter', { x, dy }, attributes),
  };
}

const ones = { x: 1, filter: 1, dy: 1 };

describe('convolutions of images of 2 × 2 pixels', () => {
  it.each([
    [1, 4, 4],
    [6, 60, 36],
    [13, 132, 68],
    [33, 64, 12],
    [70, 8, 20],
  ])('agree with the definition: %i images, %i → %i channels', (batch, inChannels, outChannels) => {
    const { reference, ...ways } = threeWays(layer(2, batch, inChannels, outChannels), ones);
    expectTensor(ways.output(), reference.outputShape, reference.y);
    expectTensor(ways.input(), reference.inputShape, reference.dx);
    expectTensor(ways.filter(), reference.filterShape, reference.dFilter);
  });

  it.each([
    [
      [2, 0],
      [0, 2],
    ],
    [
      [0, 2],
      [1, 1],
    ],
    [
      [1, 2],
      [2, 1],
    ],
  ])('agree with the definition for paddings %j and %j', (vertical, horizontal) => {
    const pad = [[0, 0], vertical, horizontal, [0, 0]];
    const { reference, ...ways } = threeWays(layer(2, 14, 20, 12, { pad, dimRoundingMode: 'floor' }), ones);
    expectTensor(ways.output(), reference.outputShape, reference.y);
    expectTensor(ways.input(), reference.inputShape, reference.dx);
    expectTensor(ways.filter(), reference.filterShape, reference.dFilter);
  });
});

describe('convolutions by full and short tiles', () => {
  it.each([
    [[7, 7], 1],
    [[8, 14], 1],
    [[9, 13], 1],
    [[10, 4], 1],
    [[14, 32], 2],
    [[28, 15], 2],
    [[18, 27], 2],
  ] as const)('agree with the definition: %j pixels, stride %i', (input, stride) => {
    // 68 channels and columns: more than one block of a filter gradient.
    const test = layer(0, 5, 68, 12, { input, strides: [stride, stride] });
    const { reference, ...ways } = threeWays(test, ones);
    expectTensor(ways.output(), reference.outputShape, reference.y);
    expectTensor(ways.input(), reference.inputShape, reference.dx);
    expectTensor(ways.filter(), reference.filterShape, reference.dFilter);
  });
});

describe.each([
  ['2 × 2 pixels', layer(2, 13, 64, 68)],
  ['several tiles', layer(7, 5, 20, 12)],
  ['a stride', layer(16, 2, 20, 12, { strides: [2, 2] })],
])('convolutions by tiles: %s', (_, test) => {
  it('multiply results by the powers of two that multiply operands, exactly', () => {
    const [plain, scaled] = [ones, { x: 2 ** 40, filter: 2 ** -60, dy: 2 ** 50 }].map((factors) =>
      threeWays(test, factors),
    );
    const exponents = { output: -20, input: -10, filter: 90 };
    for (const of of ['output', 'input', 'filter'] as const) {
      const expected = plain!
        [of]()
        .dataSync<'float32'>()
        .map((value) => value * 2 ** exponents[of]);
      expect(scaled![of]().dataSync()).toEqual(expected);
    }
  });

  it('keep images apart, whatever their sizes', () => {
    // The first image is huge. The others have the results that they have without it.
    const { reference, output, input } = threeWays(test, ones);
    const { inputShape, filterShape, outputShape, attributes } = reference;
    const huge = (values: Float32Array, shape: number[]) => {
      const image = values.length / shape[0]!;
      return tf.tensor(
        values.map((value, index) => (index < image ? value * 1e30 : value)),
        shape,
      );
    };
    const filter = tf.tensor(reference.filter, filterShape);
    const rest = (values: tf.TypedArray) => values.slice(values.length / test.batch);
    const changedOutput = runKernel('Conv2D', { x: huge(reference.x, inputShape), filter }, attributes);
    expect(rest(changedOutput.dataSync())).toEqual(rest(output().dataSync()));
    const dy = huge(reference.dy, outputShape);
    const changedInput = runKernel('Conv2DBackpropInput', { dy, filter }, attributes);
    expect(rest(changedInput.dataSync())).toEqual(rest(input().dataSync()));
  });
});
