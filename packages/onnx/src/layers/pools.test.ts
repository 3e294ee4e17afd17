import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { expectAgreement, randomImages, runOnnx } from '../__fixtures__/run-onnx.ts';
import { chain } from '../__fixtures__/small-model.ts';
import { exportOnnx } from '../export-onnx.ts';

beforeAll(() => tf.setBackend('cpu'));

const { layers } = tf;

describe.each(['same', 'valid'] as const)("pools with padding '%s'", (padding) => {
  it.each([
    {},
    { poolSize: 2, strides: 1 },
    { poolSize: 3, strides: 2 },
    { poolSize: 2, strides: 3 },
    { poolSize: [3, 2] as [number, number], strides: [2, 1] as [number, number] },
  ])('%o', async (options) => {
    for (const side of [7, 8]) {
      await expectAgreement(chain([side, 9, 3], layers.maxPooling2d({ padding, ...options })));
      await expectAgreement(chain([side, 9, 3], layers.averagePooling2d({ padding, ...options })));
    }
  });
});

it('counts its padding neither for the maximum nor for the mean', async () => {
  // Windows of 3 with stride 2 over 2 values: one window, and one value of padding at the end.
  const negative = tf.tensor4d([-4, -2], [1, 1, 2, 1]);
  const pool = { poolSize: [1, 3] as [number, number], strides: 2, padding: 'same' as const };
  const maximum = await runOnnx(await exportOnnx(chain([1, 2, 1], layers.maxPooling2d(pool))), negative);
  const mean = await runOnnx(await exportOnnx(chain([1, 2, 1], layers.averagePooling2d(pool))), negative);
  expect([...maximum.values, ...mean.values]).toEqual([-2, -3]);
});

it('counts zeros of a padding layer, which onnxruntime would otherwise merge into the pool', async () => {
  // Values below 0, so that a zero is the maximum. Also padding wider than the window.
  const below = layers.rescaling({ scale: 1, offset: -2 });
  for (const padding of [1, 3]) {
    for (const poolSize of [2, 3]) {
      const pad = layers.zeroPadding2d({ padding });
      await expectAgreement(
        chain([6, 7, 2], below, pad, layers.maxPooling2d({ poolSize })),
        {},
        { range: [-1, 1] },
      );
      await expectAgreement(chain([6, 7, 2], below, pad, layers.averagePooling2d({ poolSize })));
    }
  }
});

it('pools whole maps, also of any size', async () => {
  await expectAgreement(chain([5, 4, 3], layers.globalAveragePooling2d({})));
  await expectAgreement(chain([5, 4, 3], layers.globalMaxPooling2d({})));
  const anySize = chain(
    [null, null, 3],
    layers.averagePooling2d({ padding: 'same', poolSize: 3, strides: 2 }),
    layers.globalMaxPooling2d({}),
  );
  await expectAgreement(anySize, {}, { size: [6, 7] });
  const { shape } = await runOnnx(await exportOnnx(anySize), randomImages([2, 9, 4, 3]));
  expect(shape).toEqual([2, 3]);
});
