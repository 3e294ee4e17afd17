import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, it } from 'vitest';
import { expectAgreement } from '../__fixtures__/run-onnx.ts';
import { chain, type Symbolic, smallModel } from '../__fixtures__/small-model.ts';
import { decodeMessage } from '../format/wire-format.ts';

beforeAll(() => tf.setBackend('cpu'));

const { layers } = tf;
const pad = () =>
  layers.zeroPadding2d({
    padding: [
      [1, 2],
      [0, 3],
    ],
  });

/** Checks the numbers of a file and returns how many `Pad` nodes it has. */
async function padsLeft(model: tf.LayersModel): Promise<number> {
  const { graph } = decodeMessage('Model', await expectAgreement(model)) as {
    graph: { node: { opType: string }[] };
  };
  return graph.node.filter(({ opType }) => opType === 'Pad').length;
}

it('folds padding into convolutions', async () => {
  const model = chain(
    [6, 7, 3],
    pad(),
    layers.conv2d({ filters: 3, kernelSize: 3, strides: 2 }),
    pad(),
    layers.depthwiseConv2d({ kernelSize: 2 }),
  );
  expect(await padsLeft(model)).toBe(0);
});

it('keeps padding before a pool, a convolution with padding, or several readers', async () => {
  const same = layers.conv2d({ filters: 3, kernelSize: 3, padding: 'same' });
  expect(await padsLeft(chain([6, 7, 3], pad(), same))).toBe(1);
  const anySize = layers.conv2d({ filters: 3, kernelSize: 3, strides: 2, padding: 'same' });
  const model = chain([null, null, 3], pad(), anySize, layers.globalMaxPooling2d({}));
  const bytes = await expectAgreement(model, {}, { size: [6, 8] });
  expect(bytes.length).toBeGreaterThan(0);
  expect(await padsLeft(chain([6, 7, 3], pad(), layers.maxPooling2d({ poolSize: 4 })))).toBe(1);
  const branches = smallModel([4, 4, 3], (image) => {
    const padded = pad().apply(image) as Symbolic;
    const convolved = layers.conv2d({ filters: 3, kernelSize: 1 }).apply(padded) as Symbolic;
    return layers.add().apply([padded, convolved]) as Symbolic;
  });
  expect(await padsLeft(branches)).toBe(1);
});
