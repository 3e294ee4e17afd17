import { smallCnn } from '@openset/backbones';
import { type Backbone, ConfigError, type EmbeddingEngine, EngineError } from '@openset/core';
import { nodeOnnxEngine } from '@openset/onnx/node';
import { GraphBackbone, graphBackbone } from '@openset/pretrained';
import { backboneEngine, requireSameEmbeddings } from '@openset/verify';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { tinyGraph } from '../../../pretrained/src/__fixtures__/tiny-graph.ts';
import { recordOutput } from '../__fixtures__/record-output.ts';
import { useBackend } from '../backends.ts';
import { fewestImages as fewest } from './engine-names.ts';
import { openEngine } from './open-engine.ts';
import { SplitEngine } from './split-engine.ts';

beforeAll(() => useBackend('cpu'));

const running = { name: 'cpu', threads: 1, notes: [] } as const;
const network = () => smallCnn({ width: 4, inputSize: 16, embeddingSize: 8, channels: 3 });
const noted = { name: 'onnxruntime', version: expect.stringMatching(/^\d+\.\d+/), threads: 1 };

/** Opens an engine, and disposes of it. */
async function facts(
  request: { onnxruntime: boolean | 'auto'; images: number },
  open?: Parameters<typeof openEngine>[2],
) {
  const backbone = network();
  const output = recordOutput();
  try {
    const opened = await openEngine(backbone, { ...request, running, output }, open);
    await opened.engine?.dispose();
    return { facts: opened.facts, lines: output.lines };
  } finally {
    backbone.dispose();
  }
}

it('uses onnxruntime for many images, and notes it', async () => {
  const chosen = await facts({ onnxruntime: 'auto', images: fewest });
  expect(chosen.facts).toEqual(noted);
  expect(chosen.lines).toEqual([expect.stringMatching(/^engine: onnxruntime \d+\.\d+\.\d+, 1 thread$/)]);
});

it('uses the backend for few images, and if it is asked for, without a word', async () => {
  const backend = { facts: { name: 'cpu', version: null, threads: 1 }, lines: [] };
  expect(await facts({ onnxruntime: 'auto', images: fewest - 1 })).toEqual(backend);
  expect(await facts({ onnxruntime: false, images: 1e6 })).toEqual(backend);
  expect((await facts({ onnxruntime: true, images: 1 })).facts).toEqual(noted);
});

it('refuses a wrong engine that is asked for, and passes over it with the numbers otherwise', async () => {
  let disposed = 0;
  const open = async (backbone: Backbone) => {
    const own = backboneEngine(backbone);
    const wrong: EmbeddingEngine = {
      name: 'onnxruntime',
      embed: async (images, shape) => (await own.embed(images, shape)).map((value, at) => value + at / 100),
      dispose: async () => void disposed++,
    };
    await requireSameEmbeddings(wrong, own, backbone.inputShape).finally(() => wrong.dispose());
    return { engine: wrong, facts: { name: 'onnxruntime', version: '1', threads: 1 } };
  };
  await expect(facts({ onnxruntime: true, images: 2 }, open)).rejects.toThrow(EngineError);
  const passed = await facts({ onnxruntime: 'auto', images: 1e6 }, open);
  expect(passed.facts).toEqual({ name: 'cpu', version: null, threads: 1 });
  expect(passed.lines).toEqual([
    expect.stringMatching(
      /^engine: onnxruntime is not used\. .*the cosine is 0\.\d+ and the largest difference 0\.\d+/,
    ),
  ]);
  expect(disposed).toBe(2);
});

it('names what is missing if onnxruntime is asked for', async () => {
  const open = () => Promise.reject(new ConfigError('npm install onnxruntime-node'));
  await expect(facts({ onnxruntime: true, images: 2 }, open)).rejects.toThrow('npm install onnxruntime-node');
  const bug = () => Promise.reject(new TypeError('a bug'));
  await expect(facts({ onnxruntime: 'auto', images: 1e6 }, bug)).rejects.toThrow('a bug');
});

it('leaves no tensors, and runs a head on the backend', async () => {
  const before = tf.memory().numTensors;
  const backbone = graphBackbone(tinyGraph(), { output: 'embedding', head: 7 });
  expect(backbone).toBeInstanceOf(GraphBackbone);
  const output = recordOutput();
  const { engine } = await openEngine(backbone, { onnxruntime: true, running, images: 1, output });
  expect(engine).toBeInstanceOf(SplitEngine);
  const images = new Float32Array(72).map((_, index) => Math.sin(index));
  const expected = await backboneEngine(backbone).embed(images, [2, 6, 6, 1]);
  const whole = await nodeOnnxEngine(backbone);
  for (const each of [engine!, whole]) {
    const found = await each.embed(images, [2, 6, 6, 1]);
    expect(found).toHaveLength(14);
    for (const [at, value] of expected.entries()) expect(found[at]).toBeCloseTo(value, 5);
    await each.dispose();
  }
  backbone.dispose();
  expect(tf.memory().numTensors).toBe(before);
});
