// Tests that onnxruntime and tfjs agree on the pretrained graph models, and on a tiny one with a head, with all weights in one file.
import type { Backbone } from '@openset/core';
import { exportOnnx, type OnnxSource, readOnnxMetadata } from '@openset/onnx';
import { nodeOnnxEngine } from '@openset/onnx/node';
import { graphBackbone } from '@openset/pretrained';
import { openPretrained } from '@openset/pretrained/node';
import { backboneEngine, requireSameEmbeddings } from '@openset/verify';
import { enableWasmTraining } from '@openset/wasm-kernels';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, it } from 'vitest';
import {
  expectClose,
  randomImages,
  randomizeWeights,
  runOnnx,
} from '../packages/onnx/src/__fixtures__/run-onnx.ts';
import { tinyGraph } from '../packages/pretrained/src/__fixtures__/tiny-graph.ts';

beforeAll(async () => {
  await enableWasmTraining({ threads: 1 });
  await tf.setBackend('wasm');
});

/** Checks the engine of a backbone against the backbone, on random images and on the fixed one. */
async function expectSame(backbone: Backbone & OnnxSource, count: number): Promise<void> {
  const engine = await nodeOnnxEngine(backbone, { threads: 1 });
  const [height, width, channels] = backbone.inputShape as [number, number, number];
  const images = randomImages([count, height, width, channels]);
  const values = images.dataSync() as Float32Array;
  const expected = backbone.forward(images);
  const found = await engine.embed(values, [count, height, width, channels]);
  expect(found).toHaveLength(count * backbone.embeddingSize);
  expectClose(found, expected.dataSync() as Float32Array);
  await requireSameEmbeddings(engine, backboneEngine(backbone), backbone.inputShape);
  tf.dispose([images, expected]);
  await engine.dispose();
}

it.each(['faceres', 'face-api'])(
  '%s',
  async (word) => {
    const { backbone } = await openPretrained(word);
    await expectSame(backbone, 2);
    backbone.dispose();
  },
  60_000,
);

it.each([
  ['all stages frozen', 'all'],
  ['no stage frozen', 0],
] as const)('a tiny graph with a head, %s', async (_, freeze) => {
  const backbone = graphBackbone(tinyGraph(), { output: 'embedding', head: 7, freeze, inputRange: [0, 255] });
  randomizeWeights({
    weights: backbone.headVariables.map((variable) => ({
      originalName: variable.name,
      read: () => variable,
      write: (value: tf.Tensor) => variable.assign(value),
    })),
  } as unknown as tf.LayersModel);
  const before = tf.memory().numTensors;
  await expectSame(backbone, 3);
  expect(readOnnxMetadata(await exportOnnx(backbone)).output).toMatchObject({ embeddingSize: 7 });
  expect(tf.memory().numTensors).toBe(before);
  backbone.dispose();
});

it('the frozen part of a graph with a head computes its features', async () => {
  const backbone = graphBackbone(tinyGraph(), { output: 'embedding', head: 7 });
  const engine = await nodeOnnxEngine({ readGraph: () => backbone.readGraph('features') });
  const images = randomImages([4, 6, 6, 1]);
  const features = backbone.features(images);
  const found = await engine.embed(images.dataSync() as Float32Array, [4, 6, 6, 1]);
  expectClose(found, features.dataSync() as Float32Array);
  tf.dispose([images, features]);
  await engine.dispose();
  backbone.dispose();

  const trained = graphBackbone(tinyGraph(), { output: 'embedding', freeze: 1 });
  await expect(trained.readGraph('features')).rejects.toThrow('only 1 stages are frozen');
  trained.dispose();
});

it('exports a graph for pixels, with mirror images', async () => {
  const backbone = graphBackbone(tinyGraph(), { output: 'embedding' });
  const options = { inputType: 'uint8', preprocessing: 'inside', flipSum: true } as const;
  const bytes = await exportOnnx(backbone, options);
  const pixels = tf.tidy(() => tf.round(randomImages([3, 6, 6, 1], [0, 255])) as tf.Tensor4D);
  const expected = tf.tidy(() => {
    const images = tf.div(tf.sub(pixels, 127.5), 127.5) as tf.Tensor4D;
    return tf.add(backbone.forward(images), backbone.forward(tf.reverse(images, 2)));
  });
  const { values, shape } = await runOnnx(bytes, pixels, options);
  expect(shape).toEqual([3, 5]);
  expectClose(values, expected.dataSync() as Float32Array);
  tf.dispose([pixels, expected]);
  backbone.dispose();
});
