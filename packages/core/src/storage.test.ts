import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { describeOnBackends } from '@openset/testkit/vitest';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, it } from 'vitest';
import { type BankLossKernelConfig, cosineBankLossKernel } from './bank-loss-kernel.ts';
import {
  computesInJavaScript,
  hasReachableMemory,
  hasSynchronousReads,
  kernelPackageOf,
  memoryOf,
  overwriteTensor,
  scatterUpdate,
  shareStorage,
  writableMemory,
} from './storage.ts';

describeOnBackends('storage', (backend) => {
  it('memoryOf returns the memory of the tensor, not a copy', () => {
    expect(hasReachableMemory()).toBe(true);
    const tensor = tf.tensor2d([[1, 2, 3]]);
    const memory = memoryOf(tensor)!;
    expect([...memory]).toEqual([1, 2, 3]);
    memory[1] = 9;
    expect([...tensor.dataSync()]).toEqual([1, 9, 3]);
    tensor.dispose();
  });

  it('overwriteTensor changes no array and no other tensor', () => {
    const array = Float32Array.of(1, 2, 3);
    const tensor = tf.tensor1d(array);
    expect(overwriteTensor(tensor, Float32Array.of(4, 5, 6))).toBe(backend === 'wasm');
    expect([...array]).toEqual([1, 2, 3]);
    expect([...tensor.dataSync()]).toEqual(backend === 'wasm' ? [4, 5, 6] : [1, 2, 3]);
    const other = shareStorage(tensor);
    expect(overwriteTensor(tensor, Float32Array.of(7, 8, 9))).toBe(false);
    tf.dispose([tensor, other]);
  });

  it('shareStorage returns a tensor on the same storage that outlives the other', () => {
    const x = tf.tensor2d([[1, 2]]);
    const { numTensors, numDataBuffers } = tf.memory();
    const y = shareStorage(x);
    expect(tf.memory()).toMatchObject({ numTensors: numTensors + 1, numDataBuffers });
    x.dispose();
    expect([...y.dataSync()]).toEqual([1, 2]);
    y.dispose();
    expect(tf.memory()).toMatchObject({ numTensors: numTensors - 1, numDataBuffers: numDataBuffers - 1 });
  });

  it('scatterUpdate leaves its operand and every tensor that shares its memory unchanged', () => {
    tf.tidy(() => {
      const tensor = tf.tensor2d([[1], [2]]);
      const snapshot = tf.clone(tensor);
      const index = tf.tensor2d([[1]], [1, 1], 'int32');
      const updated = scatterUpdate(tensor, index, tf.tensor2d([[5]]), () => tf.tensor1d([1]));
      expect([updated, tensor, snapshot].map((each) => [...each.dataSync()])).toEqual([
        [1, 5],
        [1, 2],
        [1, 2],
      ]);
    });
  });

  it('reads are synchronous on cpu and wasm', () => {
    expect(hasSynchronousReads()).toBe(true);
  });

  it('only cpu computes in JavaScript', () => {
    expect(computesInJavaScript()).toBe(backend === 'cpu');
  });
});

describe('writableMemory', () => {
  afterEach(() => {
    if (tf.getKernel(cosineBankLossKernel, 'wasm')) tf.unregisterKernel(cosineBankLossKernel, 'wasm');
  });

  it('is null unless the kernels keep no copies of operands and no tensor shares the memory', async () => {
    await tf.setBackend('wasm');
    const variable = tf.tidy(() => tf.variable(tf.tensor1d([1, 2])));
    expect(writableMemory(variable)).toBeNull();
    const kernel: BankLossKernelConfig = {
      kernelName: cosineBankLossKernel,
      backendName: 'wasm',
      kernelFunc: () => [],
      keepsNoCopies: true,
    };
    tf.registerKernel(kernel);
    const alone = tf.tidy(() => tf.variable(tf.tensor1d([3, 4])));
    expect([...writableMemory(alone)!]).toEqual([3, 4]);
    const shared = shareStorage(alone);
    expect(writableMemory(alone)).toBeNull();
    tf.dispose([variable, alone, shared]);
  });
});

it('memoryOf moves a tensor from another backend to wasm, even if the heap must grow for it', async () => {
  await tf.setBackend('cpu');
  const tensor = tf.fill([2 ** 24], 3);
  await tf.setBackend('wasm');
  const memory = memoryOf(tensor)!;
  expect([memory.length, memory[0], memory.at(-1)]).toEqual([2 ** 24, 3, 3]);
  tensor.dispose();
});

it('a GPU has no synchronous reads and no reachable memory', () => {
  const engine = tf.engine();
  const name = engine.backendName;
  try {
    for (const gpu of ['webgl', 'webgpu']) {
      engine.backendName = gpu;
      expect(hasSynchronousReads()).toBe(false);
      expect(hasReachableMemory()).toBe(false);
      expect(memoryOf(tf.scalar(1))).toBeNull();
    }
  } finally {
    engine.backendName = name;
  }
});

it('kernelPackageOf returns a package for wasm only', () => {
  expect(kernelPackageOf('wasm')).toBe('@openset/wasm-kernels');
  expect(kernelPackageOf('cpu')).toBeNull();
  expect(kernelPackageOf('webgpu')).toBeNull();
});
