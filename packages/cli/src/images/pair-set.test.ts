import { describe, expect, it } from 'vitest';
import { plainSource } from '../__fixtures__/plain-source.ts';
import { differentPairs } from './different-pairs.ts';
import { balancedPairs, pairsOfVerificationSet, sampledPairs } from './pair-set.ts';

describe('sampledPairs', () => {
  it('has as many pairs of each kind as there are of the rarer one, and only their images', async () => {
    // One pair of the same person; the images 3, 4 and 5 occur in pairs of different people at most.
    const source = plainSource([0, 0, 1, 2, 3, 4]);
    const { images, pairs, isSame, folds } = sampledPairs(source, { most: 100, seed: 3, name: 'faces' });
    expect([...isSame]).toEqual([1, 0]);
    expect(folds).toBeNull();
    expect(images.size).toBeLessThanOrEqual(4);
    const labels = await Promise.all([...pairs].map(async (row) => (await images.get(row)).label));
    expect(labels[0]).toBe(labels[1]);
    expect(labels[2]).not.toBe(labels[3]);
  });

  it('takes no more pairs than asked for', () => {
    const labels = Array.from({ length: 60 }, (_, row) => row % 6);
    expect(balancedPairs(labels, { most: 7, seed: 1, name: 'faces' }).isSame).toHaveLength(14);
  });

  it.each([
    [[0, 0, 0], "'faces' has images of one person alone: there are no pairs of two people."],
    [[0, 1, 2], "'faces' has one image of each person: there are no pairs of the same person."],
  ])('refuses labels %j', (labels, message) => {
    expect(() => balancedPairs(labels, { most: 9, seed: 1, name: 'faces' })).toThrow(message);
  });
});

it('a verification set without pairs of one kind is refused', () => {
  const set = {
    size: 2,
    isSame: Uint8Array.of(1, 1),
    folds: null,
    image: () => Promise.reject(new Error('not asked for')),
    close: async () => {},
  };
  expect(() => pairsOfVerificationSet(set, 'lfw.bin')).toThrow(
    "'lfw.bin' has 2 pairs of one person and 0 of two",
  );
  const { pairs, images } = pairsOfVerificationSet({ ...set, isSame: Uint8Array.of(1, 0) }, 'lfw.bin');
  expect([[...pairs], images.size]).toEqual([[0, 1, 2, 3], 4]);
});

describe('differentPairs', () => {
  it('lists all pairs of different people of a small set', () => {
    expect([...differentPairs(Int32Array.of(0, 0, 1, 2))]).toEqual([0, 2, 0, 3, 1, 2, 1, 3, 2, 3]);
  });

  it('draws a million from a large set, none of the same person', () => {
    const labels = Int32Array.from({ length: 2000 }, (_, row) => row % 3);
    const pairs = differentPairs(labels);
    expect(pairs).toHaveLength(2_000_000);
    let same = 0;
    for (let place = 0; place < pairs.length; place += 2) {
      if (labels[pairs[place]!] === labels[pairs[place + 1]!]) same++;
    }
    expect(same).toBe(0);
  });
});
