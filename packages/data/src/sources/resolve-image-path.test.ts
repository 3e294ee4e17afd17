import { chmod, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataError } from '@openset/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeNamedFiles } from './__fixtures__/named-files.ts';
import { FolderNames, findImagePath, resolveImagePath } from './resolve-image-path.ts';

const composed = 'Jos\u00e9';
const decomposed = 'Jose\u0301';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'openset-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const make = (...paths: string[]) => writeNamedFiles(folder, ...paths);

describe('resolveImagePath', () => {
  it('takes a path as written', async () => {
    await make('A/1.jpg', 'b c/Ünï ", é.png');
    expect(await resolveImagePath(folder, 'A/1.jpg')).toBe(join(folder, 'A/1.jpg'));
    expect(await resolveImagePath(folder, './A//../A/1.jpg')).toBe(join(folder, 'A/1.jpg'));
    expect(await resolveImagePath('elsewhere', join(folder, 'A/1.jpg'))).toBe(join(folder, 'A/1.jpg'));
    expect(await resolveImagePath(join(folder, 'A'), '../b c/Ünï ", é.png')).toBe(
      join(folder, 'b c/Ünï ", é.png'),
    );
  });

  it('takes backslashes as separators', async () => {
    await make('A/b/1.jpg', `${decomposed}/2.jpg`);
    for (const path of ['A\\b\\1.jpg', '.\\A\\b\\1.jpg', 'A\\b/1.jpg', 'A\\..\\A\\b\\1.jpg']) {
      expect(await resolveImagePath(folder, path)).toBe(join(folder, 'A/b/1.jpg'));
    }
    expect(await resolveImagePath(folder, `${composed}\\2.jpg`)).toBe(join(folder, decomposed, '2.jpg'));
  });

  it('prefers the file whose name has a backslash', async () => {
    if (process.platform === 'win32') return;
    await make('A/1.jpg', 'A\\1.jpg');
    expect(await resolveImagePath(folder, 'A\\1.jpg')).toBe(join(folder, 'A\\1.jpg'));
  });

  it.each([
    [composed, decomposed],
    [decomposed, composed],
  ])('finds a name in the other Unicode form, in folder and file', async (listed, stored) => {
    await make(`${stored}/deep/${stored} 1.jpg`);
    expect(await resolveImagePath(folder, `${listed}/deep/${listed} 1.jpg`)).toBe(
      join(folder, stored, 'deep', `${stored} 1.jpg`),
    );
    expect(await resolveImagePath('elsewhere', join(folder, listed, 'deep', `${listed} 1.jpg`))).toBe(
      join(folder, stored, 'deep', `${stored} 1.jpg`),
    );
  });

  it('looks in all folders whose names are equal, the one as written first', async () => {
    await make(`${composed}/1.jpg`, `${decomposed}/2.jpg`);
    expect(await resolveImagePath(folder, `${composed}/2.jpg`)).toBe(join(folder, decomposed, '2.jpg'));
    expect(await resolveImagePath(folder, `${decomposed}/1.jpg`)).toBe(join(folder, composed, '1.jpg'));
    await make(`${decomposed}/1.jpg`);
    // macOS has one folder for both names.
    const isOne = process.platform === 'darwin';
    const expected = join(folder, isOne ? composed : decomposed, '1.jpg');
    expect((await resolveImagePath(folder, `${decomposed}/1.jpg`)).normalize()).toBe(expected.normalize());
  });

  it('refuses a missing file, a folder and a broken link, with the path as in the list', async () => {
    await make('A/1.jpg');
    await symlink('nowhere', join(folder, 'A/3.jpg'));
    for (const path of [
      'A/2.jpg',
      'A',
      'A/3.jpg',
      'A/1.jpg/x',
      'C:\\A\\1.jpg',
      '',
      'a\0b',
      'x'.repeat(300),
    ]) {
      expect(await findImagePath(folder, path)).toBeNull();
      await expect(resolveImagePath(folder, path)).rejects.toThrow(DataError);
      await expect(resolveImagePath(folder, path)).rejects.toThrow(
        `There is no file '${path}' in the folder '${folder}'.`,
      );
    }
  });

  it('never guesses upper and lower case, but names the file', async () => {
    await make(`${decomposed}/Image.JPG`);
    const path = `${composed.toLowerCase()}/image.jpg`;
    const names = new FolderNames();
    // File systems of macOS and Windows ignore case.
    if (await findImagePath(folder, `${decomposed}/image.jpg`, names)) return;
    expect(await findImagePath(folder, path, names)).toBeNull();
    await expect(resolveImagePath(folder, path, names)).rejects.toThrow(
      `Did you mean '${join(folder, decomposed, 'Image.JPG')}'?`,
    );
  });

  it('reads each folder once for all paths of a list', async () => {
    await make(`${decomposed}/1.jpg`);
    const names = new FolderNames();
    expect(await findImagePath(folder, `${composed}/1.jpg`, names)).not.toBeNull();
    await rm(join(folder, decomposed), { recursive: true });
    expect(await names.findSimilar(folder, composed)).toEqual([decomposed]);
    expect(await findImagePath(folder, `${composed}/1.jpg`, names)).toBeNull();
  });

  it('leaves a path without access to the reader', async () => {
    await make('A/1.jpg');
    await chmod(join(folder, 'A'), 0);
    // An administrator has access to everything; Windows has no such modes.
    expect(await resolveImagePath(folder, 'A/1.jpg')).toBe(join(folder, 'A/1.jpg'));
    await chmod(join(folder, 'A'), 0o700);
  });
});
