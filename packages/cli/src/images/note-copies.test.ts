import { expect, it } from 'vitest';
import { recordOutput } from '../__fixtures__/record-output.ts';
import { ContentHashes } from './content-hashes.ts';
import { noteCopies } from './note-copies.ts';

/** Returns the warning about images with these contents and labels. */
function warningOf(contents: readonly number[], labels: readonly number[]): string[] {
  const hashes = new ContentHashes(contents.length);
  contents.forEach((content, index) => {
    hashes.add(index, Uint8Array.of(content));
  });
  const output = recordOutput();
  const source = {
    labels: Int32Array.from(labels),
    classNames: ['Ada', 'Bob'],
    origin: (index: number) => `${index}.jpg`,
  };
  noteCopies(hashes, source, 'my faces', output);
  return output.lines;
}

it('says nothing about different images and copies under one person', () => {
  expect(warningOf([1, 2, 3, 3], [0, 1, 0, 0])).toEqual([]);
});

it('names an image under two people', () => {
  expect(warningOf([1, 2, 1, 1], [0, 1, 1, 0])).toEqual([
    "warning: 1 image is under two people: '0.jpg' (Ada) = '2.jpg' (Bob) = '3.jpg' (Ada)",
  ]);
});

it('names the first three, and what lists all', () => {
  expect(warningOf([1, 2, 3, 4, 1, 2, 3, 4], [0, 0, 0, 0, 1, 1, 1, 1])).toEqual([
    "warning: 4 images are under two people: '0.jpg' (Ada) = '4.jpg' (Bob), '1.jpg' (Ada) = '5.jpg' (Bob), " +
      "'2.jpg' (Ada) = '6.jpg' (Bob), … All: openset doctor 'my faces'",
  ]);
});

it('names three copies of an image, and counts the others', () => {
  expect(warningOf([1, 1, 1, 1, 1], [0, 0, 0, 1, 1])).toEqual([
    "warning: 1 image is under two people: '0.jpg' (Ada) = '1.jpg' (Ada) = '2.jpg' (Ada) = 2 more, " +
      "… All: openset doctor 'my faces'",
  ]);
});
