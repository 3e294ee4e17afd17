import { describe, expect, it } from 'vitest';
import { plainSource } from '../__fixtures__/plain-source.ts';
import { holdOut } from './hold-out.ts';

/** 20 people with three pictures each, and one with a single picture. */
const labels = [...Array.from({ length: 60 }, (_, row) => Math.floor(row / 3)), 20];

describe('holdOut', () => {
  it('cuts a set by people, and numbers the classes of both parts anew', async () => {
    const source = plainSource(labels);
    const { train, held } = holdOut(source, 'faces', { share: 0.2, seed: 1 });
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
      holdOut(plainSource(labels), 'faces', { share: 0.01, seed }).held?.classNames;
    expect(names(1)).toHaveLength(2);
    expect(names(1)).toEqual(names(1));
    expect([2, 3, 4].some((seed) => names(seed)?.join() !== names(1)?.join())).toBe(true);
  });

  it('leaves two people to learn from, and may hold nobody out', () => {
    const small = holdOut(plainSource([0, 0, 1, 1, 2, 2, 3, 3]), 'faces', { share: 0.9, seed: 1 });
    expect([small.train.classNames.length, small.held?.classNames.length]).toEqual([2, 2]);
    const all = holdOut(plainSource([0, 1]), 'faces', { share: 0, seed: 1 });
    expect([all.train.size, all.held]).toEqual([2, null]);
  });

  it.each([
    [[0, 0, 0], 0.1, "'faces' has pictures of one person alone"],
    [[0, 0], 0, "'faces' has pictures of one person alone"],
    [[0, 0, 1, 1, 2, 2], 0.1, "'faces' has pictures of 3 people, two or more pictures of 3 of them."],
    [[0, 1, 2, 3, 4, 4], 0.1, "'faces' has pictures of 5 people, two or more pictures of 1 of them."],
  ])('refuses labels %j with a share of %d', (few, share, message) => {
    expect(() => holdOut(plainSource(few), 'faces', { share, seed: 1 })).toThrow(message);
  });
});
