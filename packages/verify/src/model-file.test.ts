import { ConfigError, DataError, encodeState, pairThreshold } from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { linearBackbone, pixels } from './__fixtures__/linear-backbone.ts';
import { decodeModel, encodeModel, type ModelDescription } from './model-file.ts';
import { Verifier } from './verifier.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const description = {
  backbone: { backbone: 'linear' },
  threshold: 0.42,
  thresholdSource: 'held-out',
  question: { kind: 'pair', odds: 1 },
  thresholdInterval: { low: 0.4, high: 0.44 },
  learnedThreshold: { cosine: 0.6, between: 'embeddings', scale: 32, comparisons: 99 },
  calibration: { slope: -10, offset: 4 },
  flipSum: false,
} as const;

it('restores weights, threshold and calibration', async () => {
  const trained = linearBackbone(pixels.map((row) => row.map((value) => value * 2)));
  const state = trained.getState();
  const file = decodeModel(await encodeModel(description, state));
  expect(file.description).toEqual(description);
  const backbone = linearBackbone(pixels);
  backbone.setState(file.state);
  const verifier = new Verifier({ ...file.description, backbone });
  expect(verifier.threshold).toBe(0.42);
  expect(verifier.question).toEqual({ kind: 'pair', odds: 1 });
  expect(pairThreshold(file.description.learnedThreshold)).toBeCloseTo(0.6 - Math.log(99) / 32, 12);
  expect(Array.from(backbone.trainable[0]!.dataSync()).slice(0, 2)).toEqual([2, 0]);
  tf.dispose([state, file.state]);
});

it('takes the weights from the bytes of the file without a copy', async () => {
  const bytes = await encodeModel(description, {
    'conv1/kernel': tf.tensor([1, 2, 3]),
    steps: tf.tensor([4], [1], 'int32'),
  });
  const { state } = decodeModel(bytes);
  for (const weight of Object.values(state)) expect(weight.dataSync().buffer).toBe(bytes.buffer);
  expect(Object.values(state).map((weight) => [...weight.dataSync()])).toEqual([[1, 2, 3], [4]]);
  tf.dispose(state);
  // Bytes at an odd place in memory, as of a part of a larger file.
  const moved = new Uint8Array(bytes.length + 1).subarray(1);
  moved.set(bytes);
  const copied = decodeModel(moved).state;
  expect(Object.values(copied).map((weight) => [...weight.dataSync()])).toEqual([[1, 2, 3], [4]]);
  tf.dispose(copied);
});

it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
  'neither writes nor reads a weight that is %d',
  async (value) => {
    const state = { 'conv1/kernel': tf.zeros([3]), 'fc/bias': tf.tensor([1, value, 2, value]) };
    const message = "Weight 'fc/bias' has 2 of 4 values that are not finite";
    await expect(encodeModel(description, state)).rejects.toThrow(DataError);
    await expect(encodeModel(description, state)).rejects.toThrow(message);
    const written = await encodeState(state, {
      'openset.model': JSON.stringify({ version: 1, ...description }),
    });
    expect(() => decodeModel(written)).toThrow(DataError);
    expect(() => decodeModel(written)).toThrow(message);
  },
);

it('says why a file is not a model', async () => {
  const state = { weight: tf.ones([2]) };
  const foreign = await encodeState(state);
  expect(() => decodeModel(foreign)).toThrow("have no 'openset.model'");
  const newer = await encodeState(state, { 'openset.model': '{"version":2}' });
  expect(() => decodeModel(newer)).toThrow('update openset');
  const text = await encodeState(state, { 'openset.model': '{' });
  expect(() => decodeModel(text)).toThrow('not JSON');
  const empty = await encodeState(state, { 'openset.model': '{"version":1}' });
  expect(() => decodeModel(empty)).toThrow('lacks the backbone or the threshold');
  expect(() => decodeModel(new Uint8Array(3))).toThrow(DataError);
});

it('adds the question that the threshold of an older file implies', async () => {
  const state = { weight: tf.ones([2]) };
  const { question: _, learnedThreshold: __, ...older } = description;
  const decoded = async (changes: Partial<ModelDescription>) =>
    decodeModel(await encodeModel({ ...older, ...changes }, state)).description.question;
  expect(await decoded({ thresholdSource: 'calibrated' })).toEqual({ kind: 'pair', odds: 1 });
  const strict = { thresholdSource: 'calibrated', falseAcceptRate: 0.001 } as const;
  expect(await decoded(strict)).toEqual({ kind: 'far', rate: 0.001 });
  const loss = { loss: 'UssLoss', numClasses: 50 };
  expect(await decoded({ thresholdSource: 'learned', loss })).toEqual({ kind: 'pair', odds: 1 / 49 });
  expect(await decoded({ thresholdSource: 'learned' })).toBeNull();
});

it('neither writes nor reads a question out of range', async () => {
  const state = { weight: tf.ones([2]) };
  const damaged = { ...description, question: { kind: 'pair', odds: -1 } } as const;
  await expect(encodeModel(damaged, state)).rejects.toThrow(ConfigError);
  const written = await encodeState(state, { 'openset.model': JSON.stringify({ version: 1, ...damaged }) });
  expect(() => decodeModel(written)).toThrow(DataError);
  expect(() => decodeModel(written)).toThrow('above 0, but are -1');
});

it('reads thresholds for galleries, and rejects damaged ones', async () => {
  const state = { weight: tf.ones([2]) };
  const galleryThresholds = [{ people: 10, threshold: 0.6 }];
  const written = await encodeModel({ ...description, galleryThresholds }, state);
  expect(decodeModel(written).description.galleryThresholds).toEqual(galleryThresholds);
  const damaged = { version: 1, ...description, galleryThresholds: [{ people: 10, threshold: 6 }] };
  const bytes = await encodeState(state, { 'openset.model': JSON.stringify(damaged) });
  expect(() => decodeModel(bytes)).toThrow(DataError);
  expect(() => decodeModel(bytes)).toThrow('10 people must be from -1 to 1, but is 6');
});
