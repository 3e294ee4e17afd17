import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { enableNative } from '../native-module.ts';
import {
  type ConvolutionCase,
  convolutionCases,
  layerCases,
  type ReferenceConvolution,
  referenceConvolution,
} from './reference-convolution.ts';
import { expectNoLeak, expectTensor, random, runKernel } from './run-kernel.ts';

/** A kernel, and the result of a convolution that it computes. */
export interface ConvolutionKernel {
  readonly kernelName: string;
  readonly depthwise: boolean;
  readonly of: 'output' | 'input' | 'filter';
}

/** Defines the tests that all convolution kernels must pass, compiled and in TypeScript. */
export function convolutionKernelTests({ kernelName, depthwise, of }: ConvolutionKernel): void {
  /** Calls `visit` with a function that runs the kernel on a case, and with the float64 reference. */
  function withCase(
    test: ConvolutionCase,
    visit: (run: () => tf.Tensor, reference: ReferenceConvolution) => void,
  ): void {
    const reference = referenceConvolution(test, depthwise);
    const operands = {
      x: () => tf.tensor(reference.x, reference.inputShape),
      filter: () => tf.tensor(reference.filter, reference.filterShape),
      dy: () => tf.tensor(reference.dy, reference.outputShape),
    };
    const inputs: Record<string, tf.Tensor> = {};
    if (of !== 'input') inputs.x = operands.x();
    if (of !== 'filter') inputs.filter = operands.filter();
    if (of !== 'output') inputs.dy = operands.dy();
    visit(() => runKernel(kernelName, inputs, reference.attributes), reference);
    tf.dispose(inputs);
  }

  function check(test: ConvolutionCase): void {
    withCase(test, (run, { inputShape, dx, filterShape, dFilter, outputShape, y }) => {
      if (of === 'output') expectTensor(run(), outputShape, y);
      else if (of === 'input') expectTensor(run(), inputShape, dx);
      else expectTensor(run(), filterShape, dFilter);
    });
  }

  const layer = (size: number, inChannels: number, outChannels: number, stride: number): ConvolutionCase => ({
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
  const layers: readonly [number, number, number][] = depthwise
    ? [
        [14, 16, 1],
        [9, 37, 1],
        [7, 32, 2],
      ]
    : [
        [28, 1, 16],
        [14, 16, 32],
        [7, 32, 64],
        [23, 3, 20],
      ];

  describe.each([
    ['compiled', true],
    ['without SIMD', false],
  ])('%s', (_, native) => {
    beforeEach(() => enableNative(native));
    afterEach(() => enableNative(true));

    it('agrees with the definition for any stride, dilation, padding and size', () => {
      fc.assert(fc.property(convolutionCases, check), { numRuns: inject('long') ? 400 : 120, seed: 4 });
    });

    it.each(layers)(
      'agrees with the definition for a layer of %i pixels, %i and %i channels',
      (size, inChannels, outChannels) => {
        for (const stride of [1, 2]) check(layer(size, inChannels, outChannels, stride));
      },
    );

    it('leaves nothing behind', () => {
      const odd = { ...layer(9, 4, 2, 1), kernel: [3, 2], strides: [2, 3], pad: 'valid' } as const;
      withCase(odd as unknown as ConvolutionCase, (run) => expectNoLeak(run));
      withCase(layer(8, 8, 8, 1), (run) => expectNoLeak(run));
    });
  });

  if (depthwise) {
    it('agrees with the definition for a filter as large as the image', () => {
      check({ ...layer(7, 24, 1, 1), kernel: [7, 7], pad: 'valid' });
    });
  } else {
    it('agrees with the definition for any number of channels', () => {
      fc.assert(fc.property(layerCases, check), { numRuns: inject('long') ? 150 : 40, seed: 5 });
    });

    // tfjs passes no data format to the depthwise kernels.
    it('rejects channels-first tensors with an explanation', () => {
      const other = random([1, 3, 3, 2], 1);
      const inputs: Record<string, tf.Tensor> = { filter: other, x: other, dy: random([1, 3, 3, 2], 2) };
      const shapes = { inputShape: [1, 2, 3, 3], filterShape: [3, 3, 2, 2] };
      const attributes = { strides: 1, pad: 'same', dataFormat: 'NCHW', ...shapes };
      expectNoLeak(() => {
        expect(() => runKernel(kernelName, inputs, attributes)).toThrow(/NHWC.*NCHW/);
        return [];
      }, 3);
      tf.dispose(inputs);
    });
  }
}
