import { hash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataError } from '@openset/core';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { defaultCacheFolder, FeatureCache } from './feature-cache.ts';

const key = (name: string) => new Uint8Array(hash('sha256', name, 'buffer')).subarray(0, 16);
const facts = { network: 'abc', backend: 'cpu' };
const row = (value: number) => Float32Array.of(value, value + 0.5, -value);

let root: string;
const opened: FeatureCache[] = [];
async function open(otherFacts: Record<string, string> = facts): Promise<FeatureCache> {
  const cache = await FeatureCache.open(root, otherFacts, 3);
  opened.push(cache);
  return cache;
}
async function values(cache: FeatureCache, name: string): Promise<number[] | string> {
  const number = cache.find(key(name));
  if (number === undefined) return 'missing';
  const target = new Float32Array(3);
  return (await cache.read(number, target)) ? [...target] : 'damaged';
}
async function filesOf(cache: FeatureCache, extension: string): Promise<string[]> {
  const names = await readdir(cache.folder);
  return names.filter((name) => name.endsWith(extension)).map((name) => join(cache.folder, name));
}

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'openset-test-'));
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((cache) => cache.close()));
  await rm(root, { recursive: true });
});

it('returns rows that this process and earlier ones appended', async () => {
  const first = await open();
  expect(await values(first, 'a')).toBe('missing');
  await first.append([key('a'), key('b')], Float32Array.of(...row(1), ...row(2)));
  await first.append([key('c')], row(3));
  expect(await values(first, 'c')).toEqual([3, 3.5, -3]);
  const second = await open();
  expect(second.size).toBe(3);
  expect(await values(second, 'a')).toEqual([1, 1.5, -1]);
  expect(await values(second, 'b')).toEqual([2, 2.5, -2]);
  await second.append([key('d')], row(4));
  expect(await values(await open(), 'd')).toEqual([4, 4.5, -4]);
  expect(await values(second, 'c')).toEqual([3, 3.5, -3]);
});

it('writes nothing but its facts until a row is appended', async () => {
  const cache = await open();
  expect(await readdir(cache.folder)).toEqual(['facts.json']);
  expect(JSON.parse(await readFile(join(cache.folder, 'facts.json'), 'utf8'))).toMatchObject(facts);
});

it('keeps the features of other networks apart', async () => {
  await (await open()).append([key('a')], row(1));
  expect(await values(await open({ ...facts, network: 'abd' }), 'a')).toBe('missing');
});

it('lets two processes append at the same time', async () => {
  const [one, other] = [await open(), await open()];
  await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      (index % 2 ? one : other).append(
        [key(`${index}`), key('both')],
        Float32Array.of(...row(index), ...row(99)),
      ),
    ),
  );
  const third = await open();
  for (let index = 0; index < 20; index++) {
    expect(await values(third, `${index}`)).toEqual([...row(index)]);
  }
  expect(await values(third, 'both')).toEqual([...row(99)]);
});

it('treats damaged rows as missing', async () => {
  const cache = await open();
  await cache.append([key('a'), key('b')], Float32Array.of(...row(1), ...row(2)));
  const [path] = await filesOf(cache, '.rows');
  const bytes = await readFile(path!);
  bytes[5]! ^= 1;
  await writeFile(path!, bytes);
  const again = await open();
  expect(await values(again, 'a')).toBe('damaged');
  expect(await values(again, 'b')).toEqual([2, 2.5, -2]);
  await again.append([key('a')], row(7));
  expect(await values(again, 'a')).toEqual([7, 7.5, -7]);
  expect(await values(await open(), 'b')).toEqual([2, 2.5, -2]);
});

it('ignores damaged entries, and what a crash cut off', async () => {
  const cache = await open();
  await cache.append([key('a'), key('b'), key('c')], Float32Array.of(...row(1), ...row(2), ...row(3)));
  const [index] = await filesOf(cache, '.index');
  const bytes = await readFile(index!);
  bytes[3]! ^= 1;
  await writeFile(index!, bytes.subarray(0, bytes.length - 2));
  const cut = await open();
  expect([await values(cut, 'a'), await values(cut, 'b'), await values(cut, 'c')]).toEqual([
    'missing',
    [2, 2.5, -2],
    'missing',
  ]);
  const [rows] = await filesOf(cache, '.rows');
  await truncate(rows!, 20);
  expect(await values(await open(), 'b')).toBe('missing');
});

it('reports a folder that cannot be created', async () => {
  await writeFile(join(root, 'file'), '');
  const failed = FeatureCache.open(join(root, 'file'), facts, 3);
  await expect(failed).rejects.toThrow(DataError);
  await expect(failed).rejects.toThrow(/--feature-cache/);
});

it('is in the cache folder of the user', () => {
  expect(defaultCacheFolder({ XDG_CACHE_HOME: '/var/cache/me' })).toBe('/var/cache/me/openset');
  expect(defaultCacheFolder({})).toBe(join(homedir(), '.cache', 'openset'));
  expect(defaultCacheFolder({ XDG_CACHE_HOME: 'relative' })).toBe(join(homedir(), '.cache', 'openset'));
});
