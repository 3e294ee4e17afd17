import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { expectAgreement } from '../__fixtures__/run-onnx.ts';
import { chain } from '../__fixtures__/small-model.ts';
import { exportOnnx } from '../export-onnx.ts';

beforeAll(() => tf.setBackend('cpu'));

const { layers } = tf;
const paddings = ['same', 'valid'] as const;

describe.each(paddings)("convolutions with padding '%s'", (padding) => {
  // Sizes, strides and kernels that need zeros on one side, on both or on none.
  it.each([
    { kernelSize: 3, strides: 1 },
    { kernelSize: 2, strides: 1 },
    { kernelSize: 2, strides: 2 },
    { kernelSize: 3, strides: 2 },
    { kernelSize: 5, strides: 3 },
    { kernelSize: 1, strides: 2 },
    { kernelSize: [3, 2] as [number, number], strides: [1, 2] as [number, number] },
    { kernelSize: 3, strides: 1, dilationRate: 2 },
    { kernelSize: 2, strides: 1, dilationRate: [1, 3] as [number, number] },
  ])('Conv2D %o', async (options) => {
    for (const side of [7, 8]) {
      await expectAgreement(chain([side, 9, 3], layers.conv2d({ filters: 4, padding, ...options })));
    }
  });

  it.each([
    { kernelSize: 3, strides: 1 },
    { kernelSize: 3, strides: 2 },
    { kernelSize: 2, strides: 2, depthMultiplier: 2 },
    { kernelSize: 3, strides: 1, depthMultiplier: 3, useBias: false },
  ])('DepthwiseConv2D %o', async (options) => {
    for (const side of [7, 8]) {
      await expectAgreement(chain([side, 9, 3], layers.depthwiseConv2d({ padding, ...options })));
    }
  });

  it.each([
    { kernelSize: 3, strides: 1 },
    { kernelSize: 3, strides: 2, depthMultiplier: 2 },
    { kernelSize: 2, strides: 1, dilationRate: 2, useBias: false },
  ])('SeparableConv2D %o', async (options) => {
    await expectAgreement(chain([7, 8, 3], layers.separableConv2d({ filters: 4, padding, ...options })));
  });

  it('convolutions of images of any size', async () => {
    const model = chain(
      [null, null, 3],
      layers.conv2d({ filters: 4, kernelSize: 3, strides: 2, padding }),
      layers.conv2d({ filters: 5, kernelSize: 3, padding, dilationRate: 2 }),
      layers.globalAveragePooling2d({}),
    );
    await expectAgreement(model, {}, { size: [12, 11] });
    await expectAgreement(model, {}, { size: [13, 14] });
  });
});

it('supports a bias, no bias, and an activation', async () => {
  await expectAgreement(chain([5, 5, 2], layers.conv2d({ filters: 3, kernelSize: 2, useBias: false })));
  await expectAgreement(chain([5, 5, 2], layers.conv2d({ filters: 3, kernelSize: 2, activation: 'relu' })));
  await expectAgreement(chain([5, 5, 2], layers.depthwiseConv2d({ kernelSize: 2, activation: 'tanh' })));
});

it('ignores the dilation of a DepthwiseConv2D, as tfjs does', async () => {
  await expectAgreement(chain([7, 7, 2], layers.depthwiseConv2d({ kernelSize: 3, dilationRate: 2 })));
});

it('rejects channels first', async () => {
  const model = chain(
    [3, 5, 5],
    layers.conv2d({ filters: 4, kernelSize: 3, dataFormat: 'channelsFirst', name: 'first' }),
  );
  await expect(exportOnnx(model)).rejects.toThrow(
    "The layer 'first' of class Conv2D cannot be exported to ONNX: its dataFormat is 'channelsFirst'",
  );
});
