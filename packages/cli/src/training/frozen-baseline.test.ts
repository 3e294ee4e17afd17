import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, expect, it } from 'vitest';
import '@tensorflow/tfjs-backend-cpu';
import { TinySplitBackbone } from '../__fixtures__/split-backbone.ts';
import type { PairMeasurements } from '../evaluation/measure-pairs.ts';
import { featureSource } from '../features/feature-source.ts';
import { baselineText, measureFrozen } from './frozen-baseline.ts';

let split: TinySplitBackbone;
beforeEach(async () => {
  await tf.setBackend('cpu');
  split = new TinySplitBackbone();
});
afterEach(() => split.dispose());

/** Pairs of four images; the features of image i point to axis `axes[i]`, those of its mirror image to axis 7. */
function pairsOf(axes: readonly number[]) {
  const images = {
    size: 4,
    classNames: ['Ada', 'Bob'],
    labels: Int32Array.of(0, 0, 1, 1),
    origin: (index: number) => `${index}.png`,
  };
  const read = async (index: number, target: Float32Array) => {
    target.fill(0);
    target[axes[index]!] = 3 + index;
    target[8 + 7] = 1;
  };
  const source = featureSource(images, { read }, { featureSize: 8, variants: 2 }, [], async () => {});
  return {
    images: source,
    pairs: Uint32Array.of(0, 1, 2, 3, 0, 2, 1, 3),
    isSame: Uint8Array.of(1, 1, 0, 0),
    folds: null,
  };
}

it('measures the features of images as embeddings', async () => {
  expect(await measureFrozen(pairsOf([0, 0, 1, 1]), split)).toEqual({ network: 'tiny-split', accuracy: 1 });
  // Image 1 looks like the other person: one pair of each kind is wrong at any threshold.
  expect(await measureFrozen(pairsOf([0, 1, 1, 1]), split)).toMatchObject({ accuracy: 0.5 });
});

it('measures no maps', async () => {
  const map = Object.assign(Object.create(split), { featureShape: [2, 2, 2] });
  expect(await measureFrozen(pairsOf([0, 0, 1, 1]), map)).toBeNull();
});

it('warns if the head is no better than the network alone', () => {
  const measured = (accuracy: number) => ({ best: { accuracy, threshold: 0.3 } }) as PairMeasurements;
  expect(baselineText({ network: 'faceres', accuracy: 0.957 }, measured(0.966))).toBe(
    'frozen network     95.7 % at best without the head (faceres)',
  );
  expect(baselineText({ network: 'faceres', accuracy: 0.957 }, measured(0.926)).split('\n')[1]).toBe(
    'warning            the head is no better than faceres alone, 92.6 % at best: train with more people or fewer steps, or use ' +
      '--model faceres',
  );
});
