import { expect, it } from 'vitest';
import { normalizeName } from './normalize-name.ts';

it('gives names that differ only in form one form', () => {
  expect(normalizeName('Jose\u0301')).toBe('Jos\u00e9');
  expect(normalizeName('Jos\u00e9')).toBe('Jos\u00e9');
  // Hangul is composed of letters, Vietnamese letters may have two marks.
  expect(normalizeName('\u1112\u1161\u11ab')).toBe('\ud55c');
  expect(normalizeName('Nguye\u0302\u0303n')).toBe('Nguy\u1ec5n');
  expect(normalizeName('plain')).toBe('plain');
});

it('keeps names apart that only look alike', () => {
  // A ligature and full-width letters are other names (NFKC would merge them), and so is Greek alpha.
  for (const [one, other] of [
    ['\ufb01n', 'fin'],
    ['\uff21', 'A'],
    ['\u0391', 'A'],
    ['jane', 'Jane'],
  ] as const) {
    expect(normalizeName(one)).not.toBe(normalizeName(other));
  }
});
