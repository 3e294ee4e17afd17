import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RecordIOWriter } from '@openset/data/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writePeople } from '../__fixtures__/people-folder.ts';
import { createOutput } from '../output.ts';
import { imageFileSource, openImagePaths } from './image-files.ts';
import { inspectImages } from './inspect-images.ts';
import { findVerificationSet, openImages } from './open-images.ts';
import { openPairSet } from './open-pair-set.ts';

let folder: string;
const silent = createOutput({ write: () => true });
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'openset-images-'));
  await writePeople(join(folder, 'faces'), { people: 3, images: 2 });
  await writePeople(join(folder, 'grey'), { people: 2, images: 2, channels: 1, side: 18 });
  await writeFile(join(folder, 'list.csv'), 'path,label\nfaces/person-0/image-0.png,a\n');
  await mkdir(join(folder, 'set'));
  const writer = await RecordIOWriter.create(join(folder, 'set', 'train.rec'));
  await writer.add(Uint8Array.of(1), 0);
  await writer.close();
  await mkdir(join(folder, 'lfw', 'Ada'), { recursive: true });
  await writeFile(join(folder, 'lfw', 'Ada', 'Ada_0001.png'), '');
});
afterAll(() => rm(folder, { recursive: true }));

describe('openImages', () => {
  it.each([
    ['faces', 6],
    ['list.csv', 1],
    ['set', 1],
    ['set/train.rec', 1],
  ])('opens %s', async (path, size) => {
    const source = await openImages(join(folder, path), silent);
    expect(source.size).toBe(size);
    await source.close();
  });

  it.each([
    ['nothing', /^There is no file or folder '.*nothing'\.$/],
    ['faces/person-0/image-0.png', /is not a set of images: expected a folder/],
    ['faces/person-0', /found no images/],
  ])('rejects %s', async (path, message) => {
    await expect(openImages(join(folder, path), silent)).rejects.toThrow(message);
  });

  it('reads lists in either order of columns, and notes the header', async () => {
    const files = ['person-0/image-0.png', 'person-1/image-1.png'].map((name) => `faces/${name}`);
    const lists = {
      'name,image': files.map((file, row) => `${row},${file}`),
      'image,name': files.map((file, row) => `${file},${row}`),
      'which,who': files.map((file, row) => `${file},${row}`),
    };
    for (const [header, lines] of Object.entries(lists)) {
      await writeFile(join(folder, 'order.csv'), [header, ...lines].join('\r\n'));
      const notes: string[] = [];
      const output = { ...silent, note: (line: string) => notes.push(line) };
      const source = await openImages(join(folder, 'order.csv'), output);
      expect([source.size, source.classNames, notes]).toEqual([
        2,
        ['0', '1'],
        ['order.csv: 2 rows, skipped header line 1'],
      ]);
      expect((await source.get(1)).bytes.length).toBeGreaterThan(8);
    }
  });

  it('skips records without a class', async () => {
    for (const [name, labels] of [
      ['some.rec', [4, -1, 7]],
      ['none.rec', [-1, -1]],
    ] as const) {
      const writer = await RecordIOWriter.create(join(folder, name));
      for (const label of labels) await writer.add(Uint8Array.of(label + 1), label);
      await writer.close();
    }
    const source = await openImages(join(folder, 'some.rec'), silent);
    expect([source.size, source.classNames, [...source.labels]]).toEqual([2, ['4', '7'], [0, 1]]);
    expect([...(await source.get(1)).bytes]).toEqual([8]);
    await source.close();
    await expect(openImages(join(folder, 'none.rec'), silent)).rejects.toThrow(
      /^None of the 2 images in '.*none\.rec' has a class/,
    );
  });

  it('finds the verification set in the folder of a training set', async () => {
    expect(await findVerificationSet(join(folder, 'set'))).toBeNull();
    await writeFile(join(folder, 'set', 'lfw.bin'), '');
    expect(await findVerificationSet(join(folder, 'set'))).toBe(join(folder, 'set', 'lfw.bin'));
    expect(await findVerificationSet(join(folder, 'set', 'train.rec'))).toBe(join(folder, 'set', 'lfw.bin'));
  });
});

it('finds out the size and the colours of images', async () => {
  const [colour, grey] = await Promise.all(
    ['faces', 'grey'].map(async (name) => inspectImages(await openImages(join(folder, name), silent), {})),
  );
  expect(colour).toEqual({
    imageCount: 6,
    personCount: 3,
    side: 24,
    channels: 3,
    imagesOfPerson: new Uint32Array([2, 2, 2]),
  });
  expect(grey).toEqual({
    imageCount: 4,
    personCount: 2,
    side: 18,
    channels: 1,
    imagesOfPerson: new Uint32Array([2, 2]),
  });
});

