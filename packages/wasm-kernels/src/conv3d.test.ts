import { MissingKernelError } from '@openset/core';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { expect, inject, it } from 'vitest';
import { describeBothWays } from './__fixtures__/elementwise-tests.ts';
import { expectGradients } from './__fixtures__/numeric-gradient.ts';
import {
  outputsOf,
  referenceConv3D,
  type VolumeCase,
  visitTaps,
  volumeCases,
} from './__fixtures__/reference-volumes.ts';
import { expectNoLeak, expectTensor, random, runKernel } from './__fixtures__/run-kernel.ts';
import './index.ts';

const outChannels = 3;
const plain: VolumeCase = {
  batch: 1,
  size: [3, 4, 5],
  channels: 2,
  kernel: [2, 3, 2],
  strides: [1, 1, 1],
  dilations: [1, 1, 1],
  pad: 'same',
};

/** Runs the three kernels. Returns the convolution and the gradients of the input and of the filter with their definition. */
function resultsOf(test: VolumeCase) {
  const { batch, size, channels, kernel, strides, dilations, pad } = test;
  const inputShape = [batch, ...size, channels];
  const filterShape = [...kernel, channels, outChannels];
  const x = random(inputShape, 1);
  const filter = random(filterShape, 2);
  const dy = random([batch, ...outputsOf(test).outputs, outChannels], 3);
  const attributes = { strides, dilations, pad };
  const y = runKernel('Conv3D', { x, filter }, attributes);
  const dx = runKernel('Conv3DBackpropInputV2', { dy, filter }, { ...attributes, inputShape });
  const dFilter = runKernel('Conv3DBackpropFilterV2', { x, dy }, { ...attributes, filterShape });
  const [values, taps, gradients] = [x, filter, dy].map((tensor) => tensor.dataSync()) as Float32Array[];
  const outputShape = dy.shape;
  const expected = {
    y: referenceConv3D(test, outChannels, values!, taps!),
    x: new Float64Array(x.size),
    filter: new Float64Array(filter.size),
  };
  visitTaps(test, (output, input, tap) => {
    for (let channel = 0; channel < channels; channel++) {
      for (let outChannel = 0; outChannel < outChannels; outChannel++) {
        const gradient = gradients![output * outChannels + outChannel]!;
        const weight = (tap * channels + channel) * outChannels + outChannel;
        expected.x[input * channels + channel]! += gradient * taps![weight]!;
        expected.filter[weight]! += gradient * values![input * channels + channel]!;
      }
    }
  });
  tf.dispose([x, filter, dy]);
  return { y, dx, dFilter, inputShape, filterShape, outputShape, expected };
}

describeBothWays('conv3d and its gradients', () => {
  it('agree with the definition for any size, stride, dilation and padding', () => {
    const check = (test: VolumeCase) => {
      const { y, dx, dFilter, inputShape, filterShape, outputShape, expected } = resultsOf(test);
      expectTensor(y, outputShape, expected.y);
      expectTensor(dx, inputShape, expected.x);
      expectTensor(dFilter, filterShape, expected.filter);
    };
    fc.assert(fc.property(volumeCases, check), { numRuns: inject('long') ? 400 : 100, seed: 1 });
  });

  it.each<Partial<VolumeCase>>([
    {},
    { pad: 'valid', batch: 3, channels: 1 },
    { strides: [1, 2, 1] },
    { strides: [3, 3, 3], kernel: [1, 2, 1], size: [5, 5, 5] },
    { size: [1, 1, 1] },
    { dilations: [2, 1, 3] },
    { dilations: [2, 2, 2], pad: 'valid', size: [4, 5, 4] },
  ])('agree with finite differences: %j', (change) => {
    const test = { ...plain, ...change };
    const { batch, size, channels, kernel, strides, dilations, pad } = test;
    expectGradients({
      shapes: [
        [batch, ...size, channels],
        [...kernel, channels, outChannels],
      ],
      operation: (x, filter) =>
        tf.conv3d(
          x as tf.Tensor5D,
          filter as tf.Tensor5D,
          strides,
          pad as 'same' | 'valid',
          'NDHWC',
          dilations,
        ),
      definition: (x, filter) => referenceConv3D(test, outChannels, x, filter),
    });
  });

  it('leave nothing behind', () => {
    const test: VolumeCase = { ...plain, batch: 3, strides: [2, 1, 2] };
    expectNoLeak(() => {
      const { y, dx, dFilter } = resultsOf(test);
      return [y, dx, dFilter];
    }, 10);
  });
});

describeBothWays('conv3dTranspose', () => {
  it('has the values and gradients of its definition', () => {
    const test: VolumeCase = { ...plain, size: [3, 5, 4], strides: [2, 2, 2] };
    const { outputs } = outputsOf(test);
    const filterShape = [...test.kernel, test.channels, outChannels];
    expectGradients({
      shapes: [[1, ...outputs, outChannels], filterShape],
      operation: (dy, filter) =>
        tf.conv3dTranspose(
          dy as tf.Tensor5D,
          filter as tf.Tensor5D,
          [1, ...test.size, test.channels],
          test.strides,
          'same',
        ),
      definition: (dy, filter) => {
        const result = new Float64Array(tf.util.sizeFromShape([...test.size, test.channels]));
        visitTaps(test, (output, input, tap) => {
          for (let channel = 0; channel < test.channels; channel++) {
            for (let outChannel = 0; outChannel < outChannels; outChannel++) {
              result[input * test.channels + channel]! +=
                dy[output * outChannels + outChannel]! *
                filter[(tap * test.channels + channel) * outChannels + outChannel]!;
            }
          }
        });
        return result;
      },
    });
  });
});

describeBothWays('the kernels of conv3d', () => {
  it('refuse channels first, and a dy of another size', () => {
    const x = random([1, 2, 3, 4, 5], 1);
    const attributes = { strides: 1, pad: 'same', filterShape: [1, 1, 1, 5, 5] };
    const run = (changed: object) => () =>
      runKernel('Conv3DBackpropFilterV2', { x, dy: x }, { ...attributes, ...changed });
    expect(run({ dataFormat: 'NCDHW' })).toThrow(MissingKernelError);
    expect(run({ dataFormat: 'NCDHW' })).toThrow(/Conv3DBackpropFilterV2.*'NDHWC', but got 'NCDHW'/);
    expect(run({ strides: 2 })).toThrow(/dy has shape \[1,2,3,4,5\], but the outputs have \[1,1,2,2,5\]/);
    x.dispose();
  });
});
