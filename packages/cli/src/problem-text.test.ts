import { ConfigError, DataError } from '@openset/core';
import { MetricsError } from '@openset/metrics';
import { expect, it } from 'vitest';
import { BadImagesError } from './images/bad-image.ts';
import { problemText } from './problem-text.ts';

const fileError = (code: string, path?: string) => Object.assign(new Error(`${code}: so`), { code, path });

it.each([
  [new DataError('It is broken.'), 'It is broken.'],
  [new DataError('It is\n  broken.'), 'It is broken.'],
  // A configuration has a line for each problem.
  [new ConfigError('One.\nTwo.'), 'One.\nTwo.'],
  [new MetricsError('No pairs.'), 'No pairs.'],
  // Advice names options of libraries; the command has others, or none.
  [
    new DataError('The set is too large.', { advice: { option: 'blockSize', text: 'Lower blockSize.' } }),
    'The set is too large.',
  ],
  [
    new BadImagesError('2 images cannot be read:\n  a.jpg: it is empty'),
    '2 images cannot be read:\n  a.jpg: it is empty',
  ],
  [new ConfigError('One.', { advice: { option: 'blockSize', text: 'Lower blockSize.' } }), 'One.'],
  [
    new DataError('a.jpg: too large.', { advice: { option: 'maxPixels', text: 'Raise maxPixels.' } }),
    'a.jpg: too large. Raise --max-pixels if the file is genuine.',
  ],
  [fileError('ENOSPC', 'model'), "'model': the disk is full."],
  [fileError('EACCES', 'model'), "'model': there is no permission."],
  [fileError('ENOSPC'), 'Cannot read or write a file: the disk is full.'],
  [fileError('EIO'), 'Cannot read or write a file: the disk has an error.'],
  [new TypeError('x is not a function'), null],
  [fileError('EPIPE', 'x'), null],
  [fileError('EPIPE'), null],
])('%s', (error, text) => {
  expect(problemText(error)).toBe(text);
});
