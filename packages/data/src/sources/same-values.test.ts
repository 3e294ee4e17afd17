import { expect, it } from 'vitest';
import { parseSame, sameValueExamples } from './same-values.ts';

it('reads numbers and words', () => {
  const same = [
    '1',
    '1.0',
    '+1',
    '1.',
    '1e0',
    '1.000000000000000000e+00',
    'True',
    'T',
    'YES',
    'same',
    'Match',
    'genuine',
  ];
  for (const text of [...same, 'positive', 'same person', 'mated']) expect(parseSame(text), text).toBe(true);
  const different = [
    '0',
    '0.0',
    '-1',
    '-1.0',
    '00',
    'False',
    'F',
    'no',
    'different',
    'mismatch',
    'non-match',
    'Non_Match',
  ];
  for (const text of [...different, 'impostor', 'imposter', 'negative', 'not same'])
    expect(parseSame(text), text).toBe(false);
});

it('refuses everything else', () => {
  for (const text of [
    '',
    '2',
    '0.5',
    '-2',
    '1.1',
    '0x1',
    'NaN',
    'Infinity',
    'perhaps',
    '1 0',
    '10',
    '--1',
    'a.jpg',
  ]) {
    expect(parseSame(text), text).toBeNull();
  }
});

it('knows its examples', () => {
  const [same = '', different = ''] = sameValueExamples.split(';');
  const words = (text: string) => text.replace(/for .*/, '').split(/,| or /);
  expect(words(same).map((word) => parseSame(word.trim()))).toEqual(words(same).map(() => true));
  expect(words(different).map((word) => parseSame(word.trim()))).toEqual(words(different).map(() => false));
});
