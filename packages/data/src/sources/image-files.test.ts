import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataError } from '@openset/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeNamedFiles } from './__fixtures__/named-files.ts';
import { openImageFiles } from './image-files.ts';
import { describeLeftOut } from './left-out-files.ts';

let folder: string;
const at = (path: string) => join(folder, path);
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'openset-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const make = (...paths: string[]) => writeNamedFiles(folder, ...paths);

describe('openImageFiles', () => {
  it('opens files as given and folders in natural order', async () => {
    await make(
      'x.raw',
      'Thumbs.db',
      'set/2.jpg',
      'set/10.jpg',
      'set/a/1.png',
      'set/a/2.svg',
      'set/@eaDir/1.jpg',
    );
    await make('more/1.gif', 'more/notes.txt', 'more/2.svg');
    const paths = ['x.raw', 'set', 'Thumbs.db', 'more', 'x.raw'].map(at);
    const source = await openImageFiles(paths);
    expect(source.paths).toEqual(
      ['x.raw', 'set/2.jpg', 'set/10.jpg', 'set/a/1.png', 'Thumbs.db', 'more/1.gif', 'x.raw'].map(at),
    );
    expect(source).toMatchObject({ size: 7, classNames: [], labels: new Int32Array(7).fill(-1) });
    expect(describeLeftOut(source.leftOut)).toBe('2 .svg, 1 other');
    for (const [index, path] of source.paths.entries()) {
      const { bytes, origin } = await source.get(index);
      expect([at(new TextDecoder().decode(bytes)), origin]).toEqual([path, path]);
    }
    await expect(source.get(7)).rejects.toThrow(RangeError);
    await source.close();
  });

  it('follows links to folders once', async () => {
    await make('set/1.jpg', 'elsewhere/2.jpg');
    await symlink(at('elsewhere'), at('set/link'));
    await symlink('.', at('set/loop'));
    expect((await openImageFiles([at('set')])).paths).toEqual([at('set/1.jpg'), at('set/link/2.jpg')]);
  });

  it('refuses missing paths and folders without images', async () => {
    await make('set/1.svg', 'other/1.jxl');
    await expect(openImageFiles([at('none')])).rejects.toThrow(DataError);
    await expect(openImageFiles([at('other'), at('set')])).rejects.toThrow(
      /other' has no images .*: 1 \.jxl\.$/,
    );
    await expect(openImageFiles([at('set')])).rejects.toThrow(
      /set' has no images .*It has other files: 1 \.svg\.$/,
    );
  });

  // Names on macOS and Windows are text, not bytes.
  it.runIf(process.platform === 'linux')('has images whose names are not UTF-8, as errors', async () => {
    await make('set/a.jpg');
    await writeFile(Buffer.concat([Buffer.from(at('set/')), Buffer.from('Jos\xe9.png', 'latin1')]), '');
    const source = await openImageFiles([at('set')]);
    expect(source.paths).toEqual([at('set/Jos\\xE9.png'), at('set/a.jpg')]);
    await expect(source.get(0)).rejects.toThrow(DataError);
    await expect(source.get(0)).rejects.toThrow('Jos\\xE9.png: the name is not UTF-8. Rename');
    expect((await source.get(1)).bytes).toHaveLength(9);
  });
});
