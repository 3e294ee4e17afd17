import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataError } from '@openset/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recordSet } from './__fixtures__/files.ts';
import { readLfwPairs } from './lfw-pairs.ts';
import { openFile, readFrom } from './node-file.ts';
import {
  openCifar,
  openIdx,
  openImageList,
  openPairs,
  openRecordIO,
  openVerificationBin,
  readPairFile,
} from './node-openers.ts';

let folder: string;
const at = (name: string) => join(folder, name);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'openset-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('openFile', () => {
  it('reads any part of a file', async () => {
    await writeFile(at('abc'), 'abcdef');
    const file = await openFile(at('abc'));
    expect(file).toMatchObject({ name: at('abc'), size: 6 });
    expect(new TextDecoder().decode(await file.read(2, 3))).toBe('cde');
    expect(await file.read(6, 0)).toHaveLength(0);
    await expect(file.read(5, 2)).rejects.toThrow(DataError);
    await writeFile(at('abc'), 'a');
    await expect(file.read(0, 6)).rejects.toThrow('ends at byte 1; the file was truncated during reading');
    await file.close();
  });

  it('names a path that cannot be opened', async () => {
    await expect(openFile(at('none'))).rejects.toThrow('none: cannot be read (ENOENT');
    await expect(openFile(folder)).rejects.toThrow(DataError);
  });
});

describe('the openers', () => {
  it('open a RecordIO set with and without index', async () => {
    const { records, index } = recordSet([{ image: Uint8Array.of(1), label: 3 }]);
    await writeFile(at('a.rec'), records);
    for (const withIndex of [false, true]) {
      if (withIndex) await writeFile(at('a.idx'), index);
      const source = await openRecordIO(at('a.rec'));
      expect(source.classNames).toEqual(['3']);
      await source.close();
    }
    await writeFile(at('a.idx'), '0\t4000\n');
    await expect(openRecordIO(at('a.rec'))).rejects.toThrow(DataError);
    await expect(openRecordIO(at('none.rec'))).rejects.toThrow(DataError);
  });

  it('open a verification set', async () => {
    await writeFile(at('a.bin'), Buffer.from('5d2843016143016265 5d288865 862e'.replaceAll(' ', ''), 'hex'));
    const set = await openVerificationBin(at('a.bin'));
    expect((await set.image(1)).bytes).toEqual(Uint8Array.of(0x62));
    await set.close();
  });

  it('open a list and pairs with images in a folder', async () => {
    await writeFile(at('label.txt'), 'abc.jpg\t4\n');
    await writeFile(at('abc.jpg'), 'image');
    const source = await openImageList(at('label.txt'));
    expect(new TextDecoder().decode((await source.get(0)).bytes)).toBe('image');
    await writeFile(at('pairs.txt'), 'A 1 B 1\n');
    const pairs = openPairs(await readFrom(at('pairs.txt'), readLfwPairs), folder);
    expect(pairs).toMatchObject({ size: 1, isSame: Uint8Array.of(0), folds: Int32Array.of(0) });
    await expect(pairs.image(0)).rejects.toThrow("There is no file 'A/A_0001.jpg' in the folder");
    await expect(pairs.image(2)).rejects.toThrow(RangeError);
    await expect(readFrom(at('abc.jpg'), readLfwPairs)).rejects.toThrow(DataError);
  });

  it('find files of lists and pairs in another Unicode form and with backslashes', async () => {
    const [composed, decomposed] = ['\u1ea4n', 'A\u0302\u0301n'];
    for (const [listed, stored] of [
      [composed, decomposed],
      [decomposed, composed],
    ] as const) {
      const set = at(stored === composed ? 'nfc' : 'nfd');
      await mkdir(join(set, stored), { recursive: true });
      for (const number of [1, 2]) {
        await writeFile(join(set, stored, `${stored}_000${number}.jpg`), `image ${number}`);
      }
      await writeFile(join(set, 'list.csv'), `path,label\n${listed}\\${listed}_0002.jpg,${listed}\n`);
      const list = await openImageList(join(set, 'list.csv'), { classNames: ['other', stored] });
      expect([...list.labels]).toEqual([1]);
      expect(new TextDecoder().decode((await list.get(0)).bytes)).toBe('image 2');
      await writeFile(join(set, 'pairs.txt'), `${listed}\t1\t2\n`);
      const pairs = openPairs(await readFrom(join(set, 'pairs.txt'), readLfwPairs), set);
      expect(new TextDecoder().decode((await pairs.image(1)).bytes)).toBe('image 2');
    }
  });

  it('decide by the files in a folder what a list leaves open', async () => {
    await mkdir(at('faces/Jane_Doe'), { recursive: true });
    for (const name of ['1', 'Ada', 'Jane_Doe/Jane_Doe_0001.PNG']) await writeFile(at(`faces/${name}`), '');
    await writeFile(at('list.csv'), 'id,name\nBob,1\nEve,Ada\n');
    const source = await openImageList(at('list.csv'), { folder: at('faces') });
    expect([source.paths, source.classNames]).toEqual([
      ['1', 'Ada'],
      ['Bob', 'Eve'],
    ]);
    expect(source.report).toEqual({ lineCount: 3, skipped: [{ line: 1, reason: 'header' }], notes: [] });
    await expect(openImageList(at('list.csv'))).rejects.toThrow('can be read in 2 ways');
    await writeFile(at('pairs.csv'), 'name,imagenum1,imagenum2,\nJane Doe,1,1,\n');
    const { first } = await readPairFile(at('pairs.csv'), { folder: at('faces') });
    expect(first).toEqual(['Jane_Doe/Jane_Doe_0001.PNG']);
    expect((await readPairFile(at('pairs.csv'))).first).toEqual(['Jane Doe/Jane Doe_0001.jpg']);
    // Unknown words above paths with backslashes.
    await writeFile(at('pairs.csv'), 'x,y,z\n.\\faces\\1,faces/Ada,1\n');
    expect((await readPairFile(at('pairs.csv'))).report?.skipped).toEqual([{ line: 1, reason: 'header' }]);
  });

  it('open sets of raw images', async () => {
    await writeFile(at('images'), Buffer.from('0000080300000001000000010000000107', 'hex'));
    await writeFile(at('labels'), Buffer.from('000008010000000100', 'hex'));
    const digits = await openIdx({ images: at('images'), labels: at('labels') });
    expect((await digits.get(0)).bytes).toEqual(Uint8Array.of(7));
    await digits.close();
    await writeFile(at('cifar'), new Uint8Array(3073));
    const cifar = await openCifar([at('cifar')], { labels: 'cifar-10' });
    expect(cifar.size).toBe(1);
    await cifar.close();
  });
});
