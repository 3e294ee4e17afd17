import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, it } from 'vitest';
import { expectAgreement } from '../__fixtures__/run-onnx.ts';
import { chain, type Symbolic, smallModel } from '../__fixtures__/small-model.ts';
import { decodeMessage } from '../format/wire-format.ts';

beforeAll(() => tf.setBackend('cpu'));

const { layers } = tf;
const norm = () => layers.batchNormalization({ epsilon: 1e-2 });
const fold = { foldBatchNorms: true };

/** Checks the numbers of a file with folded batch norms and returns its operators. */
async function foldedOperators(model: tf.LayersModel): Promise<string[]> {
  const bytes = await expectAgreement(model, fold);
  const { graph } = decodeMessage('Model', bytes) as { graph: { node: { opType: string }[] } };
  return graph.node.map(({ opType }) => opType);
}

it('folds into convolutions of each kind, with and without bias', async () => {
  const model = chain(
    [6, 6, 3],
    layers.conv2d({ filters: 4, kernelSize: 3, padding: 'same', useBias: false }),
    norm(),
    layers.depthwiseConv2d({ kernelSize: 2, depthMultiplier: 2 }),
    norm(),
    layers.separableConv2d({ filters: 3, kernelSize: 2 }),
    norm(),
    layers.reLU(),
  );
  expect(await foldedOperators(model)).toEqual([
    ...['Conv', 'Conv', 'Conv', 'Conv', 'Relu'],
    // Restores the layout of tfjs for the comparison.
    ...['Flatten', 'Reshape', 'Transpose', 'Reshape'],
  ]);
});

it('folds into dense layers and into a convolution over the whole map', async () => {
  const dense = chain([3, 2, 4], layers.flatten(), layers.dense({ units: 5 }), norm());
  expect(await foldedOperators(dense)).toEqual(['Flatten', 'Gemm']);
  const whole = chain([3, 2, 4], layers.conv2d({ filters: 5, kernelSize: [3, 2] }), layers.flatten(), norm());
  expect(await foldedOperators(whole)).toEqual(['Conv', 'Flatten']);
});

it('folds two in a row, and across layers that do nothing', async () => {
  const model = chain(
    [3, 2, 4],
    layers.conv2d({ filters: 5, kernelSize: 2 }),
    norm(),
    layers.dropout({ rate: 0.4 }),
    norm(),
    layers.globalAveragePooling2d({}),
  );
  expect(await foldedOperators(model)).toEqual(['Conv', 'GlobalAveragePool', 'Flatten']);
});

it('keeps batch norms at the start, after an activation, and after a flattened map', async () => {
  const model = chain(
    [3, 3, 4],
    norm(),
    layers.conv2d({ filters: 5, kernelSize: 2, activation: 'relu' }),
    norm(),
    layers.conv2d({ filters: 5, kernelSize: 1 }),
    layers.flatten(),
    norm(),
    layers.dense({ units: 3 }),
  );
  const operators = await foldedOperators(model);
  expect(operators.filter((name) => name === 'BatchNormalization')).toHaveLength(3);
});

it('keeps a batch norm if the convolution has another reader', async () => {
  const model = smallModel([3, 2, 4], (image) => {
    const convolved = layers.conv2d({ filters: 4, kernelSize: 1 }).apply(image) as Symbolic;
    return layers.add().apply([norm().apply(convolved) as Symbolic, convolved]) as Symbolic;
  });
  expect(await foldedOperators(model)).toContain('BatchNormalization');
});

it('folds each call of a shared convolution separately', async () => {
  const model = smallModel([3, 2, 4], (image) => {
    const shared = layers.conv2d({ filters: 4, kernelSize: 1 });
    const once = norm().apply(shared.apply(image));
    return norm().apply(shared.apply(once)) as Symbolic;
  });
  expect(await foldedOperators(model)).not.toContain('BatchNormalization');
});
