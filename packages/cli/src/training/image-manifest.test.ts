import { mkdir, mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataError } from '@openset/core';
import { openImageFolder } from '@openset/data/node';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ContentHashes, contentHash, hashImages } from '../images/content-hashes.ts';
import { describeImages, type ImageManifest, readManifest, writeManifest } from './image-manifest.ts';
import { resumeImages } from './resume-images.ts';

let folder: string;
const at = (...path: string[]) => join(folder, ...path);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'openset-manifest-'));
  for (const person of ['A', 'B']) {
    await mkdir(at('set', person), { recursive: true });
    for (let index = 0; index < 12; index++)
      await writeFile(at('set', person, `${index}.png`), `${person}${index}`);
  }
});
afterAll(() => rm(folder, { recursive: true }));

it('describes the files of a set, with hashes of those that were read', async () => {
  const { source, hashes } = hashImages(await openImageFolder(at('set')));
  await source.get(1);
  await utimes(at('set', 'A', '0.png'), 1000, 1234.5678);
  const { images, ...set } = await describeImages(source, at('set'), [3], hashes);
  expect(set).toEqual({ classNames: ['A', 'B'], unused: [3], records: null });
  expect(images).toHaveLength(24);
  expect(images?.[0]).toEqual({ path: 'A/0.png', label: 0, file: { size: 2, modified: 1_234_567 } });
  expect(images?.[1]?.file?.hash).toBe(contentHash(new TextEncoder().encode('A1')));
  expect(images?.[23]).toMatchObject({ path: 'B/11.png', label: 1, file: { size: 3 } });
});

it('restores every name', async () => {
  const names = ['a/b.png', 'a\nb', '"', '\\', 'Jose\u0301', '\u2028', '', '😀', '[1]'];
  const manifest: ImageManifest = {
    classNames: names,
    unused: [0, 8],
    images: names.map((path, label) => ({
      path,
      label,
      file:
        label === 0
          ? null
          : { size: label, modified: 1_700_000_000_000, ...(label > 4 ? { hash: 'ab' } : {}) },
    })),
    records: null,
  };
  await writeManifest(at('images.jsonl'), manifest);
  expect(await readManifest(at('images.jsonl'))).toEqual(manifest);
  expect((await readFile(at('images.jsonl'), 'utf8')).split('\n')).toHaveLength(names.length + 2);
  const records: ImageManifest = {
    classNames: ['0'],
    unused: [],
    images: null,
    records: { size: 5, modified: 6 },
  };
  await writeManifest(at('records.jsonl'), records);
  expect(await readManifest(at('records.jsonl'))).toEqual(records);
  expect(await readManifest(at('missing.jsonl'))).toBeNull();
});

it.each([
  ['', 1],
  ['{}', 1],
  ['{"classNames":[],"unused":[],"records":null,"images":1}', 2],
  ['{"classNames":[],"unused":[],"records":null,"images":1}\n["a",0,1]', 2],
  ['{"classNames":[],"unused":[],"records":null,"images":1}\n["a",0,1,2', 2],
])('rejects a damaged file: %s', async (text, line) => {
  await writeFile(at('damaged.jsonl'), text);
  const reading = readManifest(at('damaged.jsonl'));
  await expect(reading).rejects.toThrow(DataError);
  await expect(reading).rejects.toThrow(
    new RegExp(`damaged\\.jsonl' is damaged in line ${line}: [^]* Delete it to resume`),
  );
});

it('keeps the images of the start in their order, whatever the set is now', async () => {
  const source = await openImageFolder(at('set'));
  const manifest = await describeImages(source, at('set'), [1, 14], new ContentHashes(24));
  await rm(at('set', 'A', '1.png'));
  await rm(at('set', 'A', '2.png'));
  await writeFile(at('set', 'A', 'new.png'), 'x');
  await writeFile(at('set', 'B', '3.png'), 'larger');
  await utimes(at('set', 'B', '4.png'), 1, 1);
  const resumed = await resumeImages(manifest, await openImageFolder(at('set')), at('set'));
  expect(resumed.source.size).toBe(22);
  expect([...resumed.missing]).toEqual(['A/2.png']);
  expect(resumed.changes).toEqual([
    '1 image missing since the run started, skipped:\n  A/2.png',
    // Without hashes, a file with another time counts as replaced.
    '2 images replaced since the run started, used as now:\n  B/3.png\n  B/4.png',
    '1 image that could not be read when the run started, not used:\n  B/2.png',
    '1 image that could not be read when the run started is gone: no difference',
    '1 image added since the run started, not used',
  ]);
  await expect(resumed.source.get(1)).rejects.toThrow('A/2.png: it is missing since the run started.');
  for (const [index, text] of [
    [0, 'A0'],
    [2, 'A3'],
    [11, 'B0'],
    [13, 'larger'],
    [21, 'B11'],
  ] as const) {
    const { bytes, label, origin } = await resumed.source.get(index);
    expect([new TextDecoder().decode(bytes), label]).toEqual([text, index < 11 ? 0 : 1]);
    expect(resumed.source.origin?.(index)).toBe(origin);
  }
});
