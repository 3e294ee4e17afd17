import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, it } from 'vitest';
import { gradientKernelTests } from './__fixtures__/gradient-kernel-tests.ts';
import { expectTensor, runKernel } from './__fixtures__/run-kernel.ts';
import './index.ts';

const kernel = { kernelName: 'Conv2DBackpropFilter', depthwise: false, of: 'filter' } as const;

beforeAll(async () => {
  await tf.setBackend('wasm');
});

describe(kernel.kernelName, () => {
  gradientKernelTests(kernel);

  it('splits long sums and so keeps them accurate', () => {
    // 0.1 is no float32: a plain float32 sum of 40 * 32 * 32 equal products drifts away.
    const x = tf.fill([40, 32, 32, 1], 0.1);
    const dy = tf.fill([40, 32, 32, 2], 0.1);
    const attributes = { strides: 1, pad: 'same', filterShape: [1, 1, 1, 2] };
    const expected = 40 * 32 * 32 * Math.fround(0.1) ** 2;
    expectTensor(runKernel(kernel.kernelName, { x, dy }, attributes), [1, 1, 1, 2], [expected, expected]);
    tf.dispose([x, dy]);
  });
});
