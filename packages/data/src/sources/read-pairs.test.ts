import { ConfigError } from '@openset/core';
import { expect, it } from 'vitest';
import { textFile } from './__fixtures__/files.ts';
import { readPairs } from './read-pairs.ts';

it.each([
  ['a table', 'a.jpg b.jpg 1\n', 'a.jpg'],
  ['a table with same first', '1 a.jpg b.jpg\n', 'a.jpg'],
  ["LFW's form", 'Ada 1 2\n', 'Ada/Ada_0001.jpg'],
  ["LFW's form, two people", 'Ada 1 Bob 1\n', 'Ada/Ada_0001.jpg'],
  ["LFW's form with numbers first", '1 1\nAda 1 2\nAda 1 Bob 1\n', 'Ada/Ada_0001.jpg'],
  ['a table with folds', 'a.jpg b.jpg 1 0\n', 'a.jpg'],
])('recognizes %s', async (_, text, first) => {
  expect((await readPairs(textFile(text))).first[0]).toBe(first);
});

it('decides by files between a table and the form of LFW, or refuses', async () => {
  const read = (files: readonly string[]) =>
    readPairs(textFile('5 2 1\n6 3 1\n'), { fileExists: (path) => files.includes(path) });
  expect((await read(['5', '2', '6', '3'])).first).toEqual(['5', '6']);
  expect((await read(['5/5_0002.jpg', '5/5_0001.jpg'])).first).toEqual(['5/5_0002.jpg', '6/6_0003.jpg']);
  await expect(read([])).rejects.toThrow(
    /^list.txt: can be read in 2 ways: .*'name number number'.* as in LFW/,
  );
});

it('divides a table into folds, but no list that has folds', async () => {
  expect([...((await readPairs(textFile('a b 1\na c 0\n'), { folds: 2 })).folds ?? [])]).toEqual([0, 1]);
  await expect(readPairs(textFile('Ada 1 2\n'), { folds: 1 })).rejects.toThrow(ConfigError);
});
