import { describe, expect, it } from 'vitest';
import { arraySource } from '../loading/__fixtures__/array-source.ts';
import { holdOutClasses } from './hold-out-classes.ts';
import { subsetSource } from './subset-source.ts';

/** 20 people with three images each, and one with a single image. */
const labels = [...Array.from({ length: 60 }, (_, row) => Math.floor(row / 3)), 20];

const plainSource = (own: readonly number[]) =>
  arraySource(own.length, { labels: own, numClasses: Math.max(...own) + 1 });

describe('holdOutClasses', () => {
  it('divides a set by people and renumbers the classes of both parts', async () => {
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

  it('selects people by the seed, at least two', () => {
    const names = (seed: number) =>
      holdOutClasses(plainSource(labels), 'faces', { share: 0.01, seed }).held?.classNames;
    expect(names(1)).toHaveLength(2);
    expect(names(1)).toEqual(names(1));
    expect([2, 3, 4].some((seed) => names(seed)?.join() !== names(1)?.join())).toBe(true);
  });

  it('keeps at least two people for training, and holds nobody out with share 0', () => {
    const small = holdOutClasses(plainSource([0, 0, 1, 1, 2, 2, 3, 3]), 'faces', { share: 0.9, seed: 1 });
    expect([small.train.classNames.length, small.held?.classNames.length]).toEqual([2, 2]);
    const all = holdOutClasses(plainSource([0, 1]), 'faces', { share: 0, seed: 1 });
    expect([all.train.size, all.held]).toEqual([2, null]);
  });

  it('holds out a number of people, with the people of a smaller number among them', () => {
    const namesOf = (count: number) =>
      holdOutClasses(plainSource(labels), 'faces', { count, seed: 1 }).held?.classNames ?? [];
    expect(namesOf(5)).toHaveLength(5);
    expect(namesOf(9)).toHaveLength(9);
    expect(namesOf(9)).toEqual(expect.arrayContaining([...namesOf(5)]));
    // The same people as with the share that gives this number.
    expect(namesOf(4)).toEqual(
      holdOutClasses(plainSource(labels), 'faces', { share: 0.2, seed: 1 }).held?.classNames,
    );
    // Two of 21 remain, and one has a single image.
    expect(namesOf(1000)).toHaveLength(19);
    expect(namesOf(1)).toHaveLength(2);
    expect(namesOf(0)).toHaveLength(0);
  });

  it.each([
    [[0, 0, 0], 0.1, "'faces' has images of only one person"],
    [[0, 0], 0, "'faces' has images of only one person"],
    [[0, 0, 1, 1, 2, 2], 0.1, "'faces' has 3 people, 3 of them with two or more images."],
    [[0, 1, 2, 3, 4, 4], 0.1, "'faces' has 5 people, 1 of them with two or more images."],
  ])('rejects labels %j with a share of %d', (few, share, message) => {
    expect(() => holdOutClasses(plainSource(few), 'faces', { share, seed: 1 })).toThrow(message);
  });

  it('rejects a share above 1', () => {
    expect(() => holdOutClasses(plainSource(labels), 'faces', { share: 1.5, seed: 1 })).toThrow(
      'share must be a finite number from 0 up to 1, but is 1.5',
    );
    expect(() => holdOutClasses(plainSource(labels), 'faces', { count: 2.5, seed: 1 })).toThrow(
      'holdOutClasses: count must be a whole number from 0, but is 2.5',
    );
  });
});

describe('subsetSource', () => {
  it('keeps the given order and renumbers the classes', async () => {
    const part = subsetSource(plainSource([0, 1, 2, 0]), [3, 1, 2], [2, 0]);
    expect(part.size).toBe(3);
    expect(part.classNames).toEqual(['class 2', 'class 0']);
    expect([...part.labels]).toEqual([1, -1, 0]);
    const { bytes, label } = await part.get(0);
    expect([bytes[0], label]).toEqual([3, 1]);
    await expect(part.get(3)).rejects.toThrow('The subset has no record 3: it has 3 records');
  });

  it('rejects rows and classes that the source does not have', () => {
    const source = plainSource([0, 1]);
    expect(() => subsetSource(source, [0, 2])).toThrow('rows[1] is 2, but the source has 2 images');
    expect(() => subsetSource(source, [0], [-1])).toThrow('classes[0] is -1, but the source has 2 classes');
  });
});
