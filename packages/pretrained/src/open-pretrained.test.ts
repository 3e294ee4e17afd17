import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import '@openset/wasm-kernels';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataError } from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadGraphModel, readManifest } from './graph-model.ts';
import { loadPretrained } from './load-pretrained.ts';
import { openPretrained, readPretrainedFiles } from './open-pretrained.ts';
import { findPretrainedNetwork, pretrainedNetworks } from './pretrained-networks.ts';
import { readInstalledModel } from './read-installed-model.ts';

beforeAll(async () => {
  await tf.setBackend('wasm');
  await tf.ready();
});

/** face-api's network as its source has it (FaceRecognitionNet.ts, convLayer.ts, residualLayer.ts). */
function faceApi(images: tf.Tensor4D, weights: tf.NamedTensorMap): tf.Tensor2D {
  const convolve = (x: tf.Tensor4D, name: string, stride: number, pad: 'same' | 'valid') => {
    const [filters, bias] = [weights[`${name}/conv/filters`] as tf.Tensor4D, weights[`${name}/conv/bias`]!];
    const y = tf.add(tf.conv2d(x, filters, stride, pad), bias);
    return tf.add(
      tf.mul(y, weights[`${name}/scale/weights`]!),
      weights[`${name}/scale/biases`]!,
    ) as tf.Tensor4D;
  };
  const residual = (x: tf.Tensor4D, name: string) => {
    const y = convolve(tf.relu(convolve(x, `${name}/conv1`, 1, 'same')), `${name}/conv2`, 1, 'same');
    return tf.relu(tf.add(y, x)) as tf.Tensor4D;
  };
  const residualDown = (x: tf.Tensor4D, name: string) => {
    let y = convolve(tf.relu(convolve(x, `${name}/conv1`, 2, 'valid')), `${name}/conv2`, 1, 'same');
    const pooled = tf.avgPool(x, 2, 2, 'valid') as tf.Tensor4D;
    if (pooled.shape[1] !== y.shape[1]) {
      const [batch, height, width, channels] = y.shape;
      y = tf.concat([y, tf.zeros([batch, 1, width, channels])], 1) as tf.Tensor4D;
      y = tf.concat([y, tf.zeros([batch, height + 1, 1, channels])], 2) as tf.Tensor4D;
    }
    const isNarrow = pooled.shape[3] !== y.shape[3];
    const shortcut = isNarrow ? tf.concat([pooled, tf.zerosLike(pooled)], 3) : pooled;
    return tf.relu(tf.add(shortcut, y)) as tf.Tensor4D;
  };
  const centred = tf.div(tf.sub(images, tf.tensor1d([122.782, 117.001, 104.298])), 255) as tf.Tensor4D;
  let x = tf.relu(convolve(centred, 'conv32_down', 2, 'valid'));
  x = tf.maxPool(x, 3, 2, 'valid');
  for (const name of ['conv32_1', 'conv32_2', 'conv32_3']) x = residual(x, name);
  x = residualDown(x, 'conv64_down');
  for (const name of ['conv64_1', 'conv64_2', 'conv64_3']) x = residual(x, name);
  x = residualDown(x, 'conv128_down');
  for (const name of ['conv128_1', 'conv128_2']) x = residual(x, name);
  x = residualDown(x, 'conv256_down');
  for (const name of ['conv256_1', 'conv256_2']) x = residual(x, name);
  x = residualDown(x, 'conv256_down_out');
  return tf.matMul(tf.mean(x, [1, 2]), weights.fc as tf.Tensor2D);
}

const noise = (size: number) => tf.randomUniform<tf.Rank.R4>([2, size, size, 3], -1, 1, 'float32', 11);
const toBytes = (images: tf.Tensor4D) => tf.add(tf.mul(images, 127.5), 127.5) as tf.Tensor4D;

describe('loadPretrained', () => {
  it('reads the files of the network with the given reader, and passes its errors on', async () => {
    const installed = readInstalledModel('@vladmandic/human', 'models');
    const files: string[] = [];
    const { backbone, network } = await loadPretrained('faceres', (file) => {
      files.push(file);
      return installed(file);
    });
    expect(files).toEqual(['faceres.json', 'faceres.bin']);
    expect([backbone.embeddingSize, network.word]).toEqual([1024, 'faceres']);
    backbone.dispose();
    const fail = async () => {
      throw new TypeError('no network');
    };
    await expect(loadPretrained('faceres', fail)).rejects.toThrow(new TypeError('no network'));
    await expect(loadPretrained('nobody', installed)).rejects.toThrow(DataError);
  });
});

