import { expect, it } from 'vitest';
import { heldOutParser, oddsParser, shareParser } from './option-parsers.ts';

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

it.each([
  ['0.1', 0.1],
  ['0', 0],
  ['40', 40],
  ['2', 2],
])('reads %s people to hold out', (text, value) => {
  expect(heldOutParser(text)).toBe(value);
});

it.each(['1', '1.5', '0.95', '-2', '', 'ten'])('refuses to hold out %j people', (text) => {
  expect(() => heldOutParser(text)).toThrow(
    'It must be a share from 0 up to 0.9, or a number of people from 2.',
  );
});

it.each([
  ['1:100', 0.01],
  ['3 : 2', 1.5],
  ['0.25', 0.25],
])('reads the odds %s', (text, value) => {
  expect(oddsParser(text)).toBe(value);
});

it.each(['0', '1:0', '1:2:3', ':', '-1', 'x', '1:', ''])('refuses the odds %j', (text) => {
  expect(() => oddsParser(text)).toThrow("such as '1:100'");
});
