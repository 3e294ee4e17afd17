// Every network of @openset/backbones, tiny, as ONNX: onnxruntime gives what tfjs gives.
import { backboneKinds, createBackbone, flipSum } from '@openset/backbones';
import type { BackboneConfig } from '@openset/core';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, it } from 'vitest';
import { expectAgreement, randomizeWeights } from '../packages/onnx/src/__fixtures__/run-onnx.ts';
import { readOnnxMetadata } from '../packages/onnx/src/metadata.ts';

beforeAll(() => tf.setBackend('cpu'));

const configs: readonly BackboneConfig[] = [
  { backbone: 'cifar-densenet', blocks: [2, 1], growthRate: 4, inputSize: 8 },
  { backbone: 'cifar-densenet', blocks: [1, 2], growthRate: 4, inputSize: 8, embeddingSize: 6 },
  { backbone: 'cifar-resnet', depth: 18, width: 4, inputSize: 8 },
  { backbone: 'cifar-resnet', depth: 50, width: 4, inputSize: 9, embeddingSize: 6 },
  { backbone: 'lresnet-ir', blocks: [1, 2, 1], width: 4, inputSize: [21, 18], embeddingSize: 8 },
  { backbone: 'lresnet-ir', blocks: [2, 1], width: 4, inputSize: 12, channels: 1, embeddingSize: 8 },
  { backbone: 'mobile-facenet', width: 4, inputSize: 32, embeddingSize: 8 },
  { backbone: 'small-cnn', width: 4, inputSize: 14, channels: 1, embeddingSize: 8 },
];

it('leaves out no kind of network', () => {
  expect([...new Set(configs.map(({ backbone }) => backbone))]).toEqual([...backboneKinds].sort());
});

it.each(configs.map((config) => [JSON.stringify(config), config] as const))('%s', async (_, config) => {
  const backbone = createBackbone(config);
  randomizeWeights(backbone.model as tf.LayersModel);
  const bytes = await expectAgreement(backbone);
  expect(readOnnxMetadata(bytes).backbone).toEqual(backbone.getConfig());
  await expectAgreement(backbone, { foldBatchNorms: true });
  await expectAgreement(
    backbone,
    { flipSum: true, preprocessing: 'inside', inputType: 'uint8', layout: 'nhwc', foldBatchNorms: true },
    {
      reference: (pixels) => flipSum(backbone, tf.div(tf.sub(pixels, 127.5), 127.5)),
      range: [0, 255],
    },
  );
  backbone.dispose();
});
