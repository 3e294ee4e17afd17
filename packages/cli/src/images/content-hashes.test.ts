import type { ImageSource } from '@openset/data';
import { describe, expect, it } from 'vitest';
import { ContentHashes, contentHash, copiesAcrossPeople, copyText, hashImages } from './content-hashes.ts';

const labels = Int32Array.of(0, 0, 1, 1, 2);

/** Returns a set whose images have one byte each, and the number of reads. */
function sourceOf(values: readonly number[]) {
  const reads: number[] = [];
  const source: ImageSource = {
    size: values.length,
    classNames: ['Ada', 'Bob', 'Eve'],
    labels,
    origin: (index) => `${index}.jpg`,
    async get(index) {
      reads.push(index);
      return { bytes: Uint8Array.of(values[index]!), label: labels[index]!, origin: `${index}.jpg` };
    },
    close: async () => {},
  };
  return { source, reads };
}

it('contentHash is SHA-256', () => {
  expect(contentHash(new TextEncoder().encode('abc'))).toBe(
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  );
});

describe('ContentHashes', () => {
  it('groups equal images in the order of the set, whatever the order they were added in', () => {
    const values = [7, 8, 9, 8, 7, 7];
    for (const order of [
      [0, 1, 2, 3, 4, 5],
      [5, 3, 4, 1, 0, 2, 5, 5],
    ]) {
      const hashes = new ContentHashes(6);
      for (const index of order) hashes.add(index, Uint8Array.of(values[index]!));
      expect(hashes.groups()).toEqual([
        [0, 4, 5],
        [1, 3],
      ]);
    }
  });

  it('finds an image by its hash', () => {
    const hashes = new ContentHashes(3);
    hashes.add(2, Uint8Array.of(5));
    expect(hashes.find(contentHash(Uint8Array.of(5)))).toBe(2);
    expect(hashes.find(contentHash(Uint8Array.of(6)))).toBeUndefined();
  });
});

describe('hashImages', () => {
  it('hashes what is read, and reads nothing itself', async () => {
    const { source, reads } = sourceOf([1, 1, 2, 1, 3]);
    const hashed = hashImages(source);
    expect(reads).toEqual([]);
    expect(hashed.hashes.groups()).toEqual([]);
    for (const index of [0, 1, 2, 3, 4, 3]) await hashed.source.get(index);
    expect(reads).toEqual([0, 1, 2, 3, 4, 3]);
    expect(hashed.hashes.groups()).toEqual([[0, 1, 3]]);
  });

  it('keeps two people apart from one', async () => {
    const { source } = sourceOf([1, 1, 2, 3, 2]);
    const { source: read, hashes } = hashImages(source);
    for (let index = 0; index < 5; index++) await read.get(index);
    expect(copiesAcrossPeople(hashes, labels)).toEqual([[2, 4]]);
    expect(copyText([2, 4], source)).toBe("'2.jpg' (Bob) = '4.jpg' (Eve)");
    expect(copyText([0, 1], source)).toBe("'0.jpg' = '1.jpg'");
    expect(copyText([0, 1], source, { sign: '≈', most: 1 })).toBe("'0.jpg' ≈ 1 more");
  });
});
