import { DataError } from '@openset/core';
import { expect, it } from 'vitest';
import { textFile } from './__fixtures__/files.ts';
import { readLfwPairs } from './lfw-pairs.ts';

const fold = 'Abel_Pacheco\t1\t4\nA\t12345\t2\nAbdul\t1\tPortia_de_Rossi\t10\nB\t2\tC\t3\n';

it('reads the pairs of View 2, with folds', async () => {
  const pairs = await readLfwPairs(textFile(`2\t2\n${fold}${fold}`, 'pairs.txt'));
  expect(pairs.first.slice(0, 4)).toEqual([
    'Abel_Pacheco/Abel_Pacheco_0001.jpg',
    'A/A_12345.jpg',
    'Abdul/Abdul_0001.jpg',
    'B/B_0002.jpg',
  ]);
  expect(pairs.second.slice(0, 4)).toEqual([
    'Abel_Pacheco/Abel_Pacheco_0004.jpg',
    'A/A_0002.jpg',
    'Portia_de_Rossi/Portia_de_Rossi_0010.jpg',
    'C/C_0003.jpg',
  ]);
  expect([...pairs.isSame]).toEqual([1, 1, 0, 0, 1, 1, 0, 0]);
  expect([...(pairs.folds ?? [])]).toEqual([0, 0, 0, 0, 1, 1, 1, 1]);
});

it('reads View 1, which is one fold, and other extensions', async () => {
  const pairs = await readLfwPairs(textFile(`2\n${fold}`), { extension: '.png' });
  expect(pairs.first[1]).toBe('A/A_12345.png');
  expect([...(pairs.folds ?? [])]).toEqual([0, 0, 0, 0]);
});

it('finds folds, also of unequal size, in a list without header line', async () => {
  const pairs = await readLfwPairs(textFile('A 1 2\nB 1 C 1\nB 1 D 1\nA 1 3\nB 2 C 1\n'));
  expect([...(pairs.folds ?? [])]).toEqual([0, 0, 0, 1, 1]);
});

it.each([
  [
    'a line of two fields',
    'A 1 2\nA 1\n',
    "line 2: expected 'name n1 n2' or 'name1 n1 name2 n2' with whole numbers, found 'A 1'.",
  ],
  ['a word for a number', 'A 1 x\n', "line 1: expected 'name n1 n2' or"],
  ['fewer pairs than announced', `3\t2\n${fold}`, 'line 1: announces 12 pairs, but 4 follow'],
  ['more pairs than announced', `1\t2\n${fold}${fold}`, 'line 1: announces 4 pairs, but 8 follow'],
  [
    'pairs in the wrong order',
    '1\t1\nA 1 B 1\nA 1 2\n',
    'line 2: the first line announces 1 pairs of each kind',
  ],
  ['an empty file', '', 'has no pairs'],
  ['a header line only', '10\t0\n', 'line 1: is a header, but no rows follow'],
  ['no pairs announced', '10\t0\nA 1 2\n', "line 1: announces no pairs, found '10\t0'"],
])('rejects %s', async (_, text, message) => {
  const reading = readLfwPairs(textFile(text));
  await expect(reading).rejects.toThrow(DataError);
  await expect(reading).rejects.toThrow(message);
});
