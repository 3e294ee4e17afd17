import { smallCnn } from '@openset/backbones';
import { Verifier } from '@openset/verify';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { type ImageSet, imagePixels, type LabelledImages } from '../image-set.ts';
import { embedInBatches } from './load-images.ts';
import { describePairs, PairWatch } from './measure.ts';

beforeAll(() => tf.setBackend('cpu'));

/** Images of two classes: bright at the top, or at the bottom, each with its own noise. */
function images(count: number): LabelledImages {
  const labels = Int32Array.from({ length: count }, (_, image) => image % 2);
  const pixels = Uint8Array.from({ length: count * imagePixels }, (_, place) => {
    const [image, pixel] = [Math.floor(place / imagePixels), place % imagePixels];
    return pixel < imagePixels / 2 === (labels[image] === 0) ? 200 : (pixel * (image + 3)) % 40;
  });
  return { pixels, labels };
}

it('describes cosines: shares of each kind, their ranges, and the right answers at the threshold', () => {
  const cosines = Float64Array.of(0.9, -1, 1.0000001, 0.5, 0.8, 0.31);
  const isSame = Uint8Array.of(1, 0, 1, 0, 1, 0);
  const { same, different, sameRange, differentRange, pairs, accuracy } = describePairs(cosines, isSame, 0.4);
  const places = (shares: readonly number[]) => shares.flatMap((share, bin) => (share > 0 ? [bin] : []));
  // Bins have a width of 1/40.
  expect(places(same)).toEqual([72, 76, 79]);
  expect(places(different)).toEqual([0, 52, 60]);
  expect(same.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
  expect([sameRange[1], differentRange]).toEqual([0.9, [-1, 0.31, 0.5]]);
  expect([pairs, accuracy]).toEqual([6, 5 / 6]);
  expect(describePairs(cosines, isSame, null).accuracy).toBeNull();
});

it('takes the threshold that the loss has learned between two images, and otherwise measures one', async () => {
  const backbone = smallCnn({ channels: 1, width: 2, embeddingSize: 8 });
  const verifier = new Verifier({ backbone, threshold: 0, flipSum: false });
  const set: ImageSet = {
    classNames: ['top', 'bottom'],
    train: images(4),
    held: images(12),
    test: images(10),
    unseen: null,
  };
  const watch = new PairWatch(set);
  const learned = await watch.measure(verifier, 7, { cosine: 0.25, between: 'embeddings' });
  expect(learned).toMatchObject({ step: 7, threshold: 0.25, source: 'learned', unseen: null });
  // The network keeps its weights for inference from the first pass on.
  const before = tf.memory().numTensors;
  const measured = await watch.measure(verifier, 8, { cosine: 0.25, between: 'embedding and class' });
  expect(measured.source).toBe('measured');
  expect(measured.threshold).not.toBe(0.25);
  // Half of the pairs are of each kind: at most 2 × 10 pairs of ten images, of which 20 are the same.
  expect(measured.trained.pairs).toBe(40);
  expect(measured.trained.accuracy).toBe(1);
  expect(tf.memory().numTensors).toBe(before);
  backbone.dispose();
});

it('embeds as many images as there are, whatever the size of a batch', async () => {
  const backbone = smallCnn({ channels: 1, width: 2, embeddingSize: 8 });
  const verifier = new Verifier({ backbone, threshold: 0, flipSum: false, batchSize: 64 });
  const all = await embedInBatches(verifier, images(65));
  const first = await embedInBatches(verifier, images(1));
  expect([all.length, first.length]).toEqual([65 * 8, 8]);
  first.forEach((value, axis) => {
    expect(all[axis]).toBeCloseTo(value, 5);
  });
  backbone.dispose();
});
