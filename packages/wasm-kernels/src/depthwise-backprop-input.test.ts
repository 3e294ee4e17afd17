import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, describe, it } from 'vitest';
import {
  type ConvolutionCase,
  convolutionCases,
  referenceConvolution,
} from './__fixtures__/reference-convolution.ts';
import { expectNoLeak, expectTensor, runKernel } from './__fixtures__/run-kernel.ts';
import './index.ts';

const kernelName = 'DepthwiseConv2dNativeBackpropInput';

beforeAll(async () => {
  await tf.setBackend('wasm');
});

function check(test: ConvolutionCase): void {
  const reference = referenceConvolution(test, true);
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
      [14, 16, 1],
      [7, 32, 2],
    ] as const) {
      for (const stride of [1, 2] as const) {
        check({
          batch: 3,
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
    const reference = referenceConvolution(test, true);
    const filter = tf.tensor(reference.filter, reference.filterShape);
    const dy = tf.tensor(reference.dy, reference.outputShape);
    expectNoLeak(() => runKernel(kernelName, { filter, dy }, reference.attributes));
    tf.dispose([filter, dy]);
  });
});
