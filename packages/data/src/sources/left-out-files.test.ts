import { expect, it } from 'vitest';
import { describeLeftOut, LeftOutCounter } from './left-out-files.ts';

function count(...names: string[]): LeftOutCounter {
  const counter = new LeftOutCounter();
  for (const name of names) counter.addFile(name);
  return counter;
}

it('names images by extension, the most frequent first, and counts the rest', () => {
  const counter = count('a.CR2', 'b.svg', 'c.SVG', 'notes.txt', 'x.cr2', 'y.svg', 'z.psd', 'noextension');
  expect(describeLeftOut(counter.toCounts())).toBe('3 .svg, 2 .cr2, 1 .psd, 2 other');
});

it('counts as other what has no extension of an image at its end', () => {
  const counter = count(
    'a.jpg.part',
    'b.png~',
    'svg',
    'c.',
    'd.mp4',
    'e.svg.zip',
    'constructor',
    'f.__proto__',
  );
  expect(describeLeftOut(counter.toCounts())).toBe('8 other');
});

it('names what else is left out, each in its number', () => {
  const counter = count();
  counter.hiddenImages = 1;
  counter.brokenLinks = 2;
  counter.imagesOutsideOfClasses = 2;
  counter.foldersWithoutImages = 1;
  expect(describeLeftOut(counter.toCounts())).toBe(
    '1 hidden image, 2 broken links, 2 images outside of class folders, 1 folder without images',
  );
});

it('describes nothing without such files', () => {
  expect(describeLeftOut(count().toCounts())).toBeNull();
});

it('adds counts', () => {
  const sum = count('a.svg', 'a.txt');
  const other = count('b.svg', 'b.jxl');
  other.brokenLinks = 1;
  sum.add(other);
  expect(sum.toCounts()).toEqual({
    extensions: new Map([
      ['.svg', 2],
      ['.jxl', 1],
    ]),
    ...{ other: 1, hiddenImages: 0, brokenLinks: 1, imagesOutsideOfClasses: 0, foldersWithoutImages: 0 },
  });
});
