import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ShapeError } from '@openset/core';
import type { ImageSource } from '@openset/data';
import { Verifier } from '@openset/verify';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, expect, it } from 'vitest';
import '@tensorflow/tfjs-backend-cpu';
import { recordOutput } from '../__fixtures__/record-output.ts';
import { TinySplitBackbone } from '../__fixtures__/split-backbone.ts';
import type { ImageReading } from '../images/image-reading.ts';
import { embedImages } from '../model/embed-images.ts';
import { openFeatures } from './compute-features.ts';
import { embedFeatures } from './embed-features.ts';
import { FeatureBackbone, frozenFacts, withFrozenPart } from './split-network.ts';

const images: ImageSource = {
  size: 5,
  classNames: ['Ada'],
  labels: new Int32Array(5),
  origin: (index) => `${index}.png`,
  async get(index) {
    const bytes = Uint8Array.from({ length: 16 }, (_, at) => (17 * (at + 1) * (index + 1)) % 256);
    // Image 3 has too few pixels.
    return {
      bytes: index === 3 ? bytes.subarray(1) : bytes,
      raw: { height: 4, width: 4, channels: 1 },
      label: 0,
      origin: `${index}.png`,
    };
  },
  close: async () => {},
};

let backbone: TinySplitBackbone;
beforeEach(async () => {
  await tf.setBackend('cpu');
  backbone = new TinySplitBackbone();
});
afterEach(() => backbone.dispose());

it.each([true, false])('gives the embeddings of the images, with flipSum %s', async (flipSum) => {
  const reading = { onBadImage: 'skip' } as const;
  const output = recordOutput();
  const verifier = new Verifier({ backbone, flipSum, threshold: 0 });
  const expected = await embedImages(verifier, images, output, reading);
  const variants = flipSum ? 2 : 1;
  const { source } = await openFeatures(images, backbone, { reading, cache: 'off', variants, output });
  const found = await embedFeatures(new FeatureBackbone(backbone, variants), source, flipSum);
  expect([...found.indices]).toEqual([0, 1, 2, 4]);
  expect([...found.values]).toEqual([...expected.values]);
  expect(found.row(3)).toEqual(expected.row(3));
});

it('the features of a run are embedded in place of its images', async () => {
  const options = { reading: { onBadImage: 'skip' }, cache: 'off', variants: 2 } as const;
  const { source } = await openFeatures(images, backbone, { ...options, output: recordOutput() });
  const verifier = new Verifier({ backbone: new FeatureBackbone(backbone, 2), threshold: 0 });
  const found = await embedImages(verifier, source, recordOutput(), { onBadImage: 'skip' });
  const expected = await embedImages(new Verifier({ backbone, threshold: 0 }), images, recordOutput(), {
    ...options.reading,
    featureCache: 'off',
  });
  expect([...found.values]).toEqual([...expected.values]);
});

it('the trained part shares variables and state with the network', async () => {
  const part = new FeatureBackbone(backbone, 2);
  expect(part.trainable).toEqual([backbone.weight]);
  expect([part.name, part.embeddingSize, part.getConfig()]).toEqual([
    'tiny-split',
    3,
    { backbone: 'tiny-split' },
  ]);
  const { numTensors } = tf.memory();
  const values = tf.ones([2, 1, 2, 8]) as tf.Tensor4D;
  const embeddings = part.forward(values);
  expect(embeddings.shape).toEqual([2, 3]);
  tf.dispose([values, embeddings]);
  expect(tf.memory().numTensors).toBe(numTensors);
  const wrong = tf.ones([2, 1, 1, 7]) as tf.Tensor4D;
  expect(() => part.forward(wrong)).toThrow(ShapeError);
  wrong.dispose();
});

it('only a network with a frozen part has features to keep', () => {
  expect(withFrozenPart(backbone)).toBe(backbone);
  expect(withFrozenPart(new FeatureBackbone(backbone, 2))).toBeNull();
  const unfrozen = Object.assign(Object.create(backbone), { featureShape: [4, 4, 1] });
  expect(withFrozenPart(unfrozen)).toBeNull();
  const large = Object.assign(Object.create(backbone), { featureShape: [64, 64, 64] });
  expect(withFrozenPart(large)).toBeNull();
});

it('the facts of a frozen part change with its weights and options, not with the trained part', async () => {
  const facts = await frozenFacts(backbone);
  expect(facts).toMatchObject({ features: [8], backend: 'cpu' });
  backbone.weight.assign(tf.zeros([8, 3]));
  expect(await frozenFacts(backbone)).toEqual(facts);
  const other = new TinySplitBackbone({ factor: 1.5 });
  expect(await frozenFacts(other)).not.toEqual(facts);
  other.dispose();
  const configured = (config: object) =>
    frozenFacts(
      Object.assign(Object.create(backbone), { getConfig: () => ({ backbone: 'tiny-split', ...config }) }),
    );
  expect(await configured({ seed: 1, head: 3 })).toEqual(facts);
  expect(await configured({ output: 'pool' })).not.toEqual(facts);
});

it('commands take the features of a frozen network from the cache', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'openset-test-'));
  try {
    const verifier = new Verifier({ backbone, flipSum: true, threshold: 0 });
    const embed = (reading: ImageReading) => {
      return embedImages(verifier, images, recordOutput(), {
        onBadImage: 'skip',
        featureCache: folder,
        ...reading,
      });
    };
    const first = await embed({});
    expect(first.skipped.map(({ path }) => path)).toEqual(['3.png']);
    expect(backbone.computed).toBe(8);
    expect(await embed({})).toMatchObject({ values: first.values, indices: Int32Array.of(0, 1, 2, 4) });
    expect(backbone.computed).toBe(8);
    await embed({ featureCache: 'off' });
    expect(backbone.computed).toBe(16);
    await expect(embed({ onBadImage: 'stop' })).rejects.toThrow(/3.png/);
  } finally {
    await rm(folder, { recursive: true });
  }
});
