import { describe, expect, it } from 'vitest';
import { BadImagesError, type FailedRecord, skipBadImages, toBadImages } from './bad-image.ts';

const failed = (origin: string, reason = `${origin}: it is empty`): FailedRecord => ({ origin, reason });
const records = (count: number) => Array.from({ length: count }, (_, index) => failed(`${index}.jpg`));

function messageOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(BadImagesError);
    return (error as Error).message;
  }
  throw new Error('nothing was thrown');
}

it('names each image once, without its name in the reason', () => {
  const images = toBadImages([
    failed('a/b.jpg', 'a/b.jpg: cannot decode the image: x: y'),
    failed('a/b.jpg', 'a/b.jpg: cannot decode the image: x: y'),
    failed('b.jpg', '/data/set/b.jpg: cannot be read'),
    failed('c.jpg', 'C:\\data\\c.jpg: cannot be read'),
    failed('d.jpg', 'the disk of bad.jpg: is full'),
    failed('record 3', 'no such record'),
  ]);
  expect(images.map(({ path, reason }) => [path, reason])).toEqual([
    ['a/b.jpg', 'cannot decode the image: x: y'],
    ['b.jpg', 'cannot be read'],
    ['c.jpg', 'cannot be read'],
    ['d.jpg', 'the disk of bad.jpg: is full'],
    ['record 3', 'no such record'],
  ]);
});

describe('skipBadImages', () => {
  it('returns the images to skip', () => {
    expect(skipBadImages([], 5, { onBadImage: 'stop' })).toEqual([]);
    expect(skipBadImages(records(2), 5, { onBadImage: 'skip' }).map(({ path }) => path)).toEqual([
      '0.jpg',
      '1.jpg',
    ]);
  });

  it('lists the first 20 images, counts all, and says what to do', () => {
    const lines = messageOf(() => skipBadImages(records(33), 99, { onBadImage: 'stop' })).split('\n');
    expect(lines[0]).toBe('33 images cannot be read:');
    expect(lines.slice(1, 21)).toEqual(
      Array.from({ length: 20 }, (_, index) => `  ${index}.jpg: it is empty`),
    );
    expect(lines.slice(21)).toEqual([
      '  and 13 others',
      'Mend or delete them, or skip them with --on-bad-image skip.',
    ]);
  });

  it('names only options that the command has and that help', () => {
    const large = { ...failed('a.jpg'), advice: { option: 'maxPixels', text: 'Raise maxPixels.' } };
    const damaged = { ...failed('b.jpg'), advice: { option: 'failOn', text: 'Lower failOn.' } };
    expect(messageOf(() => skipBadImages([large, damaged], 2, {}))).toBe(
      '2 images cannot be read:\n  a.jpg: it is empty\n  b.jpg: it is empty\n' +
        'Raise --max-pixels if the large files are genuine.\n' +
        '--fail-on none accepts damaged files that can still be decoded.',
    );
    expect(messageOf(() => skipBadImages(records(1), 2, { onBadImage: 'stop' }))).toBe(
      '1 image cannot be read:\n  0.jpg: it is empty\nMend or delete it, or skip it with --on-bad-image skip.',
    );
  });

  it('stops above the share of bad images, and if none is good', () => {
    const skip = (bad: number, size: number, maxBad: number) =>
      skipBadImages(records(bad), size, { onBadImage: 'skip', maxBad }).length;
    expect(skip(1, 100, 0.01)).toBe(1);
    expect(messageOf(() => skip(2, 100, 0.01))).toMatch(
      /^2 images of 100 \(2\.0 %\) cannot be read, more than --max-bad 1\.0 % allows:\n {2}0\.jpg: it is empty\n/,
    );
    expect(messageOf(() => skip(1, 100, 0))).toMatch(/more than --max-bad 0\.0 % allows/);
    expect(messageOf(() => skip(3, 3, 1))).toMatch(/^No image is left: 3 images cannot be read:\n/);
  });
});
