import { ConfigError, EngineError, ShapeError } from '@openset/core';
import * as tf from '@tensorflow/tfjs';
import * as ort from 'onnxruntime-node';
import { beforeAll, describe, expect, it } from 'vitest';
import { expectClose, randomImages } from '../__fixtures__/run-onnx.ts';
import { chain } from '../__fixtures__/small-model.ts';
import { UnsupportedLayerError } from '../errors.ts';
import { loadNodeRuntime, nodeOnnxEngine } from './node-engine.ts';
import { onnxEngine } from './onnx-engine.ts';
import type { OnnxRuntime } from './onnx-runtime.ts';

const { layers } = tf;

beforeAll(() => tf.setBackend('cpu'));

function network() {
  return chain(
    [9, 8, 3],
    layers.conv2d({ filters: 4, kernelSize: 3, padding: 'same', useBias: false }),
    layers.batchNormalization(),
    layers.prelu({ sharedAxes: [1, 2] }),
    layers.flatten(),
    layers.dense({ units: 6 }),
  );
}

describe('onnxEngine', () => {
  it.each([1, 2])('computes the embeddings of batches of any size, with %s threads', async (threads) => {
    const model = network();
    const before = tf.memory().numTensors;
    const engine = await nodeOnnxEngine(model, { threads });
    expect(tf.memory().numTensors).toBe(before);
    for (const count of [1, 3, 8]) {
      const images = randomImages([count, 9, 8, 3], [-1, 1], count);
      const expected = model.predict(images) as tf.Tensor;
      // Batches are parts of larger buffers.
      const buffer = new Float32Array(7 + images.size);
      buffer.set(images.dataSync(), 7);
      const found = await engine.embed(buffer.subarray(7), [count, 9, 8, 3]);
      expect(found).toHaveLength(6 * count);
      expectClose(found, expected.dataSync() as Float32Array);
      tf.dispose([images, expected]);
    }
    expect(await engine.embed(new Float32Array(0), [0, 9, 8, 3])).toHaveLength(0);
    await engine.dispose();
  });

  it('keeps its results when it runs again, and its weights when those of the model change', async () => {
    const model = network();
    const engine = await onnxEngine(model, { runtime: ort as OnnxRuntime });
    const image = new Float32Array(216).fill(0.5);
    const first = await engine.embed(image, [1, 9, 8, 3]);
    const copy = first.slice();
    const [other, same] = await Promise.all([
      engine.embed(
        image.map((value) => -value),
        [1, 9, 8, 3],
      ),
      engine.embed(image, [1, 9, 8, 3]),
    ]);
    expect(first).toEqual(copy);
    expect(other).not.toEqual(copy);
    for (const weight of model.weights) weight.write(tf.zerosLike(weight.read()));
    expect(await engine.embed(image, [1, 9, 8, 3])).toEqual(same);
    await engine.dispose();
  });

  it('waits for running passes before it frees the session, once', async () => {
    let released = 0;
    const runtime = {
      Tensor: ort.Tensor,
      InferenceSession: {
        async create(bytes: Uint8Array) {
          const session = await ort.InferenceSession.create(bytes);
          return {
            run: (feeds: never) => session.run(feeds),
            release: async () => {
              released += 1;
              await session.release();
            },
          };
        },
      },
    } as unknown as OnnxRuntime;
    const engine = await onnxEngine(network(), { runtime });
    const running = engine.embed(new Float32Array(216), [1, 9, 8, 3]);
    await Promise.all([engine.dispose(), engine.dispose()]);
    expect(await running).toHaveLength(6);
    expect(released).toBe(1);
    await expect(engine.embed(new Float32Array(216), [1, 9, 8, 3])).rejects.toThrow(ConfigError);
  });

  it('refuses images of another shape', async () => {
    const engine = await nodeOnnxEngine(network());
    await expect(engine.embed(new Float32Array(216), [1, 8, 9, 3])).rejects.toThrow(ShapeError);
    await expect(engine.embed(new Float32Array(215), [1, 9, 8, 3])).rejects.toThrow(
      'The network takes images [count, 9, 8, 3], but got 215 values in the shape [1, 9, 8, 3].',
    );
    await engine.dispose();
  });

  it('refuses a network that cannot be exported, and reports one that onnxruntime refuses', async () => {
    const unsupported = chain([8, 8, 1], layers.upSampling2d({}), layers.flatten());
    await expect(nodeOnnxEngine(unsupported)).rejects.toThrow(UnsupportedLayerError);
    const runtime = {
      ...(ort as unknown as OnnxRuntime),
      InferenceSession: { create: () => Promise.reject(new Error('no such operator')) },
    };
    const failed = onnxEngine(network(), { runtime });
    await expect(failed).rejects.toThrow(EngineError);
    await expect(failed).rejects.toThrow('onnxruntime cannot load the network: no such operator');
  });
});

describe('loadNodeRuntime', () => {
  it('knows the version', async () => {
    expect((await loadNodeRuntime()).version).toMatch(/^\d+\.\d+\.\d+/);
  });

  it('names the install command if the package is missing', async () => {
    const missing = loadNodeRuntime(() =>
      Promise.reject(new Error("Cannot find package 'onnxruntime-node'")),
    );
    await expect(missing).rejects.toThrow(ConfigError);
    await expect(missing).rejects.toThrow('npm install onnxruntime-node');
  });
});
