import { expect, it } from 'vitest';
import { didYouMean, nearestWord } from './nearest-word.ts';

const words = ['margin', 'scale', 'startEpoch'];

it.each([
  ['margn', 'margin'],
  ['Scale', 'scale'],
  ['startepoch', 'startEpoch'],
  // Two swapped letters count as one edit.
  ['sacle', 'scale'],
  ['szalf', null],
  ['temperature', null],
  ['x', null],
])('finds for %s: %s', (word, expected) => {
  expect(nearestWord(word, words)).toBe(expected);
});

it('asks about the nearest word, or returns an empty string', () => {
  expect(didYouMean('margn', words)).toBe(" Did you mean 'margin'?");
  expect(didYouMean('temperature', words)).toBe('');
  expect(nearestWord('a', [])).toBeNull();
});
