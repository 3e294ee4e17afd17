// Tests that onnxruntime and tfjs agree on a tiny version of every network of @openset/backbones, exported as ONNX. Also tests
// that LResNetE-IR-18, with weights in the authors' layout, agrees with the authors' network.
import { readFileSync } from 'node:fs';
import { backboneKinds, createBackbone, flipSum, loadPyTorchState, lresnetIR } from '@openset/backbones';
import { type BackboneConfig, decodeSafetensors, encodeSafetensors } from '@openset/core';
import { exportOnnx } from '@openset/onnx';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, it } from 'vitest';
import { fixtureImages, fixtureState } from '../packages/cli/src/conformance/backbone-cases.ts';
import { readBackboneFixtures } from '../packages/cli/src/conformance/backbone-fixture.ts';
import {
  expectAgreement,
  expectClose,
  randomizeWeights,
  runOnnx,
} from '../packages/onnx/src/__fixtures__/run-onnx.ts';
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

it('covers every kind of network', () => {
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

it("imports the authors' weights, exports ONNX, and onnxruntime reproduces the authors' embeddings", async () => {
  const path = new URL('../packages/cli/src/__fixtures__/backbone.json', import.meta.url);
  const [fixture] = readBackboneFixtures(readFileSync(path, 'utf8'));
  const { layers, inputShapeNCHW, evalFlipSum, parameterOrder, inputSeedIndex } = fixture!;
  const [batch, channels, height, width] = inputShapeNCHW;
  const backbone = lresnetIR({
    blocks: layers,
    inputSize: [height, width],
    channels,
    embeddingSize: evalFlipSum.length / batch,
    dropout: 0,
  });
  const state = Object.entries(await fixtureState(backbone, parameterOrder));
  const tensors = state.map(([name, tensor]) => [name, { ...tensor, dtype: 'float32' as const }] as const);
  const file = encodeSafetensors({ tensors: Object.fromEntries(tensors) });

  loadPyTorchState(backbone, decodeSafetensors(file).tensors);
  const images = fixtureImages(inputSeedIndex, inputShapeNCHW);
  for (const foldBatchNorms of [false, true]) {
    const bytes = await exportOnnx(backbone, { flipSum: true, foldBatchNorms });
    const { values, shape } = await runOnnx(bytes, images);
    expect(shape).toEqual([batch, evalFlipSum.length / batch]);
    expectClose(values, Float32Array.from(evalFlipSum), 1e-4);
  }
  images.dispose();
  backbone.dispose();
});
