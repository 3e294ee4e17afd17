import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, it } from 'vitest';
import { type ConvolutionCase, referenceConvolution } from './__fixtures__/reference-convolution.ts';
import { expectTensor, runKernel } from './__fixtures__/run-kernel.ts';
import './index.ts';

beforeAll(async () => {
  await tf.setBackend('wasm');
});

type Pair = readonly [number, number];

// Windows as large as the stride: input, kernel, batch, input channels, output channels.
const layers: readonly [Pair, Pair, number, number, number][] = [
  [[2, 2], [2, 2], 1, 1, 1],
  [[8, 6], [2, 2], 3, 3, 5],
  [[4, 4], [2, 2], 33, 132, 68],
  [[16, 12], [2, 2], 5, 64, 20],
  [[9, 6], [3, 2], 4, 66, 7],
  [[6, 5], [2, 1], 3, 70, 9],
  // The last row and column belong to no window.
  [[7, 9], [2, 2], 3, 64, 12],
  [[3, 3], [2, 2], 2, 6, 4],
];

describe.each(layers)('convolutions without overlap: %j by %j, %i images, %i → %i channels', (...layer) => {
  const [input, kernel, batch, inChannels, outChannels] = layer;

  it.each(['valid', 'same'])("agree with the definition, padding '%s'", (pad) => {
    const test = {
      ...{ batch, input, inChannels, outChannels, kernel, strides: kernel, pad },
      dilations: [1, 1],
      dimRoundingMode: undefined,
    } as unknown as ConvolutionCase;
    const reference = referenceConvolution(test, false);
    const { inputShape, filterShape, outputShape, attributes } = reference;
    const x = tf.tensor(reference.x, inputShape);
    const filter = tf.tensor(reference.filter, filterShape);
    const dy = tf.tensor(reference.dy, outputShape);
    expectTensor(runKernel('Conv2D', { x, filter }, attributes), outputShape, reference.y);
    expectTensor(runKernel('Conv2DBackpropInput', { dy, filter }, attributes), inputShape, reference.dx);
    expectTensor(runKernel('Conv2DBackpropFilter', { x, dy }, attributes), filterShape, reference.dFilter);
    tf.dispose([x, filter, dy]);
  });
});
