import { ConfigError, DataError, OpenSetError } from '@openset/core';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { expectAgreement, randomizeWeights } from './__fixtures__/run-onnx.ts';
import { chain, type Symbolic, smallModel } from './__fixtures__/small-model.ts';
import { UnsupportedLayerError } from './errors.ts';
import { exportOnnx } from './export-onnx.ts';
import { decodeMessage } from './format/wire-format.ts';

beforeAll(() => tf.setBackend('cpu'));

const { layers } = tf;
const conv = (filters: number, options = {}) =>
  layers.conv2d({ filters, kernelSize: 3, padding: 'same', ...options });

describe('networks', () => {
  it('with branches that join, in any order of use', async () => {
    const model = smallModel([5, 6, 3], (image) => {
      const stem = conv(4).apply(image) as Symbolic;
      const left = layers.batchNormalization().apply(conv(4).apply(stem)) as Symbolic;
      const right = layers.maxPooling2d({ poolSize: 3, strides: 1, padding: 'same' }).apply(stem) as Symbolic;
      const sum = layers.add().apply([right, left, stem]) as Symbolic;
      const joined = layers.concatenate().apply([sum, stem, left]) as Symbolic;
      return layers.dense({ units: 5 }).apply(layers.flatten().apply(joined)) as Symbolic;
    });
    await expectAgreement(model);
    await expectAgreement(model, { foldBatchNorms: true });
  });

  it('with shared layers, whose weights are in the file once', async () => {
    const shared = conv(3, { name: 'shared' });
    const model = smallModel([5, 6, 3], (image) => {
      const once = shared.apply(image) as Symbolic;
      return layers.add().apply([shared.apply(once) as Symbolic, image]) as Symbolic;
    });
    const bytes = await expectAgreement(model);
    const { graph } = decodeMessage('Model', bytes) as unknown as {
      graph: { initializer: { name: string }[] };
    };
    expect(graph.initializer.map(({ name }) => name).filter((name) => name.startsWith('shared'))).toEqual([
      'shared/kernel',
      'shared/bias',
    ]);
  });

  it('with nested models, also the same one twice', async () => {
    const block = smallModel(
      [5, 6, 3],
      (image) => layers.reshape({ targetShape: [5, 6, 3] }).apply(conv(3).apply(image)) as Symbolic,
    );
    // smallModel flattens; this restores the map for the second call.
    const toMap = () => layers.reshape({ targetShape: [5, 6, 3] });
    const head = tf.sequential({ layers: [layers.dense({ units: 4, inputShape: [90] }), layers.reLU()] });
    const model = smallModel([5, 6, 3], (image) => {
      const once = toMap().apply(block.apply(image)) as Symbolic;
      return head.apply(block.apply(once)) as Symbolic;
    });
    await expectAgreement(model);
    await expectAgreement(chain([5, 6, 3], model));
  });

  it('that are sequential and hundreds of layers deep', async () => {
    const model = tf.sequential();
    model.add(conv(2, { inputShape: [2, 2, 1] }));
    for (let depth = 0; depth < 400; depth++) model.add(layers.reLU());
    model.add(layers.flatten());
    randomizeWeights(model);
    await expectAgreement(model);
  });

  it('with layers that do not lead to the output', async () => {
    const whole = chain([4, 4, 2], conv(3, { name: 'used' }), layers.flatten(), layers.dense({ units: 9 }));
    const part = tf.model({ inputs: whole.inputs, outputs: whole.layers[2]!.output as Symbolic });
    await expectAgreement(part);
  });

  it('with layers named like the input and the output', async () => {
    await expectAgreement(
      chain([4, 4, 2], conv(3, { name: 'input' }), layers.flatten({ name: 'embedding' })),
    );
  });
});

describe('rejects', () => {
  it('an unsupported layer, and names it, its class and the supported ones', async () => {
    const inner = smallModel(
      [4, 4, 2],
      (image) => layers.upSampling2d({ name: 'larger' }).apply(image) as Symbolic,
    );
    const error = await exportOnnx(inner).catch((caught) => caught);
    expect(error).toBeInstanceOf(UnsupportedLayerError);
    expect(error).toBeInstanceOf(OpenSetError);
    expect(error).toMatchObject({ layerName: 'larger', className: 'UpSampling2D' });
    expect(error.message).toMatch(
      /^The layer 'larger' of class UpSampling2D cannot be exported to ONNX: supported are Activation, Add, .*ZeroPadding2D, and models of these\.$/,
    );
    inner.name = 'inner';
    await expect(exportOnnx(chain([4, 4, 2], inner))).rejects.toThrow("layer 'inner/larger'");
  });

  it('models that do not map one image to one embedding', async () => {
    const vector = tf.sequential({ layers: [layers.dense({ units: 2, inputShape: [3] })] });
    await expect(exportOnnx(vector)).rejects.toThrow(/is \[null, 3\], but must be one image/);
    const map = tf.sequential({ name: 'maps', layers: [conv(2, { inputShape: [4, 4, 1] })] });
    await expect(exportOnnx(map)).rejects.toThrow(
      "The output of model 'maps' is [null, 4, 4, 2], but must be one embedding",
    );
    const image = tf.input({ shape: [4, 4, 1] });
    const flat = layers.flatten().apply(image) as Symbolic;
    const two = tf.model({
      inputs: image,
      outputs: [flat, layers.dense({ units: 2 }).apply(flat) as Symbolic],
    });
    await expect(exportOnnx(two)).rejects.toThrow('is [null, 16], [null, 2], but must be one');
    const other = tf.input({ shape: [4, 4, 1] });
    const both = layers.flatten().apply(layers.add().apply([image, other])) as Symbolic;
    await expect(exportOnnx(tf.model({ inputs: [image, other], outputs: both }))).rejects.toThrow(
      ConfigError,
    );
    await expect(exportOnnx(tf.sequential())).rejects.toThrow('is nothing, but must be one image');
  });

  it('what is not a layers model, and a disposed model', async () => {
    await expect(exportOnnx({ model: {} as tf.LayersModel })).rejects.toThrow('needs a LayersModel');
    await expect(exportOnnx(null as never)).rejects.toThrow(ConfigError);
    const model = chain([4, 4, 2], conv(3, { name: 'gone' }));
    model.dispose();
    const error = await exportOnnx(model).catch((caught) => caught);
    expect(error).toBeInstanceOf(DataError);
    expect(error.message).toMatch("The weights of layer 'gone' cannot be read");
  });

  it('but accepts a map of one pixel as an embedding', async () => {
    const model = tf.sequential({
      layers: [layers.conv2d({ filters: 5, kernelSize: 4, inputShape: [4, 4, 2] })],
    });
    await expectAgreement(model);
  });
});
