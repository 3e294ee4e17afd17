import { DataError, type OpenSetLoss } from '@openset/core';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, expect, it } from 'vitest';
import { chain } from './__fixtures__/small-model.ts';
import { exportOnnx } from './export-onnx.ts';
import { encodeMessage } from './format/wire-format.ts';
import { readOnnxMetadata } from './metadata.ts';
import { metadataKeys } from './metadata-keys.ts';

beforeAll(() => tf.setBackend('cpu'));

const model = () => chain([4, 6, 3], tf.layers.flatten(), tf.layers.dense({ units: 5 }));

/** The part of a loss that an export uses. */
const loss = {
  trainable: [],
  threshold: () => ({ cosine: 0.31, between: 'embeddings' }),
  getConfig: () => ({ loss: 'UssLoss', numClasses: 9, embeddingSize: 5 }),
} as unknown as OpenSetLoss;

it('describes input and output', async () => {
  const metadata = readOnnxMetadata(await exportOnnx(model()));
  expect(metadata).toMatchObject({
    producer: { name: '@openset/onnx', version: expect.stringMatching(/^\d+\.\d+\.\d+/) },
    opset: 13,
    threshold: null,
    loss: null,
    backbone: null,
    input: {
      ...{ layout: 'nchw', type: 'float32', size: [4, 6], channels: 3, colorOrder: 'rgb' },
      ...{ mean: [127.5, 127.5, 127.5], std: [127.5, 127.5, 127.5], range: [-1, 1] },
    },
    output: { embeddingSize: 5, flipSum: false, normalized: false },
  });
  expect(metadata.properties[metadataKeys.inputSize]).toBe('[4,6]');
});

it('has mean 0 and std 1 if the file scales pixels itself', async () => {
  const options = { preprocessing: 'inside', inputType: 'uint8', layout: 'nhwc', colorOrder: 'bgr' } as const;
  const bytes = await exportOnnx(model(), { ...options, flipSum: true, normalize: true });
  expect(readOnnxMetadata(bytes)).toMatchObject({
    input: {
      ...{ layout: 'nhwc', type: 'uint8', colorOrder: 'bgr' },
      ...{ mean: [0, 0, 0], std: [1, 1, 1], range: [0, 255] },
    },
    output: { flipSum: true, normalized: true },
  });
});

it('has the range over all channels', async () => {
  const scaling = { mean: [0, 100, 0], std: [255, 50, -255] };
  const { input } = readOnnxMetadata(await exportOnnx(model(), { scaling }));
  // (255 − 0) / −255, (0 − 100) / 50 and (255 − 100) / 50
  expect(input?.range).toEqual([-2, 3.1]);
});

it('holds the threshold, the loss and the backbone', async () => {
  const backbone = { model: model(), getConfig: () => ({ backbone: 'small-cnn', width: 4 }) };
  expect(readOnnxMetadata(await exportOnnx(backbone, { loss }))).toMatchObject({
    threshold: { cosine: 0.31, between: 'embeddings' },
    loss: { loss: 'UssLoss', numClasses: 9, embeddingSize: 5 },
    backbone: { backbone: 'small-cnn', width: 4 },
  });
  const own = {
    loss,
    threshold: { cosine: -0.5, between: 'embedding and class' } as const,
    lossConfig: { loss: 'Other' },
    backboneConfig: { backbone: 'own' },
  };
  expect(readOnnxMetadata(await exportOnnx(backbone, own))).toMatchObject({
    threshold: { cosine: -0.5, between: 'embedding and class' },
    loss: { loss: 'Other' },
    backbone: { backbone: 'own' },
  });
  expect(readOnnxMetadata(await exportOnnx(backbone, { loss, threshold: null })).threshold).toBeNull();
});

it.each([
  [
    { kind: 'pair', odds: 1 / 99 },
    { kind: 'box', scale: 1.2 },
  ],
  [{ kind: 'gallery', size: 200 }, { kind: 'points' }],
  [{ kind: 'far', rate: 0.001 }, null],
] as const)('holds the question of the threshold and the crop: %o, %o', async (question, crop) => {
  const threshold = { cosine: 0.3, between: 'embeddings' } as const;
  const metadata = readOnnxMetadata(await exportOnnx(model(), { threshold, question, crop }));
  expect(metadata.question).toEqual(question);
  expect(metadata.crop).toEqual(crop);
  expect(metadata.properties['openset.threshold.question']).toBe(JSON.stringify(question));
  expect(metadata.properties['openset.input.crop']).toBe(JSON.stringify(crop));
});

