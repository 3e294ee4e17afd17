import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe } from 'vitest';
import { gradientKernelTests } from './__fixtures__/gradient-kernel-tests.ts';
import './index.ts';

const kernel = { kernelName: 'DepthwiseConv2dNativeBackpropFilter', depthwise: true, of: 'filter' } as const;

beforeAll(async () => {
  await tf.setBackend('wasm');
});

describe(kernel.kernelName, () => {
  gradientKernelTests(kernel);
});
