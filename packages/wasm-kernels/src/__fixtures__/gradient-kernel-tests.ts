import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type ConvolutionCase, convolutionCases, referenceConvolution } from './reference-convolution.ts';
import { expectNoLeak, expectTensor, random, runKernel } from './run-kernel.ts';

/** Which gradient of which convolution a kernel computes. */
export interface GradientKernel {
  readonly kernelName: string;
  readonly depthwise: boolean;
  readonly of: 'input' | 'filter';
}

/** What the gradient kernels of both convolutions must hold to, as vitest tests. */
export function gradientKernelTests({ kernelName, depthwise, of }: GradientKernel): void {
  /** Runs the kernel on a case, and hands over its inputs, result and the float64 reference. */
  function withCase(
    test: ConvolutionCase,
    visit: (run: () => tf.Tensor, reference: ReturnType<typeof referenceConvolution>) => void,
  ): void {
    const reference = referenceConvolution(test, depthwise);
    const other =
      of === 'input'
        ? { filter: tf.tensor(reference.filter, reference.filterShape) }
        : { x: tf.tensor(reference.x, reference.inputShape) };
    const inputs = { ...other, dy: tf.tensor(reference.dy, reference.outputShape) };
    visit(() => runKernel(kernelName, inputs, reference.attributes), reference);
    tf.dispose(inputs);
  }

  function check(test: ConvolutionCase): void {
    withCase(test, (run, { inputShape, dx, filterShape, dFilter }) => {
      expectTensor(run(), of === 'input' ? inputShape : filterShape, of === 'input' ? dx : dFilter);
    });
  }

  it('agrees with the definition for any stride, dilation, padding and size', () => {
    fc.assert(fc.property(convolutionCases, check), { numRuns: 400, seed: 4 });
  });

  const layers: readonly [number, number, number][] = depthwise
    ? [
        [14, 16, 1],
        [7, 32, 2],
      ]
    : [
        [28, 1, 16],
        [14, 16, 32],
        [7, 32, 64],
      ];
  it.each(layers)(
    'agrees with the definition for a layer of %i pixels, %i and %i channels',
    (size, inChannels, outChannels) => {
      for (const stride of [1, 2]) {
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
    },
  );

  if (!depthwise) {
    // tfjs gives the depthwise kernels no data format.
    it('refuses channels-first tensors in words', () => {
      const other = random([1, 3, 3, 2], 1);
      const inputs = { ...(of === 'input' ? { filter: other } : { x: other }), dy: random([1, 3, 3, 2], 2) };
      const shapes = { inputShape: [1, 2, 3, 3], filterShape: [3, 3, 2, 2] };
      const attributes = { strides: 1, pad: 'same', dataFormat: 'NCHW', ...shapes };
      expectNoLeak(() => {
        expect(() => runKernel(kernelName, inputs, attributes)).toThrow(/NHWC.*NCHW/);
        return [];
      }, 3);
      tf.dispose(inputs);
    });
  }

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
    withCase(test, (run) => expectNoLeak(run));
  });
}
