import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { plainSource } from '../__fixtures__/plain-source.ts';
import { checkSameData, fingerprintImages } from './data-fingerprint.ts';

let folder: string;
let path: string;
const source = plainSource([0, 0, 1, 1]);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'openset-fingerprint-'));
  path = join(folder, 'data.json');
  await writeFile(path, JSON.stringify(fingerprintImages(source)));
});
afterAll(() => rm(folder, { recursive: true }));

it('accepts the same images', async () => {
  await expect(checkSameData(path, plainSource([0, 0, 1, 1]), 'faces')).resolves.toBeUndefined();
});

it.each([
  [
    'an image more',
    plainSource([0, 0, 1, 1, 1]),
    /it had 4 images of 2 people, now it has 5 images of 2 people\. Resuming/,
  ],
  [
    'another person',
    plainSource([0, 0, 1, 2]),
    /now it has 4 images of 3 people\. Resuming would train on people who/,
  ],
  [
    'other numbers of images',
    plainSource([0, 1, 1, 1]),
    /now it has 4 images of 2 people, but not the same\./,
  ],
  [
    'other names',
    { ...source, classNames: ['Ada', 'Bob'] },
    /, but not the same\. .* another run with --out\.$/,
  ],
])('rejects %s', async (_, changed, message) => {
  await expect(checkSameData(path, changed, 'faces')).rejects.toThrow(message);
  await expect(checkSameData(path, changed, 'faces')).rejects.toThrow(
    /^'faces' has changed since the run started: /,
  );
});

it('does not check a run without a fingerprint', async () => {
  await expect(checkSameData(join(folder, 'none'), plainSource([0]), 'faces')).resolves.toBeUndefined();
});

it('reports a damaged fingerprint', async () => {
  const damaged = join(folder, 'damaged.json');
  await writeFile(damaged, '{');
  await expect(checkSameData(damaged, source, 'faces')).rejects.toThrow(/damaged\.json is not JSON/);
});