it('does not know the question or the crop that nobody gave, and rejects wrong ones', async () => {
  const { question, crop, properties } = readOnnxMetadata(await exportOnnx(model()));
  expect([question, crop]).toEqual([null, undefined]);
  expect(Object.keys(properties).filter((key) => /question|crop/.test(key))).toEqual([]);
  await expect(exportOnnx(model(), { question: { kind: 'pair', odds: 0 } })).rejects.toThrow('odds');
  await expect(exportOnnx(model(), { crop: { kind: 'box', scale: -1 } })).rejects.toThrow(
    'above 0, but is -1',
  );
});

it('holds metadata of the caller', async () => {
  const metadata = { author: 'Ada', __proto__: 'x', note: 'größer\n' };
  const { properties } = readOnnxMetadata(await exportOnnx(model(), { metadata }));
  expect(properties).toMatchObject({ author: 'Ada', note: 'größer\n' });
});

const header = {
  irVersion: 7,
  producerName: 'other',
  producerVersion: '2',
  opsetImport: [{ domain: '', version: 15 }],
};
const file = (properties: Record<string, string>) =>
  encodeMessage('ModelHeader', {
    ...header,
    metadataProps: Object.entries(properties).map(([key, value]) => ({ key, value })),
  });

it('reads files of other programs', () => {
  expect(readOnnxMetadata(file({ a: 'b' }))).toEqual({
    producer: { name: 'other', version: '2' },
    opset: 15,
    ...{ threshold: null, question: null, crop: undefined },
    ...{ loss: null, backbone: null, input: null, output: null },
    properties: { a: 'b' },
  });
});

it.each([
  [{ loss: '{' }, "openset.loss is '{'."],
  [{ loss: '{"loss":1}' }, 'openset.loss is'],
  [{ backbone: 'null' }, "openset.backbone is 'null'."],
  [
    { thresholdCosine: '0.3', thresholdBetween: 'all' },
    "openset.threshold.between is 'all', but must be one of embeddings,",
  ],
  [{ thresholdCosine: 'null', thresholdBetween: 'embeddings' }, "openset.threshold.cosine is 'null'."],
  [{ inputLayout: 'nchw', inputType: 'uint8', inputSize: '[1]' }, "openset.input.size is '[1]'."],
  [{ thresholdQuestion: '{"kind":"far","rate":2}' }, 'openset.threshold.question is'],
  [{ inputCrop: '{"kind":"circle"}' }, 'openset.input.crop is'],
  [{ embeddingSize: '5', flipSum: 'yes' }, "openset.output.flipSum is 'yes'."],
  [{ embeddingSize: '5' }, "openset.output.flipSum is ''."],
])('rejects damaged metadata: %o', (properties, message) => {
  const named = Object.entries(properties).map(([name, value]) => [metadataKeys[name as 'loss'], value]);
  const read = () => readOnnxMetadata(file(Object.fromEntries(named)));
  expect(read).toThrow(DataError);
  expect(read).toThrow(`The metadata of this ONNX file are damaged: ${message}`);
});

it('throws only DataError for what is not an ONNX file', async () => {
  expect(() => readOnnxMetadata(new Uint8Array())).toThrow('This is not an ONNX file');
  const bytes = await exportOnnx(model());
  const damaged = fc.record({
    index: fc.nat(bytes.length - 1),
    value: fc.nat(255),
    end: fc.nat(bytes.length),
  });
  const read = (input: Uint8Array) => {
    try {
      readOnnxMetadata(input);
    } catch (error) {
      expect(error).toBeInstanceOf(DataError);
    }
  };
  fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), read));
  fc.assert(
    fc.property(damaged, ({ index, value, end }) => {
      const copy = bytes.slice(0, end);
      copy[index] = value;
      read(copy);
    }),
  );
});
