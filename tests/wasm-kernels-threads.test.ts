// @isolate: it removes the backend cpu.
import { enableWasmTraining } from '@openset/wasm-kernels';
import { removeBackend } from '@tensorflow/tfjs-core';
import { beforeAll, describe } from 'vitest';
import { testAllLosses } from './support/wasm-losses.ts';

// Only wasm is tested here.
removeBackend('cpu');

describe.each([true, false])('with 2 threads, relaxed SIMD %s', (relaxedSimd) => {
  beforeAll(async () => {
    await enableWasmTraining({ threads: 2, relaxedSimd });
  });

  testAllLosses();
});