describe('openPretrained', () => {
  it('opens faceres, whose features are those of the graph model', async () => {
    const { backbone, network, description } = await openPretrained('faceres');
    expect(network).toMatchObject({ package: '@vladmandic/human', license: 'MIT' });
    const { galleryThresholds, ...facts } = description;
    expect(facts).toEqual({
      backbone: backbone.getConfig(),
      threshold: 0.524,
      thresholdSource: 'calibrated',
      question: { kind: 'pair', odds: 1 },
      thresholdInterval: { low: 0.519, high: 0.529 },
      calibration: { slope: -29.09, offset: 15.26 },
      flipSum: false,
      orientation: 'exif',
      crop: { kind: 'box', scale: 1.2 },
    });
    expect(galleryThresholds?.[0]).toMatchObject({ people: 1, threshold: 0.573 });
    expect(backbone.inputShape).toEqual([224, 224, 3]);
    expect(backbone.stageCount).toBe(5);
    const raw = await loadGraphModel('faceres.json', readInstalledModel('@vladmandic/human', 'models'));
    const x = noise(224);
    const features = backbone.forward(x);
    expect(features.shape).toEqual([2, 1024]);
    const expected = raw.execute(toBytes(x), 'global_pooling/Mean') as tf.Tensor;
    // Its convolutions are fused, which rounds differently.
    const values = await expected.data();
    const worst = Math.max(
      ...(await features.data()).map((value, index) => Math.abs(value - values[index]!)),
    );
    expect(worst / Math.max(...values)).toBeLessThan(1e-5);
    raw.dispose();
    backbone.dispose();
  });

  it('has gradients of all weights of the last stage of faceres on wasm', async () => {
    const { backbone } = await openPretrained('faceres', { freeze: 4 });
    expect(backbone.featureShape).toEqual([14, 14, 512]);
    const features = backbone.features(noise(224));
    const { grads } = tf.variableGrads(
      () => tf.sum(tf.square(backbone.forwardFeatures(features))) as tf.Scalar,
      [...backbone.trainable],
    );
    expect(Object.keys(grads)).toHaveLength(backbone.trainable.length);
    for (const gradient of Object.values(grads)) {
      expect((await tf.max(tf.abs(gradient)).data())[0]).toBeGreaterThan(0);
    }
    backbone.dispose();
  });

  it("rebuilds face-api's network from its weights", async () => {
    const { backbone } = await openPretrained('face-api');
    expect(backbone.inputShape).toEqual([150, 150, 3]);
    const read = readInstalledModel('@vladmandic/face-api', 'model');
    const manifest = JSON.parse(
      new TextDecoder().decode(await read('face_recognition_model-weights_manifest.json')),
    );
    const { weightData, weightSpecs } = await readManifest(manifest, read);
    const weights = tf.io.decodeWeights(weightData as ArrayBuffer, weightSpecs);
    const x = noise(150);
    const expected = await faceApi(toBytes(x), weights).data();
    const found = await backbone.forward(x).data();
    expect(found).toHaveLength(2 * 128);
    const scale = Math.max(...expected.map(Math.abs));
    const worst = Math.max(...found.map((value, index) => Math.abs(value - expected[index]!)));
    expect(worst / scale).toBeLessThan(1e-5);
    backbone.dispose();
  });

  it('names the install command of a missing package, and the nearest word', async () => {
    const empty = await mkdtemp(join(tmpdir(), 'openset-empty-'));
    const network = { ...findPretrainedNetwork('mobileface'), package: '@openset/not-installed' };
    const opened = readPretrainedFiles(network, join(empty, 'package.json'));
    await expect(opened).rejects.toThrow(DataError);
    await expect(opened).rejects.toThrow('Install it with: npm install @openset/not-installed');
    await expect(openPretrained('facres')).rejects.toThrow("Did you mean 'faceres'?");
    await expect(openPretrained('toString')).rejects.toThrow('There is no pretrained network');
    await rm(empty, { recursive: true });
  });
});

describe('the table', () => {
  it.each(Object.values(pretrainedNetworks))('states all of $word', (network) => {
    const { word, license, inputShape, threshold, accuracy } = network;
    expect(word).toMatch(/^[a-z-]+$/);
    expect(license).toBe('MIT');
    expect(inputShape[0]).toBe(inputShape[1]);
    expect(Math.abs(threshold.cosine)).toBeLessThan(1);
    // The probability is one half near the threshold that is best for pairs.
    const { slope, offset } = threshold.calibration;
    expect(slope).toBeLessThan(0);
    expect(Math.abs(-offset / slope - threshold.cosine)).toBeLessThan(0.02);
    expect(accuracy).toBeGreaterThan(0.85);
    expect(accuracy).toBeLessThan(1);
  });
});
