import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { recordOutput } from '../__fixtures__/record-output.ts';
import { openPhotos } from './open-photos.ts';

let folder = '';
const at = (...path: string[]) => join(folder, ...path);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'openset-photos-'));
  for (const path of [
    'home/ada/1.jpg',
    'home/ada/deep/2.jpg',
    'home/3.jpg',
    'work/ada/1.jpg',
    'more/home/4.jpg',
  ]) {
    await mkdir(at(path, '..'), { recursive: true });
    await writeFile(at(path), path);
  }
  await writeFile(
    at('list.csv'),
    'path,label\nhome/ada/1.jpg,Ada\n../x/./b.jpg,Bob\n/abs/c.jpg,Bob\nhome/ada/1.jpg,Ada\n',
  );
});
afterAll(() => rm(folder, { recursive: true }));

const namesOf = async (...paths: string[]) =>
  (
    await openPhotos(
      paths.map((path) => at(path)),
      recordOutput(),
    )
  ).names;

it('names photos of a folder relative to it', async () => {
  expect(await namesOf('home')).toEqual(['3.jpg', 'ada/1.jpg', 'ada/deep/2.jpg']);
});

it('names photos of several folders and files by the last part of the paths', async () => {
  expect(await namesOf('work', 'home/3.jpg')).toEqual(['work/ada/1.jpg', '3.jpg']);
});

it('refuses two photos of one name', async () => {
  await expect(namesOf('home/ada/1.jpg', 'work/ada/1.jpg')).rejects.toThrow(
    /The crops of '.*home\/ada\/1\.jpg' and '.*work\/ada\/1\.jpg' would both be named '1\.jpg'/,
  );
  await expect(namesOf('home/3.jpg', 'home/3.jpg')).rejects.toThrow(/is given twice/);
});

it('reads a list with its people, each photo once, and keeps its paths inside the folder of the crops', async () => {
  const { names, people, paths } = await openPhotos([at('list.csv')], recordOutput());
  expect(names).toEqual(['home/ada/1.jpg', 'x/b.jpg', 'abs/c.jpg']);
  expect(people).toEqual(['Ada', 'Bob', 'Bob']);
  expect(paths).toEqual([null, null, null]);
});
