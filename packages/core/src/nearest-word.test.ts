import { expect, it } from 'vitest';
import { didYouMean, nearestWord } from './nearest-word.ts';

const words = ['margin', 'scale', 'startEpoch'];

it.each([
  ['margn', 'margin'],
  ['Scale', 'scale'],
  ['startepoch', 'startEpoch'],
  // Two letters in a wrong order are one change.
  ['sacle', 'scale'],
  ['szalf', null],
  ['temperature', null],
  ['x', null],
])('%s: %s', (word, expected) => {
  expect(nearestWord(word, words)).toBe(expected);
});

it('makes a question of it, or nothing', () => {
  expect(didYouMean('margn', words)).toBe(" Did you mean 'margin'?");
  expect(didYouMean('temperature', words)).toBe('');
  expect(nearestWord('a', [])).toBeNull();
});
