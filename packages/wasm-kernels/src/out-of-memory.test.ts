// @isolate: fills the heap of the backend.
import { OutOfMemoryError } from '@openset/core';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { enableWasmTraining } from './index.ts';
import type { WasmBackend } from './wasm-backend.ts';

const gigabyte = 2 ** 30;

describe.each([1, 2])('a full heap, %d threads', (threads) => {
  beforeAll(async () => {
    await enableWasmTraining({ threads });
  });

  it('throws an error with the requested bytes, the bytes in use and a remedy', () => {
    const backend = tf.backend() as unknown as WasmBackend;
    const taken: tf.TensorInfo[] = [];
    // Allocated but not written, so the memory is only reserved.
    const fill = () => {
      for (;;) taken.push(backend.makeOutput([gigabyte / 4], 'float32'));
    };
    const tensor = tf.ones([1000]);
    try {
      expect(fill).toThrow(OutOfMemoryError);
      expect(fill).toThrow(
        /no room for 1024\.0 MB \(1073741824 bytes\): its heap is \d+\.\d MB of at most 4096\.0 MB/,
      );
      expect(fill).toThrow(/ tensors hold .* Use smaller batches, or several micro-batches/);
      expect(taken.length).toBe(3);
    } finally {
      for (const { dataId } of taken) backend.disposeData(dataId);
    }
    // The backend still works, and its own data is intact.
    expect(tf.tidy(() => tf.sum(tensor).dataSync()[0])).toBe(1000);
    tensor.dispose();
  });

  it('makes stock kernels throw, too', () => {
    const x = tf.zeros([2 ** 14, 1]);
    const y = tf.zeros([1, 2 ** 17]);
    const before = tf.memory();
    expect(() => tf.tidy(() => tf.add(x, y))).toThrow(OutOfMemoryError);
    expect(tf.memory().numTensors).toBe(before.numTensors);
    tf.dispose([x, y]);
  });

  it('rejects sizes beyond 32-bit addresses, which would wrap around', () => {
    const backend = tf.backend() as unknown as WasmBackend;
    expect(() => backend.makeOutput([2 ** 30 + 16], 'float32')).toThrow(/no room for 4096\.0 MB/);
  });
});
