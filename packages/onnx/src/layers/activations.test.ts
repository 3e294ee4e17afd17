import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, it } from 'vitest';
import { expectAgreement } from '../__fixtures__/run-onnx.ts';
import { chain } from '../__fixtures__/small-model.ts';
import { exportOnnx } from '../export-onnx.ts';

beforeAll(() => tf.setBackend('cpu'));

const { layers } = tf;
/** Wide enough for every kink: relu6 at 6, hardSigmoid at ±2.5. */
const range = [-9, 9] as const;

it.each([
  'linear',
  'relu',
  'relu6',
  'elu',
  'selu',
  'sigmoid',
  'hardSigmoid',
  'softplus',
  'softsign',
  'tanh',
  'softmax',
  'logSoftmax',
  'swish',
  'mish',
  'gelu',
  'gelu_new',
])('the activation %s, of maps and of features', async (name) => {
  const activation = name as 'relu';
  await expectAgreement(chain([3, 2, 4], layers.activation({ activation })), {}, { range });
  await expectAgreement(
    chain([3, 2, 4], layers.globalMaxPooling2d({}), layers.activation({ activation })),
    {},
    { range },
  );
});

it.each([
  ['ReLU', () => layers.reLU()],
  ['ReLU with a maximum', () => layers.reLU({ maxValue: 3 })],
  ['LeakyReLU', () => layers.leakyReLU({ alpha: 0.2 })],
  ['ELU', () => layers.elu()],
  ['ThresholdedReLU', () => layers.thresholdedReLU({ theta: 1.5 })],
  ['Softmax over channels', () => layers.softmax({ axis: -1 })],
  ['Softmax over the last of four axes', () => layers.softmax({ axis: 3 })],
  ['Softmax over a list of one axis', () => layers.softmax({ axis: [3] })],
  ['PReLU with a slope for each value', () => layers.prelu()],
  ['PReLU with a slope for each channel', () => layers.prelu({ sharedAxes: [1, 2] })],
  ['PReLU with a slope for each column', () => layers.prelu({ sharedAxes: [1, 3] })],
])('%s', async (_, make) => {
  await expectAgreement(chain([3, 2, 4], make()), {}, { range });
});

it('PReLU of features, with a slope for each or one for all', async () => {
  for (const options of [{}, { sharedAxes: [1] }]) {
    const model = chain([3, 2, 4], layers.globalMaxPooling2d({}), layers.prelu(options));
    await expectAgreement(model, {}, { range });
    await expectAgreement(chain([3, 2, 4], layers.flatten(), layers.prelu(options)), {}, { range });
  }
});

it('rejects an unknown activation', async () => {
  class Cube extends tf.serialization.Serializable {
    static readonly className = 'cube';
    apply(x: tf.Tensor) {
      return tf.pow(x, 3);
    }
    getConfig() {
      return {};
    }
  }
  tf.serialization.registerClass(Cube as never);
  const model = chain([3, 2, 4], layers.activation({ activation: 'cube' as 'relu', name: 'odd' }));
  await expect(exportOnnx(model)).rejects.toThrow(
    /The layer 'odd' of class Activation cannot be exported to ONNX: its activation is 'cube', but must be one of linear, relu,/,
  );
});
