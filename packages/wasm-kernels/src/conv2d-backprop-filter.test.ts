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

const kernelName = 'Conv2DBackpropFilter';

beforeAll(async () => {
  await tf.setBackend('wasm');
});

function check(test: ConvolutionCase): void {
  const reference = referenceConvolution(test, false);
  const x = tf.tensor(reference.x, reference.inputShape);
  const dy = tf.tensor(reference.dy, reference.outputShape);
  const gradient = runKernel(kernelName, { x, dy }, reference.attributes);
  expectTensor(gradient, reference.filterShape, reference.dFilter);
  tf.dispose([x, dy]);
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

  it('splits long sums and so keeps them accurate', () => {
    // 0.1 is no float32: a plain float32 sum of 40 * 32 * 32 equal products drifts away.
    const x = tf.fill([40, 32, 32, 1], 0.1);
    const dy = tf.fill([40, 32, 32, 2], 0.1);
    const attributes = { strides: 1, pad: 'same', filterShape: [1, 1, 1, 2] };
    const expected = 40 * 32 * 32 * Math.fround(0.1) ** 2;
    expectTensor(runKernel(kernelName, { x, dy }, attributes), [1, 1, 1, 2], [expected, expected]);
    tf.dispose([x, dy]);
  });

  it('refuses channels-first tensors in words', () => {
    const x = random([1, 3, 3, 2], 1);
    const dy = random([1, 3, 3, 2], 2);
    const attributes = {
      strides: 1,
      pad: 'same',
      dataFormat: 'NCHW',
      inputShape: [1, 2, 3, 3],
      filterShape: [3, 3, 2, 2],
    };
    expectNoLeak(() => {
      expect(() => runKernel(kernelName, { x, dy }, attributes)).toThrow(/NHWC.*NCHW/);
      return [];
    }, 3);
    tf.dispose([x, dy]);
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
    const x = tf.tensor(reference.x, reference.inputShape);
    const dy = tf.tensor(reference.dy, reference.outputShape);
    expectNoLeak(() => runKernel(kernelName, { x, dy }, reference.attributes));
    tf.dispose([x, dy]);
  });
});
