import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { convolutionKernelTests } from './__fixtures__/convolution-kernel-tests.ts';
import { random } from './__fixtures__/run-kernel.ts';
import './index.ts';

const kernel = { kernelName: 'Conv2DBackpropInput', depthwise: false, of: 'input' } as const;

beforeAll(async () => {
  await tf.setBackend('wasm');
});

describe(kernel.kernelName, () => {
  convolutionKernelTests(kernel);

  it('computes conv2dTranspose', () => {
    const dy = random([2, 5, 4, 3], 1) as tf.Tensor4D;
    const filter = random([3, 3, 2, 3], 2) as tf.Tensor4D;
    const up = tf.conv2dTranspose(dy, filter, [2, 10, 8, 2], 2, 'same');
    // <conv(v), dy> = <v, convTranspose(dy)> for any v.
    const v = random([2, 10, 8, 2], 3) as tf.Tensor4D;
    const left = tf.sum(tf.mul(tf.conv2d(v, filter, 2, 'same'), dy)).dataSync()[0]!;
    const right = tf.sum(tf.mul(v, up)).dataSync()[0]!;
    expect(right).toBeCloseTo(left, 4);
  });
});
