// @isolate: it starts wasm with a number of threads.
import { readThreshold } from '@openset/core';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, it } from 'vitest';
import { losses as descriptors } from '../../../../packages/cli/src/losses.ts';
import { startWasm } from '../backend.ts';
import { createFromConfig, startingAtOnce, startingFor, studiedLosses } from './losses.ts';

const sizes = { numClasses: 6, embeddingSize: 8, seed: 1 };

beforeAll(() => startWasm(1));

it('has every word of the command, and each name once', () => {
  const names = studiedLosses.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(descriptors.flatMap(({ words }) => Object.keys(words))));
  expect(new Set(names).size).toBe(names.length);
});

it('uses the class of every descriptor', () => {
  const used = JSON.stringify(studiedLosses.map(({ config }) => config(1000)));
  for (const { name } of descriptors) expect(used).toContain(`"${name}"`);
});

it('changes the base of EPL, the class loss of UniTSFace and the start of VPL', () => {
  const config = (name: string) => studiedLosses.find((loss) => loss.name === name)!.config(1000);
  expect(config('epl-arcface')).toEqual({ loss: 'EplLoss', base: 'arcface', scale: 32, margin: 0.3 });
  expect(config('unitsface-adaface')).toMatchObject({
    loss: 'UniTSFaceLoss',
    margin: 0.1,
    classLoss: { loss: 'AdaFaceLoss', margin: 0.2 },
  });
  expect(config('vpl')).toMatchObject({ loss: 'VplLoss', startIteration: 100, maximumAge: 100 });
});

it('starts EPL and UniTSFace as the command does', () => {
  const startOf = (name: string, epochs: number) =>
    startingFor(studiedLosses.find((loss) => loss.name === name)!.config(1000), epochs).startEpoch;
  expect([20, 9.8, 5.7].map((epochs) => startOf('epl', epochs))).toEqual([4, 2, 1]);
  expect([20, 5.7, 3].map((epochs) => startOf('unitsface-adaface', epochs))).toEqual([2, 2, 1]);
  expect(startOf('cosface', 20)).toBeUndefined();
});

it.each(studiedLosses)('starts $name at once to time it, and late to train with it', async (studied) => {
  const embeddings = tf.randomNormal<tf.Rank.R2>([12, 8], 0, 1, 'float32', 1);
  const labels = tf.tensor1d([0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5], 'int32');
  const config = studied.config(6);
  const started = createFromConfig(startingAtOnce(config), sizes);
  const loss = createFromConfig(config, sizes);
  const { startEpoch, startIteration } = started.getConfig();
  const late = loss.getConfig();
  for (const [start, own] of [
    [startEpoch, late.startEpoch],
    [startIteration, late.startIteration],
  ]) {
    if (start !== undefined) expect(start).not.toBe(own);
  }
  for (const one of [started, loss]) {
    const step = one.forward(embeddings, labels, { epoch: 0 });
    // The memory of samples is empty, so losses of samples alone are 0.
    const isOfSamples = /^(uss|sample)/.test(studied.name);
    const [value] = await step.loss.data();
    if (isOfSamples) expect(value).toBe(0);
    else expect(value).toBeGreaterThan(0);
    step.dispose();
    const learned = await readThreshold(one);
    if (learned) expect(Number.isFinite(learned.cosine)).toBe(true);
    one.dispose();
  }
  tf.dispose([embeddings, labels]);
});
