// @isolate: needs the wasm backend without training kernels.
import { MissingKernelError } from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-layers';
import { expect, it } from 'vitest';
import { convolution } from './linear.ts';

it('stock wasm evaluates convolutions, and names the missing kernel in training', async () => {
  await tf.setBackend('wasm');
  const [x, filter] = [tf.ones([1, 3, 3, 1]), tf.ones([3, 3, 1, 1])] as [tf.Tensor4D, tf.Tensor4D];
  const run = (x: tf.Tensor4D) => convolution(x, filter, { strides: [1, 1], padding: 'valid' });
  expect([...(await run(x).data())]).toEqual([9]);
  const train = () => tf.grad((x) => tf.sum(run(x as tf.Tensor4D)))(x);
  expect(train).toThrow(MissingKernelError);
  expect(train).toThrow(/'wasm' has no kernel 'Conv2DBackpropFilter'.*import '@openset\/wasm-kernels'/);
});
