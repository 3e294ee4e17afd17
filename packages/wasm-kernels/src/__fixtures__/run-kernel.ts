import * as tf from '@tensorflow/tfjs';
import { expect } from 'vitest';

/** Returns deterministic values in (-1, 1). */
export function values(count: number, seed: number): Float32Array {
  let state = (seed * 2654435761 + 1) >>> 0;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

/** Returns a tensor of {@link values}. */
export function random(shape: number[], seed: number): tf.Tensor {
  return tf.tensor(values(tf.util.sizeFromShape(shape), seed), shape, 'float32');
}

/** Runs a kernel of the current backend. */
export function runKernel(name: string, inputs: Record<string, tf.Tensor>, attributes: object): tf.Tensor {
  return tf.engine().runKernel(name, inputs, attributes as never) as tf.Tensor;
}

/** Returns the norm-wise relative difference, or the absolute one if all expected values are zero. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let difference = 0;
  let norm = 0;
  for (let i = 0; i < expected.length; i++) {
    difference += (actual[i]! - expected[i]!) ** 2;
    norm += expected[i]! ** 2;
  }
  return Math.sqrt(difference / (norm || 1));
}

/** Asserts the shape of the tensor and, up to 1e-5 norm-wise, its values. Disposes the tensor. */
export function expectTensor(actual: tf.Tensor, shape: number[], expected: ArrayLike<number>): void {
  expect(actual.shape).toEqual(shape);
  const found = actual.dataSync();
  actual.dispose();
  expect(found.length).toBe(expected.length);
  expect(relativeError(found, expected)).toBeLessThanOrEqual(1e-5);
}

interface WasmInternals {
  numDataIds(): number;
  wasm: { HEAPU8: Uint8Array };
}

/** Asserts that repeated runs of `work` leak no tensors, no data and no heap memory. */
export function expectNoLeak(work: () => tf.Tensor | tf.Tensor[], repetitions = 50): void {
  const backend = tf.backend() as unknown as WasmInternals;
  const state = () => ({
    tensors: tf.memory().numTensors,
    buffers: tf.memory().numDataBuffers,
    dataIds: backend.numDataIds(),
    heap: backend.wasm.HEAPU8.length,
  });
  tf.dispose(work());
  const before = state();
  for (let i = 0; i < repetitions; i++) tf.dispose(work());
  expect(state()).toEqual(before);
}
