// @isolate: it starts wasm with a number of threads.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError, encodeState } from '@openset/core';
import type { ImageSource } from '@openset/data';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startWasm } from '../backend.ts';
import { faceNetwork, type Recipe } from '../lfw/train-once.ts';
import type { FaceImages } from './face-set.ts';
import { fineTune, fineTuningRecipe } from './fine-tune.ts';
import { trainFromNothing, weightsPath } from './networks.ts';

const side = 16;
const recipe: Recipe = {
  steps: 4,
  batchSize: 8,
  learningRate: 0.05,
  weightDecay: 5e-4,
  scale: 16,
  width: 4,
  blocks: [1, 1],
  embeddingSize: 8,
  dropout: 0,
};
const settings = { inputSize: side, recipe: fineTuningRecipe(recipe), threads: 1 };
let folder: string;

beforeAll(async () => {
  await startWasm(1);
  folder = await mkdtemp(join(tmpdir(), 'openset-fine-tune-'));
});

afterAll(() => rm(folder, { recursive: true }));

/** Returns grey images in memory; the pattern depends on the person, the brightness on the image. */
function people(first: number, count: number, images: number): ImageSource {
  const labels = Int32Array.from({ length: count * images }, (_, row) => Math.floor(row / images));
  return {
    size: labels.length,
    classNames: Array.from({ length: count }, (_, person) => `person ${person}`),
    labels,
    get: async (row) => {
      const person = first + labels[row]!;
      const bytes = Uint8Array.from(
        { length: side * side },
        (_, pixel) => (pixel * (2 * person + 3) + 11 * row) % 256,
      );
      return {
        bytes,
        label: labels[row]!,
        origin: `image ${row}`,
        raw: { height: side, width: side, channels: 1 },
      };
    },
    close: async () => {},
  };
}

function exampleFaces(): FaceImages {
  const [train, others] = [people(0, 6, 4), people(6, 2, 3)];
  return {
    train,
    others,
    labels: Int32Array.from([...train.labels, ...Array.from(others.labels, (label) => 6 + label)]),
    trainPeople: 6,
    // Images 24 to 26 are of one person, 27 to 29 of another.
    pairs: Uint32Array.of(24, 25, 27, 28, 24, 27, 25, 28),
    isSame: Uint8Array.of(1, 1, 0, 0),
  };
}

async function saveRandomNetwork(path: string, seed: number, changes: Partial<Recipe> = {}): Promise<void> {
  const backbone = faceNetwork({ inputSize: side }, seed, { ...recipe, ...changes });
  const state = backbone.getState();
  await writeFile(path, await encodeState(state));
  tf.dispose(state);
  backbone.dispose();
}

it('says how to get the weights if they are missing', async () => {
  const { numTensors } = tf.memory();
  const tuning = fineTune(exampleFaces(), 'USS', 1, { ...settings, folder: join(folder, 'none') });
  await expect(tuning).rejects.toThrow(ConfigError);
  await expect(tuning).rejects.toThrow(
    'strangers-network-cosface.safetensors is missing: the weights that fine-tuning starts from. Run --stages networks',
  );
  expect(tf.memory().numTensors).toBe(numTensors);
});

it('continues the network that training from nothing has stored, without a leak', async () => {
  const { numTensors } = tf.memory();
  const nothing = await trainFromNothing(exampleFaces(), 'CosFace', 1, { ...settings, recipe, folder });
  const tuned = await fineTune(exampleFaces(), 'USS', 1, { ...settings, folder });
  expect(tf.memory().numTensors).toBe(numTensors);
  expect(nothing).toMatchObject({ start: 'nothing', loss: 'CosFace', people: 6, heldOut: 2 });
  expect(tuned).toMatchObject({ start: 'fine-tuned', loss: 'USS', people: 6, heldOut: 2 });
  expect([nothing.training!.steps, tuned.training!.steps]).toEqual([4, 1]);

  // One small step barely changes the network; another start is another network.
  const again = await fineTune(exampleFaces(), 'USS', 1, { ...settings, folder });
  expect(again.best).toEqual(tuned.best);
  await saveRandomNetwork(weightsPath(folder, 'CosFace'), 7);
  const other = await fineTune(exampleFaces(), 'USS', 1, { ...settings, folder });
  expect(Math.abs(other.best.threshold - tuned.best.threshold)).toBeGreaterThan(0.001);
});

it('refuses the weights of another network, and frees its own', async () => {
  await saveRandomNetwork(weightsPath(folder, 'CosFace'), 1, { width: 8 });
  const { numTensors } = tf.memory();
  await expect(fineTune(exampleFaces(), 'USS', 1, { ...settings, folder })).rejects.toThrow(
    "'conv1.weight' must be float32 [3, 3, 1, 4], but is float32 [3, 3, 1, 8]",
  );
  expect(tf.memory().numTensors).toBe(numTensors);
});

it('trains for a quarter of the steps at a small rate, with weight decay towards the start', () => {
  expect(fineTuningRecipe({ ...recipe, steps: 5000 })).toEqual({
    ...recipe,
    steps: 1250,
    learningRate: 0.001,
    weightDecay: 0.01,
    weightDecayTowards: 'start',
  });
  expect(fineTuningRecipe({ ...recipe, steps: 1 }).steps).toBe(1);
});
