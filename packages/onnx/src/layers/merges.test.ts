import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { expectAgreement } from '../__fixtures__/run-onnx.ts';
import { type Layer, type Symbolic, smallModel } from '../__fixtures__/small-model.ts';
import { exportOnnx } from '../export-onnx.ts';

beforeAll(() => tf.setBackend('cpu'));

const { layers } = tf;
const apply = (layer: Layer, ...inputs: Symbolic[]) =>
  layer.apply(inputs.length === 1 ? inputs[0]! : inputs) as Symbolic;
const convolution = (image: Symbolic, filters = 4) => apply(layers.conv2d({ filters, kernelSize: 1 }), image);

describe.each([
  ['Add', () => layers.add()],
  ['Multiply', () => layers.multiply()],
  ['Average', () => layers.average()],
  ['Maximum', () => layers.maximum()],
  ['Minimum', () => layers.minimum()],
] as [string, () => Layer][])('%s', (_, merge) => {
  it('of two and of three maps', async () => {
    await expectAgreement(smallModel([3, 2, 4], (image) => apply(merge(), image, convolution(image))));
    await expectAgreement(
      smallModel([3, 2, 4], (image) => apply(merge(), image, convolution(image), convolution(image))),
    );
  });

  it('of a map and a value for each channel', async () => {
    const gate = (image: Symbolic) => apply(layers.globalAveragePooling2d({}), convolution(image));
    const asMap = layers.reshape({ targetShape: [1, 1, 4] });
    await expectAgreement(smallModel([3, 2, 4], (image) => apply(merge(), image, apply(asMap, gate(image)))));
    await expectAgreement(smallModel([3, 2, 4], (image) => apply(merge(), image, gate(image))));
  });

  it('of flattened maps in one layout and in two', async () => {
    const flat = (image: Symbolic) => apply(layers.flatten(), image);
    await expectAgreement(
      smallModel([3, 2, 4], (image) => apply(merge(), flat(image), flat(convolution(image)))),
    );
    const reshaped = (image: Symbolic, targetShape: number[]) =>
      flat(apply(layers.reshape({ targetShape }), image));
    for (const other of [
      [2, 3, 4],
      [3, 4, 2],
    ]) {
      await expectAgreement(
        smallModel([3, 2, 4], (image) => apply(merge(), flat(image), reshaped(image, other))),
      );
    }
    const dense = (image: Symbolic) => apply(layers.dense({ units: 24 }), flat(image));
    await expectAgreement(smallModel([3, 2, 4], (image) => apply(merge(), flat(image), dense(image))));
    await expectAgreement(smallModel([3, 2, 4], (image) => apply(merge(), dense(image), flat(image))));
  });
});

it.each([-1, 1, 2, 3])('concatenates maps along axis %s', async (axis) => {
  const filters = axis === -1 || axis === 3 ? 5 : 4;
  const model = smallModel([3, 2, 4], (image) =>
    apply(layers.concatenate({ axis }), image, convolution(image, filters), image),
  );
  await expectAgreement(model);
});

it('concatenates features, also those of flattened maps', async () => {
  const model = smallModel([3, 2, 4], (image) => {
    const pooled = apply(layers.globalMaxPooling2d({}), convolution(image, 5));
    const joined = apply(layers.concatenate(), pooled, apply(layers.flatten(), image), pooled);
    return apply(layers.dense({ units: 6 }), joined);
  });
  await expectAgreement(model);
});

it('rejects concatenation along the batch, and inputs with three and two axes', async () => {
  const batch = smallModel([3, 2, 4], (image) =>
    apply(layers.concatenate({ axis: 0, name: 'images' }), image, image),
  );
  await expect(exportOnnx(batch)).rejects.toThrow("'images' of class Concatenate cannot be exported");
  const ranks = smallModel([3, 2, 4], (image) => {
    const rows = apply(layers.reshape({ targetShape: [6, 4] }), image);
    return apply(layers.add({ name: 'mixed' }), rows, apply(layers.globalMaxPooling2d({}), image));
  });
  await expect(exportOnnx(ranks)).rejects.toThrow('different numbers of axes: 3, 2');
});
