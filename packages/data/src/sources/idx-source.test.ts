import { DataError } from '@openset/core';
import { expect, it } from 'vitest';
import { hexFile } from './__fixtures__/files.ts';
import { readIdx } from './idx-source.ts';

// Two images of two rows and three columns.
const images = hexFile('00000803 00000002 00000002 00000003 010203040506 0708090a0b0c', 'images');
const labels = hexFile('00000801 00000002 03 01', 'labels');

it('reads images and labels', async () => {
  const source = await readIdx({ images, labels });
  expect(source).toMatchObject({ size: 2, classNames: ['0', '1', '2', '3'], labels: Int32Array.of(3, 1) });
  expect(await source.get(1)).toEqual({
    bytes: Uint8Array.of(7, 8, 9, 10, 11, 12),
    raw: { height: 2, width: 3, channels: 1 },
    label: 1,
    origin: 'images, record 1',
  });
  await expect(source.get(2)).rejects.toThrow(RangeError);
  await source.close();
});

it('uses given class names if there are enough', async () => {
  const classNames = ['shirt', 'shoe', 'bag', 'coat'];
  expect((await readIdx({ images, labels }, { classNames })).classNames).toBe(classNames);
  await expect(readIdx({ images, labels }, { classNames: ['shirt'] })).rejects.toThrow(
    'labels, record 0: the label is 3, but there are 1 class names',
  );
});

it.each([
  ['a compressed file', '1f8b0800', 'is compressed with gzip; decompress it first'],
  ['labels for images', '00000801 00000002 03 01', 'begins with the bytes 0, 0, 8, 1'],
  ['another type', `00000d03 ${'00000001'.repeat(3)} 00`, 'begins with the bytes 0, 0, 13, 3'],
  ['a short file', '00000803 0000', 'has at least 16 bytes'],
  [
    'a truncated file',
    '00000803 00000002 00000001 00000001 01',
    'announces 2 × 1 × 1 bytes after the header, but has 1',
  ],
  ['no pixels', '00000803 ffffffff 00000000 00000001', 'announces 4294967295 × 0 × 1'],
  ['too many pixels to count', `00000803 ${'ffffffff'.repeat(3)} 01`, 'announces 4294967295 × 4294967295 ×'],
  [
    'another number of labels',
    '00000803 00000001 00000001 00000001 01',
    'images: has 1 images, but labels has 2 labels',
  ],
  ['an empty file', '', 'begins with the bytes ;'],
])('rejects %s', async (_, digits, message) => {
  const reading = readIdx({ images: hexFile(digits, 'images'), labels });
  await expect(reading).rejects.toThrow(DataError);
  await expect(reading).rejects.toThrow(message);
});
