import { DataError } from '@openset/core';
import * as tf from '@tensorflow/tfjs';
import * as ort from 'onnxruntime-node';
import { beforeAll, describe, expect, it } from 'vitest';
import { expectAgreement, expectClose, randomImages, runOnnx } from './__fixtures__/run-onnx.ts';
import { chain } from './__fixtures__/small-model.ts';
import { exportOnnx } from './export-onnx.ts';
import type { OnnxExportOptions } from './export-options.ts';
import type { ModelProto } from './format/schema.ts';
import { decodeMessage } from './format/wire-format.ts';
import { elementTypes } from './graph/tensor.ts';

beforeAll(() => tf.setBackend('cpu'));

const { layers } = tf;

/** Returns a small network that distinguishes left and right. */
const network = (channels = 3) =>
  chain(
    [8, 6, channels],
    layers.conv2d({ filters: 4, kernelSize: 3, padding: 'same', useBias: false }),
    layers.batchNormalization(),
    layers.prelu({ sharedAxes: [1, 2] }),
    layers.conv2d({ filters: 5, kernelSize: 2, strides: 2, useBias: false }),
    layers.flatten(),
    layers.dropout({ rate: 0.4 }),
    layers.dense({ units: 7, useBias: false }),
    layers.batchNormalization(),
  );

const scaled = (images: tf.Tensor4D) => tf.div(tf.sub(images, 127.5), 127.5) as tf.Tensor4D;
const unit = (embeddings: tf.Tensor) => tf.div(embeddings, tf.norm(embeddings, 2, 1, true));

describe('options', () => {
  it.each([
    {},
    { layout: 'nhwc' },
    { foldBatchNorms: true },
    { layout: 'nhwc', foldBatchNorms: true },
  ] as OnnxExportOptions[])('%o', async (options) => {
    await expectAgreement(network(), options);
    await expectAgreement(network(1), options);
  });

  it.each([
    {},
    { layout: 'nhwc' },
    { inputType: 'uint8' },
    { inputType: 'uint8', layout: 'nhwc' },
  ] as OnnxExportOptions[])('preprocessing inside, %o', async (options) => {
    const model = network();
    const reference = (images: tf.Tensor4D) => model.predict(scaled(images)) as tf.Tensor;
    await expectAgreement(model, { ...options, preprocessing: 'inside' }, { reference, range: [0, 255] });
  });

  it('a scaling for each channel', async () => {
    const model = network();
    const scaling = { mean: [100, 120, 140], std: [50, 60, 70] };
    const reference = (images: tf.Tensor4D) =>
      model.predict(tf.div(tf.sub(images, scaling.mean), scaling.std)) as tf.Tensor;
    await expectAgreement(model, { preprocessing: 'inside', scaling }, { reference, range: [0, 255] });
  });

  it('unscaled pixels, for a model that scales them itself', async () => {
    const model = chain(
      [4, 4, 3],
      layers.rescaling({ scale: 1 / 127.5, offset: -1 }),
      layers.dense({ units: 2 }),
    );
    const scaling = { mean: 0, std: 1 };
    await expectAgreement(model, { inputType: 'uint8', scaling }, { range: [0, 255] });
    await expectAgreement(model, { preprocessing: 'inside', scaling }, { range: [0, 255] });
  });

  it('flip-sum, normalised or not, with all other options', async () => {
    const model = network();
    const sum = (images: tf.Tensor4D) =>
      tf.add(model.predict(images) as tf.Tensor, model.predict(tf.reverse(images, 2)) as tf.Tensor);
    await expectAgreement(model, { flipSum: true }, { reference: sum });
    await expectAgreement(
      model,
      { flipSum: true, normalize: true },
      { reference: (images) => unit(sum(images)) },
    );
    await expectAgreement(
      model,
      {
        ...{ flipSum: true, normalize: true, foldBatchNorms: true },
        ...{ preprocessing: 'inside', inputType: 'uint8', layout: 'nhwc' },
      },
      { reference: (images) => unit(sum(scaled(images))), range: [0, 255] },
    );
  });

  it('flip-sum for images of any size', async () => {
    const model = chain(
      [null, null, 3],
      layers.conv2d({ filters: 4, kernelSize: 3, strides: 2, padding: 'same' }),
      layers.globalAveragePooling2d({}),
    );
    const reference = (images: tf.Tensor4D) =>
      tf.add(model.predict(images) as tf.Tensor, model.predict(tf.reverse(images, 2)) as tf.Tensor);
    await expectAgreement(model, { flipSum: true }, { reference, size: [6, 9] });
  });
});

