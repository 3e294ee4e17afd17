import { describe, expect, it } from 'vitest';
import { plainSource } from '../__fixtures__/plain-source.ts';
import { differentPairs } from './different-pairs.ts';
import { sampleBalancedPairs, samplePairSet, shareImages, toPairSet } from './pair-set.ts';

describe('samplePairSet', () => {
  it('has as many pairs of each kind as the rarer kind, and only their images', async () => {
    // There is one pair of the same person. Images 3, 4 and 5 are only in pairs of different people.
    const source = plainSource([0, 0, 1, 2, 3, 4]);
    const { images, pairs, isSame, folds } = samplePairSet(source, { maximum: 100, seed: 3, name: 'faces' });
    expect([...isSame]).toEqual([1, 0]);
    expect(folds).toBeNull();
    expect(images.size).toBeLessThanOrEqual(4);
    const labels = await Promise.all([...pairs].map(async (row) => (await images.get(row)).label));
    expect(labels[0]).toBe(labels[1]);
    expect(labels[2]).not.toBe(labels[3]);
  });

  it('samples at most the maximum number of pairs', () => {
    const labels = Array.from({ length: 60 }, (_, row) => row % 6);
    expect(sampleBalancedPairs(labels, { maximum: 7, seed: 1, name: 'faces' }).isSame).toHaveLength(14);
  });

  it.each([
    [[0, 0, 0], "'faces' has images of one person only, so there are no pairs of different people."],
    [[0, 1, 2], "'faces' has one image of each person, so there are no pairs of the same person."],
  ])('rejects labels %j', (labels, message) => {
    expect(() => sampleBalancedPairs(labels, { maximum: 9, seed: 1, name: 'faces' })).toThrow(message);
  });
});

it('shares the images that occur in several pairs', async () => {
  const source = plainSource([7, 8, 7, 9, 8, 7]);
  const set = {
    images: source,
    pairs: Uint32Array.of(0, 1, 2, 3, 4, 5),
    isSame: Uint8Array.of(0, 1, 0),
    folds: null,
  };
  const { images, pairs, files } = shareImages({ ...set, files: ['a', 'b', 'a', 'c', 'b', 'a'] });
  expect(files).toEqual(['a', 'b', 'c']);
  expect([...pairs]).toEqual([0, 1, 0, 2, 1, 0]);
  expect(await Promise.all([0, 1, 2].map(async (row) => (await images.get(row)).label))).toEqual([7, 8, 9]);
});

it('rejects a verification set without pairs of one kind', () => {
  const set = {
    size: 2,
    isSame: Uint8Array.of(1, 1),
    folds: null,
    image: () => Promise.reject(new Error('unused')),
    close: async () => {},
  };
  expect(() => toPairSet(set, 'lfw.bin')).toThrow(
    "'lfw.bin' has 2 pairs of the same person and 0 of different people, but needs both.",
  );
  const { pairs, images } = toPairSet({ ...set, isSame: Uint8Array.of(1, 0) }, 'lfw.bin');
  expect([[...pairs], images.size]).toEqual([[0, 1, 2, 3], 4]);
});

describe('differentPairs', () => {
  it('lists all pairs of different people of a small set', () => {
    expect([...differentPairs(Int32Array.of(0, 0, 1, 2))]).toEqual([0, 2, 0, 3, 1, 2, 1, 3, 2, 3]);
  });

  it('samples a million pairs of a large set, none of the same person', () => {
    const labels = Int32Array.from({ length: 2000 }, (_, row) => row % 3);
    const pairs = differentPairs(labels);
    expect(pairs).toHaveLength(2_000_000);
    let same = 0;
    for (let index = 0; index < pairs.length; index += 2) {
      if (labels[pairs[index]!] === labels[pairs[index + 1]!]) same++;
    }
    expect(same).toBe(0);
  });
});
