import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe } from 'vitest';
import { convolutionKernelTests } from './__fixtures__/convolution-kernel-tests.ts';
import './index.ts';

const kernel = { kernelName: 'DepthwiseConv2dNativeBackpropInput', depthwise: true, of: 'input' } as const;

beforeAll(async () => {
  await tf.setBackend('wasm');
});

describe(kernel.kernelName, () => {
  convolutionKernelTests(kernel);
});
