import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, vi } from 'vitest';
import { enableNative, nativeModule } from '../native-module.ts';
import type { WasmBackend } from '../wasm-backend.ts';

/** Runs the tests twice: with the compiled kernels, and with the TypeScript versions for engines without SIMD. */
export function describeBothWays(name: string, tests: (native: boolean) => void): void {
  describe.each([
    [`${name}, compiled`, true],
    [`${name}, in TypeScript`, false],
  ])('%s', (_, native) => {
    beforeAll(async () => {
      await tf.setBackend('wasm');
      enableNative(native);
    });
    afterAll(() => enableNative(true));
    tests(native);
  });
}

/** Runs a kernel of the current backend with several outputs. */
export function runOutputs(name: string, inputs: Record<string, tf.Tensor>, attributes: object): tf.Tensor[] {
  return tf.engine().runKernel(name, inputs, attributes as never) as tf.Tensor[];
}

/** Returns the values of the outputs, and disposes them. */
export function valuesOf(outputs: tf.Tensor | tf.Tensor[]): Float32Array[] {
  const tensors = [outputs].flat();
  const values = tensors.map((tensor) => Float32Array.from(tensor.dataSync()));
  tf.dispose(tensors);
  return values;
}

/** Expects equal values. Compares the bytes first: for a million values, `toEqual` takes seconds. */
export function expectSameValues(
  actual: readonly Float32Array[],
  expected: readonly Float32Array[],
  message?: string,
): void {
  const bytes = ({ buffer, byteOffset, byteLength }: Float32Array) =>
    Buffer.from(buffer, byteOffset, byteLength);
  const hasSameBytes = actual.every((values, index) => {
    const other = expected[index];
    return other !== undefined && bytes(values).equals(bytes(other));
  });
  expect(actual, message).toHaveLength(expected.length);
  if (!hasSameBytes) expect(actual, message).toEqual(expected);
}

/** Returns the results of `run` for each case on both backends. Leaves wasm as the current backend. */
export async function onBothBackends<Case>(
  cases: readonly Case[],
  run: (test: Case) => tf.Tensor | tf.Tensor[],
): Promise<{ test: Case; wasm: Float32Array[]; cpu: Float32Array[] }[]> {
  const results: Float32Array[][][] = [];
  for (const backend of ['wasm', 'cpu']) {
    await tf.setBackend(backend);
    results.push(cases.map((test) => valuesOf(tf.tidy(() => run(test)))));
  }
  await tf.setBackend('wasm');
  return cases.map((test, index) => ({ test, wasm: results[0]![index]!, cpu: results[1]![index]! }));
}

/** Runs the chunks of each task from last to first. No result may depend on their order. */
export function withChunksInReverse<Result>(work: () => Result): Result {
  const backend = tf.backend() as unknown as WasmBackend & {
    wasm: { _malloc(bytes: number): number; _free(address: number): void; HEAPU8: Uint8Array };
  };
  const native = nativeModule(backend)!;
  const { functions, scratch } = native as unknown as {
    functions: { runChunk(task: number, parameters: number, chunk: number, scratch: number): void };
    scratch: { address: number };
  };
  const run = vi.spyOn(native, 'run').mockImplementation((task, chunks, integers, floats = []) => {
    // See assembly/parameters.ts.
    const parameters = backend.wasm._malloc(256);
    new Int32Array(backend.wasm.HEAPU8.buffer, parameters, 48).set(integers);
    new Float32Array(backend.wasm.HEAPU8.buffer, parameters + 192, 16).set(floats);
    for (let chunk = chunks - 1; chunk >= 0; chunk--) {
      functions.runChunk(task, parameters, chunk, scratch.address);
    }
    backend.wasm._free(parameters);
  });
  try {
    return work();
  } finally {
    run.mockRestore();
  }
}
