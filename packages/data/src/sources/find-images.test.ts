import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataError } from '@openset/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeNamedFiles } from './__fixtures__/named-files.ts';
import { findImages } from './find-images.ts';
import { describeLeftOut } from './left-out-files.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'openset-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const make = (...paths: string[]) => writeNamedFiles(folder, ...paths);

/** Makes a file with a path of bytes: characters up to U+00FF stand for bytes. */
async function makeBytes(path: string) {
  const full = Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(path, 'latin1')]);
  const end = full.lastIndexOf('/');
  await mkdir(full.subarray(0, end), { recursive: true });
  await writeFile(full, path);
}

async function find() {
  const { paths, leftOut } = await findImages(folder);
  return { paths, leftOut: describeLeftOut(leftOut.toCounts()) };
}

describe('findImages', () => {
  it('finds images in natural order, in each folder first the files', async () => {
    await make('b/10.jpg', 'b/9.JPG', 'b/a/1.png', 'b2/1.webp', 'b10/x.heic', '3.gif', 'b/z.tiff');
    expect(await find()).toEqual({
      paths: ['3.gif', 'b/9.JPG', 'b/10.jpg', 'b/z.tiff', 'b/a/1.png', 'b2/1.webp', 'b10/x.heic'],
      leftOut: null,
    });
  });

  it.each([
    ...[
      '@eaDir',
      '@EADIR',
      '#recycle',
      '#Snapshot',
      '@Recycle',
      '@Recently-Snapshot',
      '.@__thumb',
      '@__thumb',
    ],
    ...['$RECYCLE.BIN', '$Recycle.Bin', 'System Volume Information', 'found.000', '__MACOSX', '.Trashes'],
    ...[
      'Network Trash Folder',
      'Temporary Items',
      'lost+found',
      'RECYCLER',
      '_vti_cnf',
      '.thumbnails',
      '.git',
      '.AppleDouble',
    ],
  ])('passes a folder %s at every depth', async (name) => {
    await make('A/1.jpg', `${name}/1.jpg`, `A/${name}/2.jpg`, `A/deep/${name}/x/3.svg`, `A/deep/4.jpg`);
    expect(await find()).toEqual({ paths: ['A/1.jpg', 'A/deep/4.jpg'], leftOut: null });
    expect((await findImages(folder)).folders).toEqual(['A']);
  });

  it.each([
    ...[
      'desktop.ini',
      'Desktop.ini',
      'Thumbs.db',
      'THUMBS.DB',
      'ehthumbs.db',
      '.DS_Store',
      '._1.jpg',
      'Icon\r',
    ],
    ...['.picasa.ini', 'Picasa.ini', 'ZbThumbnail.info', '.nomedia', '.directory'],
  ])('does not count a file %j at any depth', async (name) => {
    await make('A/1.jpg', name, `A/${name}`, `A/deep/${name}`, '@eaDir/1.jpg/SYNOFILE_THUMB_M.jpg');
    expect(await find()).toEqual({ paths: ['A/1.jpg'], leftOut: null });
  });

  it('keeps names that only resemble those of systems', async () => {
    const names = [
      '#1',
      '$name',
      '@jane',
      '__x',
      'found',
      'found.1',
      'lost',
      'recycled',
      'thumbs',
      'Thumbs.db.jpg',
    ];
    await make(...names.map((name) => (name.endsWith('.jpg') ? `A/${name}` : `${name}/1.jpg`)));
    expect((await find()).paths).toHaveLength(names.length);
  });

  it('counts every other file', async () => {
    await make(
      'A/1.jpg',
      'A/2.svg',
      'B/3.svg',
      '4.CR2',
      'A/notes.txt',
      'README',
      'A/.hidden.png',
      'A/.x.txt',
    );
    await symlink('nowhere', join(folder, 'A', '5.jpg'));
    await symlink('6.jpg', join(folder, 'A', '6.jpg'));
    expect(await find()).toEqual({
      paths: ['A/1.jpg'],
      leftOut: '2 .svg, 1 .cr2, 2 other, 1 hidden image, 2 broken links',
    });
  });

  it.runIf(process.platform !== 'win32')('counts what is neither file nor folder as other', async () => {
    await make('A/1.jpg');
    execFileSync('mkfifo', [join(folder, 'A', 'pipe.jpg')]);
    await symlink('pipe.jpg', join(folder, 'A', 'link.png'));
    expect(await find()).toEqual({ paths: ['A/1.jpg'], leftOut: '2 other' });
  });

  it('visits each folder once', async () => {
    await make('a/1.jpg', 'elsewhere/.x/b/2.jpg', 'elsewhere/.x/b/3.svg');
    await symlink(folder, join(folder, 'a', 'loop'));
    await symlink('.', join(folder, 'a', 'self'));
    await symlink(join('elsewhere', '.x', 'b'), join(folder, 'b'));
    await symlink('b', join(folder, 'c'));
    await symlink('1.jpg', join(folder, 'a', '4.jpg'));
    expect(await find()).toEqual({ paths: ['a/1.jpg', 'a/4.jpg', 'b/2.jpg'], leftOut: '1 .svg' });
    expect((await findImages(folder)).folders).toEqual(['a', 'b', 'elsewhere']);
  });

  it('gives the same order in every Unicode form', async () => {
    const names = ['Zoe', 'Zo\u00eb', 'Zof', 'Zo\u00e9'];
    await make(...names.map((name) => `${name}/${name}.jpg`));
    const composed = (await find()).paths;
    await rm(folder, { recursive: true });
    await make(...names.map((name) => `${name}/${name}.jpg`.normalize('NFD')));
    const decomposed = (await find()).paths;
    expect(composed).toEqual([
      'Zoe/Zoe.jpg',
      'Zof/Zof.jpg',
      'Zo\u00e9/Zo\u00e9.jpg',
      'Zo\u00eb/Zo\u00eb.jpg',
    ]);
    expect(decomposed.map((path) => path.normalize('NFC'))).toEqual(composed);
  });

  it('names a folder that cannot be read', async () => {
    await make('a.jpg');
    await expect(findImages(join(folder, 'none'))).rejects.toThrow(`${join(folder, 'none')}: cannot be read`);
    await expect(findImages(join(folder, 'a.jpg'))).rejects.toThrow('a.jpg: cannot be read (ENOTDIR');
  });
});

