import { createBackbone } from '@openset/backbones';
import { beforeAll, describe, expect, it } from 'vitest';
import { lfw } from '../__fixtures__/lfw-circumstances.ts';
import { useBackend } from '../backends.ts';
import { chooseSettings } from './choose-settings.ts';
import { parseSettings } from './parse-settings.ts';
import { mergeSettings } from './read-settings.ts';
import { settingsSchema } from './settings.ts';

beforeAll(async () => {
  await useBackend('cpu');
});

const data = '/faces';

describe('without settings', () => {
  it('chooses a run of 20 minutes for LFW on two cores', () => {
    const config = chooseSettings({ data }, lfw);
    expect(config).toMatchObject({ minutes: 20, batchSize: 64, heldOut: 98, seed: 1, data: '/faces' });
    expect(config.maxImagesPerPerson).toBe(50);
    expect(config.network).toMatchObject({ backbone: 'lresnet-ir', inputSize: 56, channels: 1, width: 16 });
    expect(config.loss).toMatchObject({ loss: 'UniTSFaceLoss', scale: 32 });
    expect(config.augment).toEqual([{ kind: 'pad-crop', padding: 4 }, { kind: 'horizontal-flip' }]);
    expect(parseSettings(settingsSchema(), config, 'config')).toEqual(config);
  });

  it.each([
    [
      'a few small images',
      { imageCount: 20, personCount: 4, imagesOfPerson: [5, 5, 5, 5], side: 10 },
      { inputSize: 16, width: 8 },
      4,
      1,
    ],
    [
      'many images',
      { imageCount: 490_623, personCount: 10_572, imagesOfPerson: Array(10_572).fill(46) },
      { inputSize: 56, width: 16 },
      64,
      720,
    ],
    ['a GPU', { backend: 'node-gpu', side: 250 }, { inputSize: 112, width: 32 }, 128, 20],
    ['many cores', { backend: 'node', cores: 64 }, { inputSize: 112, width: 32 }, 128, 20],
    ['few cores', { backend: 'node', cores: 4 }, { inputSize: 56, width: 16 }, 64, 20],
  ] as const)('suits %s', (_, facts, network, batchSize, minutes) => {
    const config = chooseSettings({ data }, { ...lfw, ...facts });
    expect(config.network).toMatchObject(network);
    expect(config).toMatchObject({ batchSize, minutes });
    createBackbone({ ...config.network, width: 4, embeddingSize: 4 }).dispose();
  });

  it('trains a head on few people with a lower learning rate', () => {
    const network = { backbone: 'graph', source: 'faceres' } as const;
    const of = (personCount: number) => chooseSettings({ data, network }, { ...lfw, personCount });
    expect(of(982)).toMatchObject({ network: { head: 512 }, steps: 300 });
    const rates = [10, 100, 200, 400, 10_000].map((personCount) => of(personCount).schedule.learningRate);
    expect(rates).toEqual([0.005, 0.0063, 0.025, 0.1, 0.1]);
    const small = { backbone: 'graph', source: 'face-api' } as const;
    expect(chooseSettings({ data, network: small }, lfw).network).toMatchObject({ head: 128 });
  });

  it('uses the scale and margin of the papers for as many people', () => {
    const { loss } = chooseSettings({ data }, { ...lfw, personCount: 10_572 });
    expect(loss).toMatchObject({ scale: 64, classLoss: { margin: 0.4 } });
  });
});

describe('with settings', () => {
  it('keeps each given entry', () => {
    const given = {
      data,
      epochs: 3,
      batchSize: 5,
      clipNorm: null,
      network: { backbone: 'small-cnn' } as const,
    };
    const config = chooseSettings(given, lfw);
    expect(config).toMatchObject({ epochs: 3, batchSize: 5, clipNorm: null });
    expect(config.network).toEqual({ backbone: 'small-cnn', inputSize: 56, channels: 1 });
    expect(config.minutes).toBeUndefined();
  });

  it('holds out people by the number that have two images or more', () => {
    const of = (...imagesOfPerson: number[]) => chooseSettings({ data }, { ...lfw, imagesOfPerson }).heldOut;
    expect(of(3, 3, 3, 3)).toBe(2);
    expect(of(...Array(40).fill(2), ...Array(500).fill(1))).toBe(20);
    expect(chooseSettings({ data, heldOut: 0.2 }, lfw).heldOut).toBe(0.2);
  });

  it('chooses a batch that an epoch fills if each person has at most the maximum', () => {
    const facts = { ...lfw, imageCount: 4000, personCount: 4, imagesOfPerson: Array(4).fill(1000) };
    // 200 images in an epoch.
    expect(chooseSettings({ data }, facts).batchSize).toBe(16);
    expect(chooseSettings({ data, maxImagesPerPerson: null }, facts).batchSize).toBe(64);
  });

  it('holds nobody out if there are pairs', () => {
    expect(chooseSettings({ data, pairs: 'lfw.bin' }, lfw).heldOut).toBe(0);
  });

  it('overrides earlier layers by later ones, and one length by another', () => {
    const merged = mergeSettings({ epochs: 28, seed: 1 }, { minutes: 5, clipNorm: null }, { seed: 2 });
    expect(merged).toEqual({ minutes: 5, clipNorm: null, seed: 2 });
    expect(mergeSettings({ steps: 3 }, { epochs: undefined })).toEqual({ steps: 3 });
  });

  it('keeps settings that were chosen before', () => {
    const config = chooseSettings({ data }, lfw);
    expect(chooseSettings(config, { ...lfw, backend: 'cpu', side: 30 })).toEqual({
      ...config,
      backend: 'cpu',
    });
  });
});
