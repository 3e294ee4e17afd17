// The losses on wasm with the kernels of @openset/wasm-kernels; the tests of the losses themselves run without them.
import '@openset/wasm-kernels';
import { networkKernels } from '@openset/backbones';
import { describeBackend, lossKernels } from '@openset/core';
import { optimizerKernels } from '@openset/train';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { testAllLosses } from './support/wasm-losses.ts';

it('wasm has every kernel that the packages declare', async () => {
  await tf.setBackend('wasm');
  const { kernels } = describeBackend([lossKernels, networkKernels, optimizerKernels]);
  expect(kernels.filter(({ present }) => !present)).toEqual([]);
});

testAllLosses();
