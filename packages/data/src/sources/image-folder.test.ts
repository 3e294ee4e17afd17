import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataError } from '@openset/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeNamedFiles } from './__fixtures__/named-files.ts';
import { openImageFolder } from './image-folder.ts';
import { describeLeftOut } from './left-out-files.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'openset-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const make = (...paths: string[]) => writeNamedFiles(folder, ...paths);

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
    await expect(openImageFolder(folder)).rejects.toThrow('found no images (.jpg, .jpeg, .jfif, .png, ');
    await make('1.jpg');
    await expect(openImageFolder(folder)).rejects.toThrow('but 1 outside of them; put each class into');
    await make('a/1.svg', 'a/notes.txt', 'a/.2.jpg');
    await expect(openImageFolder(folder)).rejects.toThrow(
      'in 1 class folders, but 1 outside of them; put each class into its own folder. It has other files: 1 .svg, ' +
        '1 other, 1 hidden image.',
    );
    await expect(openImageFolder(join(folder, 'none'))).rejects.toThrow(DataError);
    await expect(openImageFolder(join(folder, '1.jpg'))).rejects.toThrow(DataError);
  });

  it('counts what is left out', async () => {
    await make('a/1.jpg', 'a/2.svg', 'a/x/3.CR2', 'b/1.jpg', 'empty/notes.txt', '3.jpg', '4.png', 'list.csv');
    await mkdir(join(folder, 'none'));
    await symlink('a', join(folder, 'link'));
    const { leftOut, paths } = await openImageFolder(folder);
    expect(paths).toEqual(['a/1.jpg', 'b/1.jpg']);
    expect(describeLeftOut(leftOut)).toBe(
      '1 .cr2, 1 .svg, 2 other, 2 images outside of class folders, 2 folders without images',
    );
  });

  it('takes folders of the system as no people', async () => {
    await make('a/1.jpg', 'a/@eaDir/1.jpg/SYNOPHOTO_THUMB_M.jpg', '@eaDir/1.jpg', '#recycle/b/1.jpg');
    await make(
      'lost+found/1.jpg',
      '__MACOSX/a/._1.jpg',
      '.thumbnails/1.jpg',
      '$RECYCLE.BIN/1.jpg',
      'Thumbs.db',
    );
    const { classNames, paths, leftOut } = await openImageFolder(folder);
    expect([classNames, paths, describeLeftOut(leftOut)]).toEqual([['a'], ['a/1.jpg'], null]);
  });

  it('takes the Unicode forms of a name as one class', async () => {
    if (process.platform === 'darwin') return; // There, both names are one folder.
    await make('Zo\u00eb/1.jpg', 'Zo\u00eb/2.jpg', 'Zoe\u0308/1.jpg', 'Zoe\u0308/3.svg', 'Zof/1.jpg');
    const source = await openImageFolder(folder);
    expect(source.classNames).toEqual(['Zof', 'Zo\u00eb']);
    expect([...source.labels]).toEqual([0, 1, 1, 1]);
    // The file of each form is read by its own path.
    const texts = await Promise.all(
      [0, 1, 2, 3].map(async (index) => new TextDecoder().decode((await source.get(index)).bytes)),
    );
    expect(texts).toEqual(source.paths);
    expect(texts.slice(1).sort()).toEqual(['Zoe\u0308/1.jpg', 'Zo\u00eb/1.jpg', 'Zo\u00eb/2.jpg']);
    expect(describeLeftOut(source.leftOut)).toBe('1 .svg');
    const given = ['Zoe\u0308', 'other', 'Zof'];
    expect([...(await openImageFolder(folder, { classNames: given })).labels]).toEqual([2, 0, 0, 0]);
  });

  // Names on macOS and Windows are text, not bytes.
  it.runIf(process.platform === 'linux')('has images whose names are not UTF-8, as errors', async () => {
    await make('a/1.jpg');
    await writeFile(Buffer.concat([Buffer.from(`${folder}/a/`), Buffer.from('Jos\xe9.png', 'latin1')]), '');
    const person = Buffer.concat([Buffer.from(`${folder}/`), Buffer.from('Ren\xe9', 'latin1')]);
    await mkdir(person);
    await writeFile(Buffer.concat([person, Buffer.from('/1.jpg')]), '');
    const source = await openImageFolder(folder);
    expect(source.paths).toEqual(['a/1.jpg', 'a/Jos\\xE9.png', 'Ren\\xE9/1.jpg'].sort());
    expect(source.classNames).toHaveLength(2);
    for (const [index, path] of source.paths.entries()) {
      if (path === 'a/1.jpg') continue;
      await expect(source.get(index)).rejects.toThrow(DataError);
      await expect(source.get(index)).rejects.toThrow(`${path}: the name is not UTF-8`);
    }
  });

  it('names an image that was deleted', async () => {
    await make('a/1.jpg');
    const source = await openImageFolder(folder);
    await rm(join(folder, 'a', '1.jpg'));
    await expect(source.get(0)).rejects.toThrow('1.jpg: cannot be read (ENOENT');
  });
});
