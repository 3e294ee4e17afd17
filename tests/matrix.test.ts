import '@openset/wasm-kernels';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { backbones, faultOf, lossMakers, trainTwoSteps } from './support/matrix.ts';
import { writeMatrixTable } from './support/matrix-page.ts';

// Tests every loss with a backbone of every family on every installed backend, and writes docs/matrix.md. More backends:
// OPENSET_TEST_BACKENDS=node,webgpu npx vitest run tests/matrix.test.ts
const more = (process.env.OPENSET_TEST_BACKENDS?.split(',') ?? []).map((name) =>
  name === 'node' ? 'tensorflow' : name,
);

describe.each(['cpu', 'wasm', ...more])('on %s', (backendName) => {
  const done = new Set<string>();

  beforeAll(async () => {
    await tf.setBackend(backendName);
  });

  describe.each(Object.keys(backbones))('%s', (backbone) => {
    it.each(Object.keys(lossMakers))('learns with %s', async (loss) => {
      expect(faultOf(await trainTwoSteps(backbones[backbone]!, lossMakers[loss]!))).toBeNull();
      done.add(`${backbone}/${loss}`);
    });
  });

  // A backend that is not installed keeps its table.
  afterAll(() => writeMatrixTable(backendName, (backbone, loss) => done.has(`${backbone}/${loss}`)));
});