// Names on macOS and Windows are text, not bytes.
describe.runIf(process.platform === 'linux')('findImages with names that are not UTF-8', () => {
  it('finds them, in files and folders, and refuses to read them', async () => {
    await make('A/1.jpg', 'A/\u00e9.jpg');
    // Latin-1, Shift JIS, the first half of a character, an overlong form, a lone surrogate.
    for (const path of ['A/Jos\xe9.png', 'B\xe9/x/1.jpg', 'C/\x83\x89.gif', 'C/\xc3.jpg', 'C/\xc0\xaf.jpg']) {
      await makeBytes(path);
    }
    await makeBytes('C/\xed\xa0\x80.jpg');
    const { paths, readFile, leftOut } = await findImages(folder);
    const bad = ['A/Jos\\xE9.png', 'B\\xE9/x/1.jpg', 'C/\\x83\\x89.gif', 'C/\\xC3.jpg', 'C/\\xC0\\xAF.jpg'];
    bad.push('C/\\xED\\xA0\\x80.jpg');
    expect([...paths].sort()).toEqual(['A/1.jpg', 'A/\u00e9.jpg', ...bad].sort());
    expect(describeLeftOut(leftOut.toCounts())).toBeNull();
    for (const path of bad) {
      await expect(readFile(path)).rejects.toThrow(DataError);
      await expect(readFile(path)).rejects.toThrow(`${join(folder, path)}: the name is not UTF-8. Rename`);
    }
    expect(new TextDecoder().decode(await readFile('A/\u00e9.jpg'))).toBe('A/\u00e9.jpg');
  });

  it('keeps the characters around the bytes', async () => {
    await makeBytes('A/\u00e9\xff\u00e9.jpg'.replaceAll('\u00e9', '\xc3\xa9'));
    expect((await find()).paths).toEqual(['A/\u00e9\\xFF\u00e9.jpg']);
  });

  it('counts other files and follows links with such names', async () => {
    await make('A/1.jpg', 'elsewhere/.x/2.jpg');
    await makeBytes('A/n\xe9.txt');
    await makeBytes('A/n\xe9.svg');
    await makeBytes('A/.\xe9.jpg');
    const link = (name: string) => Buffer.concat([Buffer.from(`${folder}/A/`), Buffer.from(name, 'latin1')]);
    await symlink('1.jpg', link('\xe9.jpg'));
    await symlink(join(folder, 'elsewhere', '.x'), link('\xe8'));
    await symlink('nowhere', link('\xea.jpg'));
    expect(await find()).toEqual({
      paths: ['A/1.jpg', 'A/\\xE9.jpg', 'A/\\xE8/2.jpg'],
      leftOut: '1 .svg, 1 other, 1 hidden image, 1 broken link',
    });
  });
});
