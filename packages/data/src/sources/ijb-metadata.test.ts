import { DataError } from '@openset/core';
import { expect, it } from 'vitest';
import { textFile } from './__fixtures__/files.ts';
import { readIjbLandmarks, readIjbMedia, readIjbTemplatePairs } from './ijb-metadata.ts';

it('reads templates and media', async () => {
  const { names, templates, media } = await readIjbMedia(
    textFile('1.jpg 1 69544\n2.jpg 1 69544\n3.jpg 20 7\n'),
  );
  expect(names).toEqual(['1.jpg', '2.jpg', '3.jpg']);
  expect(templates).toEqual(Int32Array.of(1, 1, 20));
  expect(media).toEqual(Int32Array.of(69544, 69544, 7));
});

it('reads pairs of templates', async () => {
  const pairs = await readIjbTemplatePairs(textFile('1 11065 1\n1 2 0\n'));
  expect(pairs).toEqual({
    first: Int32Array.of(1, 1),
    second: Int32Array.of(11065, 2),
    isSame: Uint8Array.of(1, 0),
  });
});

it('reads landmarks and scores', async () => {
  const text = '1.jpg 46.060 62.026 87.785 60.323 68.851 77.656 52.162 99.875 86.450 98.648 0.999\n';
  const { names, landmarks, scores } = await readIjbLandmarks(textFile(text.repeat(30)));
  expect(names).toHaveLength(30);
  expect(landmarks.slice(290)).toEqual(
    Float32Array.of(46.06, 62.026, 87.785, 60.323, 68.851, 77.656, 52.162, 99.875, 86.45, 98.648),
  );
  expect(scores[29]).toBe(Math.fround(0.999));
});

it.each([
  ['a missing field', readIjbMedia, '1.jpg 1\n', "line 1: expected 'name template medium' in 3 fields"],
  ['a template that is not a number', readIjbMedia, '1.jpg one 1\n', "line 1: 'one' is not an integer"],
  ['a template beyond int32', readIjbMedia, '1.jpg 2147483648 1\n', "'2147483648' is not an integer"],
  ['neither same nor different', readIjbTemplatePairs, '1 2 0\n1 2 2\n', "line 2: '2' is not an integer"],
  [
    'a coordinate that is not a number',
    readIjbLandmarks,
    '1.jpg 1 2 3 4 5 6 7 8 9 x 1\n',
    "line 1: 'x' is not a finite number",
  ],
  ['an empty file', readIjbMedia, ' \n', "is empty; expected lines of 'name template medium'"],
  [
    'an infinite coordinate',
    readIjbLandmarks,
    '1.jpg 1 2 3 4 5 6 7 8 9 Infinity 1\n',
    'is not a finite number',
  ],
])('rejects %s', async (_, read, text, message) => {
  const reading: Promise<unknown> = read(textFile(text));
  await expect(reading).rejects.toThrow(DataError);
  await expect(reading).rejects.toThrow(message);
});
