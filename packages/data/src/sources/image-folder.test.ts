import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DataError } from '@openset/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openImageFolder } from './image-folder.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'openset-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function make(...paths: string[]) {
  for (const path of paths) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), path);
  }
}

describe('openImageFolder', () => {
  it('makes each folder a class, in natural order', async () => {
    await make('p10/a.jpg', 'p2/b10.jpg', 'p2/b9.PNG', 'p2/deeper/c.jpeg', 'p2/notes.txt', 'p2/.hidden.jpg');
    await make('.git/x.jpg', 'README.jpg');
    await mkdir(join(folder, 'empty'));
    const source = await openImageFolder(folder);
    expect(source.paths).toEqual(['p2/b9.PNG', 'p2/b10.jpg', 'p2/deeper/c.jpeg', 'p10/a.jpg']);
    expect(source.classNames).toEqual(['p2', 'p10']);
    expect([...source.labels]).toEqual([0, 0, 0, 1]);
    const record = await source.get(3);
    expect(new TextDecoder().decode(record.bytes)).toBe('p10/a.jpg');
    expect(record).toMatchObject({ label: 1, origin: 'p10/a.jpg' });
    await expect(source.get(4)).rejects.toThrow(RangeError);
    await source.close();
  });

  it('accepts a single class, other extensions and the class names of another set', async () => {
    await make('only/a.tif');
    const options = { extensions: ['.tif'], classNames: ['first', 'only'] };
    expect([...(await openImageFolder(folder, options)).labels]).toEqual([1]);
    expect((await openImageFolder(folder, { extensions: ['.tif'] })).classNames).toEqual(['only']);
  });

  it('follows links without looping', async () => {
    await make('a/1.jpg', 'elsewhere/.x/b/2.jpg');
    await symlink(folder, join(folder, 'a', 'loop'));
    await symlink(join(folder, 'a'), join(folder, 'a', 'self'));
    await symlink('nowhere', join(folder, 'a', 'broken.jpg'));
    await symlink('round', join(folder, 'a', 'round'));
    await symlink(join(folder, 'elsewhere', '.x', 'b'), join(folder, 'b'));
    await symlink(join(folder, 'a', '1.jpg'), join(folder, 'a', '3.jpg'));
    expect((await openImageFolder(folder)).paths).toEqual(['a/1.jpg', 'a/3.jpg', 'b/2.jpg']);
  });

  it('reports missing and misplaced images', async () => {
    await expect(openImageFolder(folder)).rejects.toThrow(DataError);
    await expect(openImageFolder(folder)).rejects.toThrow('found no images (.jpg, .jpeg, .png, .webp, .bmp)');
    await make('1.jpg');
    await expect(openImageFolder(folder)).rejects.toThrow('but 1 outside of them; put each class into');
    await expect(openImageFolder(join(folder, 'none'))).rejects.toThrow(DataError);
    await expect(openImageFolder(join(folder, '1.jpg'))).rejects.toThrow(DataError);
  });

  it('names an image that was deleted', async () => {
    await make('a/1.jpg');
    const source = await openImageFolder(folder);
    await rm(join(folder, 'a', '1.jpg'));
    await expect(source.get(0)).rejects.toThrow('1.jpg: cannot be read (ENOENT');
  });
});