describe('openPairSet', () => {
  it.each([
    ['table.csv', 'a.png,b.png,1,0\nc.png,d.png,0,1\n', 'a.png'],
    ['table.txt', '1 a.png b.png\n0 c.png d.png\n', 'a.png'],
    ['pairs.txt', '1\nAda\t1\t2\nAda\t1\tBob\t1\n', 'Ada/Ada_0001.jpg'],
    // The file extension of the existing images.
    ['lfw/pairs.txt', 'Ada\t1\t2\nAda\t1\tBob\t1\n', 'Ada/Ada_0001.png'],
  ])('recognizes the format of %s', async (name, text, first) => {
    const path = join(folder, name);
    await writeFile(path, text);
    const { isSame, images } = await openPairSet(path);
    expect([...isSame]).toEqual([1, 0]);
    const missing = await images.get(0).then(
      ({ origin }) => origin,
      (error: Error) => error.message,
    );
    expect(missing).toContain(first);
  });

  it('notes lines that are no pairs, and pairs that occur twice', async () => {
    const path = join(folder, 'notes.csv');
    const pair = 'faces/person-0/image-0.png,faces/person-0/image-1.png,match';
    const other = 'faces/person-0/image-0.png,faces/person-1/image-0.png,mismatch';
    await writeFile(path, `one,other,verdict\n# first\n\n${pair}\n#\n${other}\n${pair}\n`);
    const notes: string[] = [];
    const { isSame, images, pairs } = await openPairSet(path, undefined, {
      ...silent,
      note: (line) => notes.push(line),
    });
    expect([...isSame]).toEqual([1, 0, 1]);
    // Each image is there once.
    expect([images.size, ...pairs]).toEqual([3, 0, 1, 0, 2, 0, 1]);
    expect((await images.get(2)).bytes.length).toBeGreaterThan(8);
    expect(notes).toEqual([
      'notes.csv: 3 rows, skipped header line 1, comment lines (2), blank line 3',
      'notes.csv: 1 of 3 pairs repeat an earlier one.',
    ]);
  });

  it.each([
    ['missing.txt', undefined, /^There is no file '.*missing\.txt'\.$/],
    ['faces', undefined, /^There is no file '.*faces'\.$/],
    ['table.csv', 'nowhere', /^There is no folder 'nowhere'\.$/],
    ['bad.bin', undefined, /bad\.bin/],
    ['bad.csv', undefined, /bad\.csv/],
  ])('rejects %s in %s', async (name, images, message) => {
    for (const bad of ['bad.bin', 'bad.csv']) await writeFile(join(folder, bad), 'nonsense\n');
    await expect(openPairSet(join(folder, name), images)).rejects.toThrow(message);
  });
});

describe('openImagePaths', () => {
  it('lists files and everything below folders in natural order', async () => {
    const single = join(folder, 'grey', 'person-1', 'image-1.png');
    const source = await openImagePaths([single, join(folder, 'faces')], silent);
    const { paths } = source;
    expect(paths).toHaveLength(7);
    expect(paths[0]).toBe(single);
    expect(paths[6]).toBe(join(folder, 'faces', 'person-2', 'image-1.png'));
    expect((await source.get(0)).bytes.length).toBeGreaterThan(8);
  });

  it('skips hidden files and folders, and folders named like images', async () => {
    const visit = join(folder, 'visit');
    for (const path of ['.trash', 'album.jpg']) await mkdir(join(visit, path), { recursive: true });
    for (const path of ['a.jpg', '._a.jpg', '.trash/b.jpg', 'album.jpg/c.JPG']) {
      await writeFile(join(visit, path), '');
    }
    expect((await openImagePaths([visit], silent)).paths).toEqual([
      join(visit, 'a.jpg'),
      join(visit, 'album.jpg', 'c.JPG'),
    ]);
  });

  it('reports missing paths and folders without images', async () => {
    await expect(openImagePaths(['nowhere'], silent)).rejects.toThrow(
      "There is no file or folder 'nowhere'.",
    );
    await mkdir(join(folder, 'empty'), { recursive: true });
    await expect(openImagePaths([join(folder, 'empty')], silent)).rejects.toThrow(/has no images \(\.jpg, /);
    await expect(imageFileSource(['nowhere']).get(0)).rejects.toThrow("There is no file 'nowhere'.");
    await expect(imageFileSource([folder]).get(0)).rejects.toThrow(/cannot be read: it is a folder/);
  });
});
