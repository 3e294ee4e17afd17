import { describe, expect, it } from 'vitest';
import { arraySource } from '../loading/__fixtures__/array-source.ts';
import { holdOutClasses } from './hold-out-classes.ts';
import { subsetSource } from './subset-source.ts';

/** 20 people with three pictures each, and one with a single picture. */
const labels = [...Array.from({ length: 60 }, (_, row) => Math.floor(row / 3)), 20];

const plainSource = (own: readonly number[]) =>
  arraySource(own.length, { labels: own, numClasses: Math.max(...own) + 1 });

describe('holdOutClasses', () => {
  it('cuts a set by people, and numbers the classes of both parts anew', async () => {
    const source = plainSource(labels);
    const { train, held } = holdOutClasses(source, 'faces', { share: 0.2, seed: 1 });
    // 0.2 of 21, rounded.
    expect(held?.classNames).toHaveLength(4);
    expect(train.classNames).toHaveLength(17);
    expect(train.classNames).toContain('class 20');
    expect([...train.classNames, ...(held?.classNames ?? [])].sort()).toEqual([...source.classNames].sort());
    expect(train.size + (held?.size ?? 0)).toBe(61);
    for (const part of [train, held!]) {
      expect(new Set(part.labels)).toEqual(new Set(part.classNames.keys()));
      const { bytes, label } = await part.get(part.size - 1);
      expect(part.classNames[label]).toBe(`class ${labels[bytes[0]!]}`);
    }
  });

  it('takes the same people for the same seed, others for another, and at least two', () => {
    const names = (seed: number) =>
      holdOutClasses(plainSource(labels), 'faces', { share: 0.01, seed }).held?.classNames;
    expect(names(1)).toHaveLength(2);
    expect(names(1)).toEqual(names(1));
    expect([2, 3, 4].some((seed) => names(seed)?.join() !== names(1)?.join())).toBe(true);
  });

  it('leaves two people to learn from, and may hold nobody out', () => {
    const small = holdOutClasses(plainSource([0, 0, 1, 1, 2, 2, 3, 3]), 'faces', { share: 0.9, seed: 1 });
    expect([small.train.classNames.length, small.held?.classNames.length]).toEqual([2, 2]);
    const all = holdOutClasses(plainSource([0, 1]), 'faces', { share: 0, seed: 1 });
    expect([all.train.size, all.held]).toEqual([2, null]);
  });

  it.each([
    [[0, 0, 0], 0.1, "'faces' has pictures of one person alone"],
    [[0, 0], 0, "'faces' has pictures of one person alone"],
    [[0, 0, 1, 1, 2, 2], 0.1, "'faces' has pictures of 3 people, two or more pictures of 3 of them."],
    [[0, 1, 2, 3, 4, 4], 0.1, "'faces' has pictures of 5 people, two or more pictures of 1 of them."],
  ])('refuses labels %j with a share of %d', (few, share, message) => {
    expect(() => holdOutClasses(plainSource(few), 'faces', { share, seed: 1 })).toThrow(message);
  });

  it('refuses a share that is none', () => {
    expect(() => holdOutClasses(plainSource(labels), 'faces', { share: 1.5, seed: 1 })).toThrow(
      'share must be a finite number from 0 up to 1, but is 1.5',
    );
  });
});

describe('subsetSource', () => {
  it('has the pictures in the order given, and numbers the classes anew', async () => {
    const part = subsetSource(plainSource([0, 1, 2, 0]), [3, 1, 2], [2, 0]);
    expect(part.size).toBe(3);
    expect(part.classNames).toEqual(['class 2', 'class 0']);
    expect([...part.labels]).toEqual([1, -1, 0]);
    const { bytes, label } = await part.get(0);
    expect([bytes[0], label]).toEqual([3, 1]);
    await expect(part.get(3)).rejects.toThrow('There is no picture 3 of 3.');
  });

  it('refuses pictures and classes that the whole has not', () => {
    const source = plainSource([0, 1]);
    expect(() => subsetSource(source, [0, 2])).toThrow('rows[1] is 2, but the set has 2 pictures');
    expect(() => subsetSource(source, [0], [-1])).toThrow('classes[0] is -1, but the set has 2 classes');
  });
});
