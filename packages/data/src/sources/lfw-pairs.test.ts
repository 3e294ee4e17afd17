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
  ['commas and a header', 'name,imagenum1,imagenum2,\nAda,1,4,\nAda,1,Bob,2\n'],
  ['a header with all columns', 'name,imagenum1,name,imagenum2\nAda,1,4,\nAda,1,Bob,2\n'],
  ["pandas' index and numbers", ',name,imagenum1,imagenum2,Unnamed: 3\n0,Ada,1,4,\n7,Ada,1,Bob,2.0\n'],
  ['semicolons and numbers of folds', '1;1;;\nAda;1;4\nAda;1;Bob;2\n'],
  ['tabs after a line with a space', '1 1\nAda\t1\t4\nAda\t1\tBob\t2\n'],
])('reads %s', async (_, text) => {
  const { first, second, isSame, report } = await readLfwPairs(textFile(text));
  expect(first).toEqual(['Ada/Ada_0001.jpg', 'Ada/Ada_0001.jpg']);
  expect(second).toEqual(['Ada/Ada_0004.jpg', 'Bob/Bob_0002.jpg']);
  expect([...isSame]).toEqual([1, 0]);
  expect(report?.skipped).toHaveLength(1);
});

it('reads names with spaces, unless numbers leave open where they end', async () => {
  const read = async (text: string) => {
    const { first, second } = await readLfwPairs(textFile(text));
    return [first[0], second[0]];
  };
  expect(await read('Jane van Doe\t1\t2\n')).toEqual([
    'Jane van Doe/Jane van Doe_0001.jpg',
    'Jane van Doe/Jane van Doe_0002.jpg',
  ]);
  expect(await read('Jane van Doe 1 2\n')).toEqual(await read('Jane van Doe\t1\t2\n'));
  expect(await read('Jane van Doe 1 Al B C 2\n')).toEqual(await read('Jane van Doe,1,Al B C,2\n'));
  expect(await read('0000045 1 0000046 2\n')).toEqual(await read('0000045\t1\t0000046\t2\n'));
  for (const text of ['Louis 14 1 2\n', 'Louis 14 1 Ada 2\n']) {
    await expect(read(text), text).rejects.toThrow('line 1: numbers leave open where a name ends');
  }
});

it('finds the extension of each image, and underscores for spaces', async () => {
  const files = ['A/A_0001.png', 'A/A_0002.JPEG', 'Jane_Doe/Jane_Doe_0001.webp'];
  const text = 'A,1,2\nA,3,4\nA,1,Jane Doe,1\n';
  const { first, second } = await readLfwPairs(textFile(text), {
    fileExists: (path) => files.includes(path),
  });
  expect(first).toEqual(['A/A_0001.png', 'A/A_0003.png', 'A/A_0001.png']);
  expect(second).toEqual(['A/A_0002.JPEG', 'A/A_0004.png', 'Jane_Doe/Jane_Doe_0001.webp']);
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
