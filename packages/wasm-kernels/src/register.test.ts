import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { registeredKernels, registerWasmKernels } from './index.ts';

const present = () => registeredKernels.map((name) => tf.getKernel(name, 'wasm'));

describe('registerWasmKernels', () => {
  it('is called by the import', () => {
    expect(registeredKernels).toContain('Conv2DBackpropFilter');
    for (const kernel of present()) expect(kernel).toBeDefined();
  });

  it('changes nothing when called again', () => {
    const before = present();
    registerWasmKernels();
    expect(present()).toEqual(before);
  });

  it('puts a kernel back that was removed', () => {
    const { kernelFunc } = tf.getKernel('OneHot', 'wasm');
    tf.unregisterKernel('OneHot', 'wasm');
    registerWasmKernels();
    expect(tf.getKernel('OneHot', 'wasm').kernelFunc).toBe(kernelFunc);
  });

  it('keeps the hooks by which stock kernels find their WebAssembly functions', async () => {
    // The backend starts after the registration here: without the hooks the stock product fails.
    expect(tf.getKernel('BatchMatMul', 'wasm').setupFunc).toBeDefined();
    await tf.setBackend('wasm');
    expect(tf.matMul(tf.ones([1, 2]), tf.ones([2, 1])).dataSync()[0]).toBe(2);
  });
});
