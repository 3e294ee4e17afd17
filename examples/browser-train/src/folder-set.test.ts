import { DataError } from '@openset/core';
import { expect, it } from 'vitest';
import { folderSet } from './folder-set.ts';
import { imagePixels } from './image-set.ts';

/** Images of classes, each with its number as its first pixel. */
function pictures(counts: Readonly<Record<string, number>>) {
  return Object.entries(counts).flatMap(([className, count]) =>
    Array.from({ length: count }, (_, index) => ({
      className,
      pixels: Uint8Array.from({ length: imagePixels }, (_, place) => (place === 0 ? index : 0)),
    })),
  );
}

const numbers = ({ pixels }: { pixels: Uint8Array }) =>
  Array.from({ length: pixels.length / imagePixels }, (_, image) => pixels[image * imagePixels]);

it('divides each class into other images to hold out, to test on and to train on, and leaves out the last classes', () => {
  const set = folderSet(pictures({ b: 8, a: 20, d: 9, c: 8, small: 7 }));
  expect(set.classNames).toEqual(['a', 'b']);
  expect([...set.train.labels].filter((label) => label === 0)).toHaveLength(14);
  expect(numbers(set.held)).toEqual([0, 1, 2, 0, 1]);
  expect(numbers(set.test)).toEqual([3, 4, 5, 2, 3]);
  expect(numbers(set.train)).toEqual([6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 4, 5, 6, 7]);
  expect(set.unseen!.classNames).toEqual(['c', 'd']);
  expect([...set.unseen!.labels]).toEqual([...Array(8).fill(0), ...Array(9).fill(1)]);
});

it('leaves out no class if fewer than two remained', () => {
  const set = folderSet(pictures({ class10: 8, class9: 8, class1: 8 }));
  expect(set.classNames).toEqual(['class1', 'class9', 'class10']);
  expect(set.unseen).toBeNull();
});

it('says what a folder needs', () => {
  expect(() => folderSet(pictures({ a: 7 }))).toThrow(DataError);
  expect(() => folderSet(pictures({ a: 7 }))).toThrow('The folder has no class with 8 pictures or more.');
  expect(() => folderSet(pictures({ a: 8, b: 2 }))).toThrow('only one class');
});
