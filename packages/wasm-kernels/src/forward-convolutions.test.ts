import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { convolutionKernelTests } from './__fixtures__/convolution-kernel-tests.ts';
import { expectNoLeak, expectTensor, random } from './__fixtures__/run-kernel.ts';
import './index.ts';
import { enableNative } from './native-module.ts';

beforeAll(async () => {
  await tf.setBackend('wasm');
});
afterEach(() => enableNative(true));

describe('Conv2D', () => {
  convolutionKernelTests({ kernelName: 'Conv2D', depthwise: false, of: 'output' });
});

describe('DepthwiseConv2dNative', () => {
  convolutionKernelTests({ kernelName: 'DepthwiseConv2dNative', depthwise: true, of: 'output' });
});

/** Runs the fused layer with its bias and activation. */
function fusedLayer(kind: 'dense' | 'depthwise', options: object): tf.Tensor {
  const x = random([2, 8, 7, 12], 1) as tf.Tensor4D;
  const filter = random([3, 3, 12, kind === 'dense' ? 12 : 1], 2) as tf.Tensor4D;
  const layer = { x, filter, strides: 1, pad: 'same', ...options } as const;
  const result = kind === 'dense' ? tf.fused.conv2d(layer) : tf.fused.depthwiseConv2d(layer);
  tf.dispose([x, filter]);
  return result;
}

describe.each(['dense', 'depthwise'] as const)('the fused %s convolution', (kind) => {
  const activations = ['linear', 'relu', 'relu6', 'elu', 'sigmoid', 'leakyrelu', 'prelu'] as const;
  it.each(activations)('applies bias and %s as the stock kernel does', (activation) => {
    const weights = activation === 'prelu' ? { preluActivationWeights: random([12], 4) } : {};
    const options = { bias: random([12], 3), activation, leakyreluAlpha: 0.3, ...weights };
    enableNative(false);
    const expected = fusedLayer(kind, options).dataSync();
    enableNative(true);
    expectTensor(fusedLayer(kind, options), [2, 8, 7, 12], expected);
    // A dilated convolution runs on the stock kernel.
    expect(fusedLayer(kind, { ...options, dilations: 2 }).shape).toEqual([2, 8, 7, 12]);
    expectNoLeak(() => fusedLayer(kind, options), 5);
  });

  it('names an invalid bias or activation', () => {
    expect(() => fusedLayer(kind, { bias: random([1, 1, 12], 3) })).toThrow(/bias/);
    expect(() => fusedLayer(kind, { activation: 'gelu' })).toThrow(/gelu/);
  });
});

describe('a filter that changes in place', () => {
  it.each([
    ['compiled', {}],
    ['dilated', { dilations: 2 }],
  ])('affects the next convolution, %s', (_, options) => {
    const x = random([1, 6, 6, 4], 1) as tf.Tensor4D;
    const filter = random([3, 3, 4, 4], 2) as tf.Tensor4D;
    const run = () => {
      const { dilations } = options as { dilations?: number };
      return tf.conv2d(x, filter, 1, 'same', 'NHWC', dilations ?? 1);
    };
    const before = run();
    const backend = tf.backend() as unknown as { typedArrayFromHeap(x: tf.Tensor): Float32Array };
    const values = backend.typedArrayFromHeap(filter);
    values.forEach((value, index) => {
      values[index] = 2 * value;
    });
    expectTensor(run(), before.shape, tf.mul(before, 2).dataSync());
  });
});