it('normalises embeddings of any length without overflow, and keeps zeros', async () => {
  // A network that returns the pixels.
  const model = chain([1, 1, 3], layers.flatten());
  const bytes = await exportOnnx(model, { normalize: true });
  const rows = [3e-20, 4e-20, 0, 3e30, 0, -4e30, 0, 0, 0, 3, 4, 0];
  const { values } = await runOnnx(bytes, tf.tensor4d(rows, [4, 1, 1, 3]));
  // x / max(‖x‖, 1e-5)
  expectClose(values.subarray(0, 3), Float32Array.of(3e-15, 4e-15, 0));
  expectClose(values.subarray(3), Float32Array.of(0.6, 0, -0.8, 0, 0, 0, 0.6, 0.8, 0));
});

it('has the names, axes and types that face recognition servers expect', async () => {
  const model = network();
  const session = await ort.InferenceSession.create(await exportOnnx(model));
  expect(session.inputMetadata).toMatchObject([
    { name: 'input', type: 'float32', shape: ['batch', 3, 8, 6] },
  ]);
  expect(session.outputMetadata).toMatchObject([{ name: 'embedding', type: 'float32', shape: ['batch', 7] }]);
  const options = { layout: 'nhwc', inputType: 'uint8', preprocessing: 'inside', flipSum: true } as const;
  const bytes = await exportOnnx(model, options);
  const other = await ort.InferenceSession.create(bytes);
  expect(other.inputMetadata).toMatchObject([{ type: 'uint8', shape: ['batch', 8, 6, 3] }]);
  await Promise.all([session.release(), other.release()]);
  const { graph } = decodeMessage('Model', bytes) as unknown as ModelProto;
  expect(new Set(graph.initializer.map(({ dataType }) => dataType))).toEqual(
    new Set([elementTypes.float32, elementTypes.int64]),
  );
  // InsightFace's tools check the first eight nodes.
  const first = graph.node.slice(0, 8).map(({ name }) => name.slice(0, 3));
  expect(first).toEqual(expect.arrayContaining(['Sub', 'Mul']));
});

it('does not leak tensors or change the model', async () => {
  const model = network();
  const before = tf.memory().numTensors;
  const images = randomImages([2, 8, 6, 3]);
  const first = await exportOnnx(model, { foldBatchNorms: true });
  expect(await exportOnnx(model, { foldBatchNorms: true })).toEqual(first);
  images.dispose();
  expect(tf.memory().numTensors).toBe(before);
});

describe('rejects options', () => {
  it.each([
    [{ layout: 'chw' }, /^layout must be one of 'nchw', 'nhwc', but is 'chw'/],
    [{ inputType: 'float16' }, /^inputType must be one of/],
    [{ preprocessing: true }, /^preprocessing must be one of/],
    [{ colorOrder: 'gray' }, /^colorOrder must be one of 'rgb', 'bgr'/],
    [{ scaling: { std: 0 }, preprocessing: 'inside' }, 'std must not be 0'],
    [{ scaling: { mean: [1, 2] } }, 'mean has 2 numbers, but the model has 3 channels'],
    [{ scaling: { mean: Number.NaN } }, 'scaling: mean must be a finite number'],
    [{ inputType: 'uint8' }, "Set preprocessing to 'inside'"],
    [{ flip: true }, /^exportOnnx has no option flip\. Its options are layout, /],
    [{ flipSum: 'yes' }, 'flipSum must be true or false'],
    [
      { threshold: { cosine: Number.NaN, between: 'embeddings' } },
      'threshold.cosine must be a finite number',
    ],
    [{ metadata: { 'openset.loss': '{}' } }, "starts with 'openset.', which is reserved"],
    [{ metadata: { author: 1 } }, "the value of 'author' must be a string"],
  ])('%o', async (options, message) => {
    await expect(exportOnnx(network(), options as never)).rejects.toThrow(message);
  });
});

it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
  'rejects weights that are %d, in trained parameters and in running statistics',
  async (value) => {
    for (const [layer, weight] of [
      [1, 'kernel'],
      [2, 'moving_variance'],
      [7, 'kernel'],
    ] as const) {
      const model = network();
      const variable = model.layers[layer]!.weights.find(({ originalName }) =>
        originalName.endsWith(weight),
      )!;
      const values = variable.read().dataSync().slice();
      values[0] = value;
      variable.write(tf.tensor(values, variable.read().shape));
      const name = `${model.layers[layer]!.name}/${weight}`;
      const message = `Weight '${name}' has 1 of ${values.length} values that are not finite`;
      await expect(exportOnnx(model)).rejects.toThrow(DataError);
      await expect(exportOnnx(model, { foldBatchNorms: true })).rejects.toThrow(message);
    }
  },
);
