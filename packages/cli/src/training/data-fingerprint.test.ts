import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { plainSource } from '../__fixtures__/plain-source.ts';
import { checkSameData, fingerprintOf } from './data-fingerprint.ts';

let folder: string;
let path: string;
const source = plainSource([0, 0, 1, 1]);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'openset-fingerprint-'));
  path = join(folder, 'data.json');
  await writeFile(path, JSON.stringify(fingerprintOf(source)));
});
afterAll(() => rm(folder, { recursive: true }));

it('knows the same images again', async () => {
  await expect(checkSameData(path, plainSource([0, 0, 1, 1]), 'faces')).resolves.toBeUndefined();
});

it.each([
  [
    'an image more',
    plainSource([0, 0, 1, 1, 1]),
    /it had 4 images of 2 people, and has 5 images of 2 people\. Going/,
  ],
  [
    'another person',
    plainSource([0, 0, 1, 2]),
    /and has 4 images of 3 people\. Going on would train on people who/,
  ],
  ['other numbers of images', plainSource([0, 1, 1, 1]), /and has 4 images of 2 people, but not the same\./],
  [
    'other names',
    { ...source, classNames: ['Ada', 'Bob'] },
    /, but not the same\. .* another run with --out\.$/,
  ],
])('refuses %s', async (_, changed, message) => {
  await expect(checkSameData(path, changed, 'faces')).rejects.toThrow(message);
  await expect(checkSameData(path, changed, 'faces')).rejects.toThrow(
    /^'faces' is not what the run began with: /,
  );
});

it('lets a run go on that has kept none', async () => {
  await expect(checkSameData(join(folder, 'none'), plainSource([0]), 'faces')).resolves.toBeUndefined();
});

it('says that it is damaged', async () => {
  const damaged = join(folder, 'damaged.json');
  await writeFile(damaged, '{');
  await expect(checkSameData(damaged, source, 'faces')).rejects.toThrow(/damaged\.json is not JSON/);
});
