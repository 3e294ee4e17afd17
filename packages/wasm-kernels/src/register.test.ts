import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { registeredKernels, registerWasmKernels } from './index.ts';

const present = () => registeredKernels.map((name) => tf.getKernel(name, 'wasm'));

describe('registerWasmKernels', () => {
  it('runs on import', () => {
    expect(registeredKernels).toContain('Conv2DBackpropFilter');
    for (const kernel of present()) expect(kernel).toBeDefined();
  });

  it('is idempotent', () => {
    const before = present();
    registerWasmKernels();
    expect(present()).toEqual(before);
  });

  it('registers a removed kernel again', () => {
    const { kernelFunc } = tf.getKernel('OneHot', 'wasm');
    tf.unregisterKernel('OneHot', 'wasm');
    registerWasmKernels();
    expect(tf.getKernel('OneHot', 'wasm').kernelFunc).toBe(kernelFunc);
  });

  it('keeps the hooks that bind stock kernels to their WebAssembly functions', async () => {
    // The backend starts after the registration, and the stock product would fail without the hooks.
    expect(tf.getKernel('BatchMatMul', 'wasm').setupFunc).toBeDefined();
    await tf.setBackend('wasm');
    expect(tf.matMul(tf.ones([1, 2]), tf.ones([2, 1])).dataSync()[0]).toBe(2);
  });
});
