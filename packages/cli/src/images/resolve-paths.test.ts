import { mkdir, mkdtemp, realpath, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { resolvePaths } from './resolve-paths.ts';

let folder: string;
beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'openset-paths-')));
});
afterEach(() => rm(folder, { recursive: true }));

it('gives a file one path however it was named', async () => {
  await mkdir(join(folder, 'set'));
  await symlink(join(folder, 'set'), join(folder, 'link'));
  const file = join(folder, 'set', 'Jos\u00e9', '1.jpg');
  for (const [start, path] of [
    ['set', 'Jos\u00e9/1.jpg'],
    ['set', 'Jose\u0301/1.jpg'],
    ['set', '.\\Jose\u0301\\1.jpg'],
    ['link', 'Jos\u00e9/../Jos\u00e9/1.jpg'],
    ['link', file],
  ] as const) {
    expect(await resolvePaths(join(folder, start), [path])).toEqual([file]);
  }
});
