import { DataError, encodeState } from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { linearBackbone, pixels } from './__fixtures__/linear-backbone.ts';
import { decodeModel, encodeModel } from './model-file.ts';
import { Verifier } from './verifier.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const description = {
  backbone: { backbone: 'linear' },
  threshold: 0.42,
  thresholdSource: 'learned',
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
  expect(Array.from(backbone.trainable[0]!.dataSync()).slice(0, 2)).toEqual([2, 0]);
  tf.dispose([state, file.state]);
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
