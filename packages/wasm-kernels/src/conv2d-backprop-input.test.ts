import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  type ConvolutionCase,
  convolutionCases,
  referenceConvolution,
} from './__fixtures__/reference-convolution.ts';
import { expectNoLeak, expectTensor, random, runKernel } from './__fixtures__/run-kernel.ts';
import './index.ts';

const kernelName = 'Conv2DBackpropInput';

beforeAll(async () => {
  await tf.setBackend('wasm');
});

function check(test: ConvolutionCase): void {
  const reference = referenceConvolution(test, false);
  const filter = tf.tensor(reference.filter, reference.filterShape);
  const dy = tf.tensor(reference.dy, reference.outputShape);
  const gradient = runKernel(kernelName, { filter, dy }, reference.attributes);
  expectTensor(gradient, reference.inputShape, reference.dx);
  tf.dispose([filter, dy]);
}

describe(kernelName, () => {
  it('agrees with the definition for any stride, dilation, padding and size', () => {
    fc.assert(fc.property(convolutionCases, check), { numRuns: 400, seed: 4 });
  });

  it('agrees with the definition for the layers of a small network', () => {
    for (const [size, inChannels, outChannels] of [
      [28, 1, 16],
      [14, 16, 32],
      [7, 32, 64],
    ] as const) {
      for (const stride of [1, 2] as const) {
        check({
          batch: 5,
          input: [size, size],
          inChannels,
          outChannels,
          kernel: [3, 3],
          strides: [stride, stride],
          dilations: [1, 1],
          pad: 'same',
          dimRoundingMode: undefined,
        });
      }
    }
  });

  it('serves conv2dTranspose', () => {
    const dy = random([2, 5, 4, 3], 1) as tf.Tensor4D;
    const filter = random([3, 3, 2, 3], 2) as tf.Tensor4D;
    const up = tf.conv2dTranspose(dy, filter, [2, 10, 8, 2], 2, 'same');
    // <conv(v), dy> = <v, convTranspose(dy)> for any v.
    const v = random([2, 10, 8, 2], 3) as tf.Tensor4D;
    const left = tf.sum(tf.mul(tf.conv2d(v, filter, 2, 'same'), dy)).dataSync()[0]!;
    const right = tf.sum(tf.mul(v, up)).dataSync()[0]!;
    expect(right).toBeCloseTo(left, 4);
  });

  it('refuses channels-first tensors in words', () => {
    const filter = random([1, 3, 3, 2], 1);
    const dy = random([1, 3, 3, 2], 2);
    const attributes = {
      strides: 1,
      pad: 'same',
      dataFormat: 'NCHW',
      inputShape: [1, 2, 3, 3],
      filterShape: [3, 3, 2, 2],
    };
    expectNoLeak(() => {
      expect(() => runKernel(kernelName, { filter, dy }, attributes)).toThrow(/NHWC.*NCHW/);
      return [];
    }, 3);
    tf.dispose([filter, dy]);
  });

  it('leaves nothing behind', () => {
    const test: ConvolutionCase = {
      batch: 3,
      input: [9, 8],
      inChannels: 4,
      outChannels: 2,
      kernel: [3, 2],
      strides: [2, 3],
      dilations: [1, 1],
      pad: 'valid',
      dimRoundingMode: undefined,
    };
    const reference = referenceConvolution(test, false);
    const filter = tf.tensor(reference.filter, reference.filterShape);
    const dy = tf.tensor(reference.dy, reference.outputShape);
    expectNoLeak(() => runKernel(kernelName, { filter, dy }, reference.attributes));
    tf.dispose([filter, dy]);
  });
});
