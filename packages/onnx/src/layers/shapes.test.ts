import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, it } from 'vitest';
import { expectAgreement } from '../__fixtures__/run-onnx.ts';
import { chain } from '../__fixtures__/small-model.ts';
import { exportOnnx } from '../export-onnx.ts';

beforeAll(() => tf.setBackend('cpu'));

const { layers } = tf;
const image = [6, 2, 4];
const reshape = (...targetShape: number[]) => layers.reshape({ targetShape });

it.each([
  ['a map of another size', [reshape(4, 3, 4)]],
  ['a map of one pixel', [reshape(1, 1, 48)]],
  ['a map of one channel', [reshape(8, 6, 1)]],
  ['rows', [reshape(12, 4)]],
  ['rows of an inferred length', [reshape(-1, 8), reshape(6, 8)]],
  ['features', [reshape(48), layers.dense({ units: 3 })]],
  ['features to a map', [layers.flatten(), reshape(3, 4, 4), layers.conv2d({ filters: 2, kernelSize: 2 })]],
  ['pooled features to a map', [layers.globalMaxPooling2d({}), reshape(1, 1, 4)]],
  ['pooled features to a larger map', [layers.globalMaxPooling2d({}), reshape(2, 1, 2)]],
  ['rows to a map', [reshape(12, 4), reshape(2, 6, 4)]],
])('Reshape to %s', async (_, list) => {
  await expectAgreement(chain(image, layers.conv2d({ filters: 4, kernelSize: 1 }), ...list));
});

it('ZeroPadding2D, equal on all sides and different on each', async () => {
  await expectAgreement(chain(image, layers.zeroPadding2d()));
  const padding: [[number, number], [number, number]] = [
    [1, 2],
    [0, 3],
  ];
  await expectAgreement(chain(image, layers.zeroPadding2d({ padding })));
});

it('Rescaling, with and without offset', async () => {
  await expectAgreement(
    chain(image, layers.rescaling({ scale: 1 / 127.5, offset: -1 })),
    {},
    { range: [0, 255] },
  );
  await expectAgreement(chain(image, layers.rescaling({ scale: 3 })));
});

it('omits layers that only act in training', async () => {
  await expectAgreement(
    chain(
      image,
      layers.dropout({ rate: 0.5 }),
      layers.gaussianNoise({ stddev: 1 }),
      layers.gaussianDropout({ rate: 0.5 }),
      layers.alphaDropout({ rate: 0.5 }),
    ),
  );
});

it('rejects a reshape with several unknown lengths', async () => {
  const model = chain(
    image,
    layers.reshape({ targetShape: [-1, -1, 4], name: 'twice' }),
    layers.globalMaxPooling2d({}),
  );
  await expect(exportOnnx(model)).rejects.toThrow("'twice' of class Reshape cannot be exported");
});
