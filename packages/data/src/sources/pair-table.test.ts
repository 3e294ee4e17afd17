import { ConfigError, DataError } from '@openset/core';
import { describe, expect, it } from 'vitest';
import { textFile } from './__fixtures__/files.ts';
import { readPairTable } from './pair-table.ts';

describe('readPairTable', () => {
  it.each([
    ['commas', 'a 1.jpg,b.jpg,1\nc.jpg,d.jpg,0\n', 'a 1.jpg'],
    ['a header line', 'first,second,same\na.jpg,b.jpg,True\nc.jpg,d.jpg,False\n', 'a.jpg'],
    ['tabs', 'a.jpg\tb.jpg\t1\nc.jpg\td.jpg\t-1\n', 'a.jpg'],
    ['spaces', 'a.jpg b.jpg 1\nc.jpg d.jpg 0\n', 'a.jpg'],
    ['same as the first column, as for AgeDB-30', '1 a.jpg b.jpg\n0 c.jpg d.jpg\n', 'a.jpg'],
    ['quotes', '"a,1.jpg",b.jpg,1\nc.jpg,"d.jpg",0\n', 'a,1.jpg'],
  ])('reads %s', async (_, text, first) => {
    const pairs = await readPairTable(textFile(text));
    expect(pairs.first).toEqual([first, 'c.jpg']);
    expect(pairs.second).toEqual(['b.jpg', 'd.jpg']);
    expect([...pairs.isSame]).toEqual([1, 0]);
    expect(pairs.folds).toBeNull();
  });

  it('reads folds, or divides the list into folds', async () => {
    const pairs = await readPairTable(textFile('a,b,same,fold\na,b,1,0\na,c,0,3\n'));
    expect([...(pairs.folds ?? [])]).toEqual([0, 3]);
    const text = 'a b 1\n'.repeat(6);
    expect([...((await readPairTable(textFile(text), { folds: 3 })).folds ?? [])]).toEqual([
      0, 0, 1, 1, 2, 2,
    ]);
    await expect(readPairTable(textFile(text), { folds: 4 })).rejects.toThrow(ConfigError);
    await expect(readPairTable(textFile('a,b,1,0\n'), { folds: 1 })).rejects.toThrow(ConfigError);
  });

  it.each([
    [
      'an unknown word for same',
      'a,b,1\na,b,perhaps\n',
      "line 2: 'perhaps' in column 3 does not say who the pair shows (expected 1, true, yes, same, match, genuine or positive " +
        'for one person; 0, -1, false, no, different, mismatch, nonmatch, impostor or negative for two people), found ' +
        "'a,b,perhaps'.",
    ],
    [
      'another number of fields',
      'a,b,1\na,b,1,0\n',
      "line 2: expected 3 fields as 'path, path, same', not 4",
    ],
    ['an empty path', 'a,b,1\n,b,1\n', 'line 2: expected a path in column 1'],
    ['a fold that is not a number', 'a,b,1,x\n', 'line 1: expected the number of a fold in column 4'],
    ['a header line only', 'a,b,same\n', "line 1: is a header, but no rows follow, found 'a,b,same'."],
    ['an empty file', '', 'has no pairs'],
    ['an open quote', '"a,b,1\n', 'line 1: a quoted field does not end'],
  ])('rejects %s', async (_, text, message) => {
    const reading = readPairTable(textFile(text));
    await expect(reading).rejects.toThrow(DataError);
    await expect(reading).rejects.toThrow(message);
  });
});
