// @isolate: needs the wasm backend without training kernels.
import { describeBackend } from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { networkKernels } from './network-kernels.ts';

describe('networkKernels', () => {
  it('are all present on the cpu backend', async () => {
    await tf.setBackend('cpu');
    const { kernels, missing } = describeBackend([networkKernels]);
    expect(missing).toEqual([]);
    expect(kernels).toContainEqual({ name: 'Conv2D', part: 'networks', required: true, present: true });
  });

  it('are partly missing on stock wasm', async () => {
    await tf.setBackend('wasm');
    expect(describeBackend([networkKernels]).missing).toEqual([
      'Conv2DBackpropFilter',
      'DepthwiseConv2dNativeBackpropFilter',
      'DepthwiseConv2dNativeBackpropInput',
      'UnsortedSegmentSum',
    ]);
  });
});
