import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { useBackend } from '../backends.ts';
import { makeLoss } from '../training/make-loss.ts';
import { lossFor, lossWords, withoutStartEpoch, withStartEpoch } from './loss-words.ts';
import { parseSettings } from './parse-settings.ts';
import { presetNames, presets } from './presets.ts';
import { type Settings, settingsSchema } from './settings.ts';

beforeAll(async () => {
  await useBackend('cpu');
});

it.each(presetNames)('%s is a valid configuration with a loss that can be made', (name) => {
  expect(parseSettings(settingsSchema(), presets[name], name)).toEqual(presets[name]);
  const loss = makeLoss(presets[name].loss, { numClasses: 20, embeddingSize: 4, seed: 1 });
  expect(loss.name).toBe(presets[name].loss.loss);
  loss.dispose();
});

// The papers: section 0.2 of the recipe all three share, and UniFace's supplement.
const images = (name: keyof typeof presets) => presets[name].batchSize * presets[name].accumulate;

it('has the numbers of the papers', () => {
  for (const name of presetNames) {
    const settings: Settings = presets[name];
    expect(settings.network).toMatchObject({ inputSize: 112, channels: 3, embeddingSize: 512, dropout: 0.4 });
    expect(settings.optimizer).toEqual({ kind: 'sgd', momentum: 0.9, weightDecay: 5e-4 });
    expect(settings.augment).toEqual([{ kind: 'horizontal-flip', probability: 0.5 }]);
    expect(settings.loss).toMatchObject({ scale: 64 });
    // Global norm 10 in the code of UniFace and UniTSFace, none in that of EPL.
    expect(settings.clipNorm, name).toBe(name.endsWith('-epl') ? null : 10);
    expect(settings.heldOut).toBe(0);
  }
  const casia = presets['r50-casia-unitsface'];
  expect(casia).toMatchObject({ epochs: 28, batchSize: 128, accumulate: 4, network: { depth: 50 } });
  expect(casia.schedule).toMatchObject({ kind: 'multi-step', learningRate: 0.1, milestones: [16, 24] });
  expect(presets['r50-casia-epl']).toMatchObject({ batchSize: 512, accumulate: 1 });
  expect(['r50-wf4m-epl', 'r100-glint-uniface'].map((name) => images(name as 'r50-wf4m-epl'))).toEqual([
    1024, 1024,
  ]);
  expect(images('r200-wf42m-unitsface')).toBe(4096);
  expect(presets['r200-wf42m-unitsface']).toMatchObject({
    epochs: 20,
    network: { depth: 200 },
    // One epoch of 20, up to 0.4.
    schedule: { kind: 'polynomial', power: 2, learningRate: 0.4, warmup: 1 / 20 },
  });
});

it('has the options of the papers', () => {
  expect(presets['r50-casia-uniface'].loss).toMatchObject({ margin: 0.45, negativeSampleRate: 0.5 });
  expect(presets['r50-wf4m-uniface'].loss).toMatchObject({ margin: 0.4, negativeSampleRate: 0.4 });
  expect(presets['r100-glint-uniface'].loss).toMatchObject({ margin: 0.4, negativeWeight: 0.7 });
  expect(presets['r50-casia-epl'].loss).toMatchObject({ margin: 0.4, empiricalMargin: 0.7, startEpoch: 4 });
  expect(presets['r50-casia-unitsface'].loss).toMatchObject({
    margin: 0.1,
    startEpoch: 2,
    combination: 'sum',
    classLoss: { loss: 'CosFaceLoss', margin: 0.4, scale: 64 },
  });
});

it.each(lossWords)('--loss %s makes a loss, weak for few people and the papers’ for many', (word) => {
  const before = tf.memory().numTensors;
  for (const people of [10, 10_000]) {
    const settings = lossFor(word, people);
    expect(parseSettings(settingsSchema(), { loss: settings }, word)).toEqual({ loss: settings });
    expect(settings.scale).toBe(people === 10 ? 32 : 64);
    makeLoss(settings, { numClasses: 3, embeddingSize: 4, seed: 1 }).dispose();
  }
  expect(tf.memory().numTensors).toBe(before);
});

it('starts second parts early in runs that are too short for the papers’ epoch', () => {
  const epochs = (word: 'unitsface' | 'epl', length: number) =>
    (withStartEpoch(lossFor(word, 10), length) as { startEpoch?: number }).startEpoch;
  expect([1.5, 4, 30].map((length) => epochs('unitsface', length))).toEqual([1, 2, 2]);
  expect([1, 8, 30].map((length) => epochs('epl', length))).toEqual([1, 2, 4]);
  const given = { ...lossFor('epl', 10), startEpoch: 7 } as Parameters<typeof withStartEpoch>[0];
  expect(withStartEpoch(given, 1)).toEqual(given);
  expect(withoutStartEpoch(given)).toMatchObject({ startEpoch: 1 });
  const other = lossFor('cosface', 10);
  expect(withoutStartEpoch(other)).toBe(other);
  expect(withStartEpoch(other, 1)).toBe(other);
});
