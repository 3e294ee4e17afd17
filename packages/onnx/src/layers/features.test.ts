// Layers on features, including those of a flattened map, whose layout differs from that of tfjs.
import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, it } from 'vitest';
import { expectAgreement } from '../__fixtures__/run-onnx.ts';
import { chain, type Symbolic, smallModel } from '../__fixtures__/small-model.ts';
import { exportOnnx } from '../export-onnx.ts';
import { decodeMessage } from '../format/wire-format.ts';

beforeAll(() => tf.setBackend('cpu'));

const { layers } = tf;
const shape = [3, 2, 4];

/** Returns the operators of a file, in order. */
async function operators(model: tf.LayersModel): Promise<string[]> {
  const { graph } = decodeMessage('Model', await exportOnnx(model)) as {
    graph: { node: { opType: string }[] };
  };
  return graph.node.map(({ opType }) => opType);
}

it('Dense on features, on a flattened map, on rows and on pixels', async () => {
  await expectAgreement(chain(shape, layers.globalMaxPooling2d({}), layers.dense({ units: 5 })));
  await expectAgreement(chain(shape, layers.flatten(), layers.dense({ units: 5, activation: 'tanh' })));
  await expectAgreement(chain(shape, layers.flatten(), layers.dense({ units: 5, useBias: false })));
  await expectAgreement(chain(shape, layers.dense({ units: 5 })));
  await expectAgreement(chain(shape, layers.dense({ units: 5, useBias: false })));
  const rows = layers.reshape({ targetShape: [6, 4] });
  await expectAgreement(chain(shape, rows, layers.dense({ units: 5 })));
  await expectAgreement(chain(shape, rows, layers.dense({ units: 5, useBias: false })));
});

it('BatchNormalization of maps and of features, in either layout', async () => {
  await expectAgreement(chain(shape, layers.batchNormalization()));
  await expectAgreement(chain(shape, layers.batchNormalization({ axis: 3, epsilon: 0.1 })));
  await expectAgreement(chain(shape, layers.batchNormalization({ scale: false })));
  await expectAgreement(chain(shape, layers.batchNormalization({ center: false, scale: false })));
  await expectAgreement(chain(shape, layers.globalMaxPooling2d({}), layers.batchNormalization()));
  await expectAgreement(chain(shape, layers.flatten(), layers.batchNormalization()));
});

it('rejects a BatchNormalization of rows', async () => {
  const model = chain([3, 2, 4], layers.batchNormalization({ axis: 1, name: 'rows' }));
  await expect(exportOnnx(model)).rejects.toThrow("'rows' of class BatchNormalization cannot be exported");
});

it('permutes the weights after a flattened map instead of a transpose', async () => {
  const model = chain(
    shape,
    layers.conv2d({ filters: 3, kernelSize: 2, useBias: false }),
    layers.flatten(),
    layers.batchNormalization(),
    layers.prelu(),
    layers.dropout({ rate: 0.5 }),
    layers.dense({ units: 5 }),
  );
  await expectAgreement(model);
  expect(await operators(model)).toEqual(['Conv', 'Flatten', 'BatchNormalization', 'PRelu', 'Gemm']);
});

it('restores the layout of tfjs if the output is a flattened map', async () => {
  await expectAgreement(chain(shape, layers.flatten()));
  await expectAgreement(chain(shape, layers.flatten(), layers.activation({ activation: 'softmax' })));
});

it('a shared layer on features in several layouts', async () => {
  const dense = layers.dense({ units: 5 });
  const norm = layers.batchNormalization();
  const prelu = layers.prelu();
  const model = smallModel([3, 2, 4], (image) => {
    const run = (features: Symbolic) => dense.apply(prelu.apply(norm.apply(features))) as Symbolic;
    const flattened = layers.flatten().apply(image) as Symbolic;
    const rows = layers.reshape({ targetShape: [6, 4] }).apply(image) as Symbolic;
    const plain = layers.reshape({ targetShape: [24] }).apply(rows) as Symbolic;
    const maps = [
      [2, 3, 4],
      [3, 4, 2],
    ].map((targetShape) => layers.flatten().apply(layers.reshape({ targetShape }).apply(image)) as Symbolic);
    return layers.add().apply([flattened, plain, ...maps].map(run)) as Symbolic;
  });
  await expectAgreement(model);
});
