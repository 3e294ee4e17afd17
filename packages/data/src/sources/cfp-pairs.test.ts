import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ConfigError, DataError } from '@openset/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { textFile } from './__fixtures__/files.ts';
import { readCfpPairs } from './cfp-pairs.ts';
import { readCfpFolder } from './read-cfp-folder.ts';

const frontal = textFile(
  '1 ../Data/Images/001/frontal/01.jpg\n2 ../Data/Images/002/frontal/01.jpg\n',
  'F.txt',
);
const profile = textFile(
  '1 ../Data/Images/001/profile/01.jpg\n2 ../Data/Images/002/profile/01.jpg\n',
  'P.txt',
);
const fold = (same: string, different: string) => ({
  same: textFile(same, 'same.txt'),
  different: textFile(different, 'diff.txt'),
});

describe('readCfpPairs', () => {
  it('pairs frontal images with profiles, fold by fold', async () => {
    const folds = [fold('1,1\n2,2\n', '1,2\n'), fold('1,1\n', '2,1\n')];
    const pairs = await readCfpPairs({ frontal, profile, folds });
    expect(pairs.first[2]).toBe('../Data/Images/001/frontal/01.jpg');
    expect(pairs.second[2]).toBe('../Data/Images/002/profile/01.jpg');
    expect([...pairs.isSame]).toEqual([1, 1, 0, 1, 0]);
    expect([...(pairs.folds ?? [])]).toEqual([0, 0, 0, 1, 1]);
  });

  it('pairs frontal images with frontal images', async () => {
    const pairs = await readCfpPairs({ frontal, folds: [fold('', '1,2\n')] });
    expect(pairs.second).toEqual(['../Data/Images/002/frontal/01.jpg']);
  });

  it.each([
    ['a missing image', [fold('1,3\n', '')], 'same.txt, line 1: the list has no image 3; it has 2 images'],
    ['one number', [fold('', '1\n')], 'diff.txt, line 1: expected two numbers'],
    ['a word', [fold('a,b\n', '')], "same.txt, line 1: 'a' is not an integer"],
    ['no pairs', [], 'F.txt: the protocol has no pairs'],
  ])('rejects %s', async (_, folds, message) => {
    const reading = readCfpPairs({ frontal, profile, folds });
    await expect(reading).rejects.toThrow(DataError);
    await expect(reading).rejects.toThrow(message);
  });

  it('rejects a damaged list of images', async () => {
    await expect(readCfpPairs({ frontal: textFile('1\n'), folds: [] })).rejects.toThrow(
      'a number and a path',
    );
    await expect(readCfpPairs({ frontal: textFile('1 a\n1 b\n'), folds: [] })).rejects.toThrow(
      'occurs twice',
    );
  });
});

describe('readCfpFolder', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'openset-'));
    const files = {
      'Pair_list_F.txt': '1 f1.jpg\n2 f2.jpg\n',
      'Pair_list_P.txt': '1 p1.jpg\n2 p2.jpg\n',
      'Split/FP/02/same.txt': '2,2\n',
      'Split/FP/02/diff.txt': '1,2\n',
      'Split/FP/10/same.txt': '1,1\n',
      'Split/FP/10/diff.txt': '2,1\n',
    };
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), text);
    }
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('finds the files of the protocol', async () => {
    const pairs = await readCfpFolder(folder, 'FP');
    expect(pairs.first).toEqual(['f2.jpg', 'f1.jpg', 'f1.jpg', 'f2.jpg']);
    expect(pairs.second).toEqual(['p2.jpg', 'p2.jpg', 'p1.jpg', 'p1.jpg']);
    expect([...(pairs.folds ?? [])]).toEqual([0, 0, 1, 1]);
  });

  it('names a missing folder', async () => {
    await expect(readCfpFolder(folder, 'FF')).rejects.toThrow(DataError);
    await expect(readCfpFolder(folder, 'PP' as 'FP')).rejects.toThrow(ConfigError);
  });
});
