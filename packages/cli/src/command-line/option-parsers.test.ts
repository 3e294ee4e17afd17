import { expect, it } from 'vitest';
import { shareParser } from './option-parsers.ts';

it.each([
  ['0', 0],
  ['0.01', 0.01],
  ['1', 1],
  ['1%', 0.01],
  [' 2.5 % ', 0.025],
  ['100%', 1],
  ['0%', 0],
])('reads the share %s', (text, share) => {
  expect(shareParser(text)).toBeCloseTo(share, 12);
});

it.each(['', '%', 'x', '1.5', '101%', '-1%', '1%%', 'NaN', 'Infinity'])('rejects the share %s', (text) => {
  expect(() => shareParser(text)).toThrow(/It must be a number from 0 up to 1/);
});
