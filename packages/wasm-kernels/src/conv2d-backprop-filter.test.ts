import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeAll, describe, inject, it } from 'vitest';
import { convolutionKernelTests } from './__fixtures__/convolution-kernel-tests.ts';
import { referenceConvolution } from './__fixtures__/reference-convolution.ts';
import { expectTensor, runKernel } from './__fixtures__/run-kernel.ts';
import './index.ts';
import { enableNative } from './native-module.ts';

const kernel = { kernelName: 'Conv2DBackpropFilter', depthwise: false, of: 'filter' } as const;

beforeAll(async () => {
  await tf.setBackend('wasm');
});
afterEach(() => enableNative(true));

describe(kernel.kernelName, () => {
  convolutionKernelTests(kernel);

  it.each([true, false])('splits long sums to keep them accurate, compiled %s', (native) => {
    enableNative(native);
    // 0.1 is not exact in float32, so a plain float32 sum of 40 * 32 * 32 equal products drifts.
    const x = tf.fill([40, 32, 32, 1], 0.1);
    const dy = tf.fill([40, 32, 32, 2], 0.1);
    const attributes = { strides: 1, pad: 'same', filterShape: [1, 1, 1, 2] };
    const expected = 40 * 32 * 32 * Math.fround(0.1) ** 2;
    expectTensor(runKernel(kernel.kernelName, { x, dy }, attributes), [1, 1, 1, 2], [expected, expected]);
    tf.dispose([x, dy]);
  });

  // Sums over images of 112² pixels. Positive numbers give rounding errors a direction.
  it.each([
    [3, 8, 1],
    [4, 4, 1],
    [3, 8, 2],
  ])('stays accurate over many pixels, %i → %i channels, stride %i', (inChannels, outChannels, stride) => {
    const reference = referenceConvolution(
      {
        batch: inject('long') ? 32 : 8,
        input: [112, 112],
        inChannels,
        outChannels,
        kernel: [3, 3],
        strides: [stride, stride],
        dilations: [1, 1],
        pad: 'same',
        dimRoundingMode: undefined,
      },
      false,
      Math.abs,
    );
    const { inputShape, outputShape, filterShape, dFilter, attributes } = reference;
    const inputs = { x: tf.tensor(reference.x, inputShape), dy: tf.tensor(reference.dy, outputShape) };
    expectTensor(runKernel(kernel.kernelName, inputs, attributes), filterShape, dFilter);
    tf.dispose(inputs);
  });
});
