// @isolate: it removes the backend cpu.
// The losses on wasm with the kernels of @openset/wasm-kernels; the tests of the losses themselves run without them.
import '@openset/wasm-kernels';
import { networkKernels } from '@openset/backbones';
import { describeBackend, lossKernels } from '@openset/core';
import { optimizerKernels } from '@openset/train';
import * as tf from '@tensorflow/tfjs-core';
import { expect, inject, it } from 'vitest';
import { testAllLosses } from './support/wasm-losses.ts';

// On other backends, our gradients call those of tfjs. tests/matrix.test.ts trains every loss on cpu with them, and
// tests/browser.test.ts compares their gradients with the reference values.
if (!inject('long')) tf.removeBackend('cpu');

it('wasm has every kernel that the packages declare', async () => {
  await tf.setBackend('wasm');
  const { kernels } = describeBackend([lossKernels, networkKernels, optimizerKernels]);
  expect(kernels.filter(({ present }) => !present)).toEqual([]);
});

testAllLosses();
