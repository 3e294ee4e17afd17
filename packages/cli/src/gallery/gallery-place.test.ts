import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findGalleryPlace, placeText, withoutPassword } from './gallery-place.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'openset-places-'));
  await mkdir(join(folder, 'staff'));
  await mkdir(join(folder, 'folder.db'));
  await writeFile(join(folder, 'gallery'), 'SQLite format 3\0and pages');
  await writeFile(join(folder, 'list.csv'), 'path,label\n');
  await writeFile(join(folder, 'empty'), '');
  await writeFile(join(folder, 'text.db'), 'text');
});
afterAll(() => rm(folder, { recursive: true }));

describe('findGalleryPlace', () => {
  it.each([
    ['gallery', 'sqlite'],
    ['text.db', 'sqlite'],
    ['new.db', 'sqlite'],
    ['new.SQLITE3', 'sqlite'],
    ['new.sqlite', 'sqlite'],
    ['folder.db', 'images'],
    ['staff', 'images'],
    ['list.csv', 'images'],
    ['empty', 'images'],
    ['nowhere', 'images'],
  ])('takes %s as %s', async (name, kind) => {
    const path = join(folder, name);
    expect(await findGalleryPlace(path)).toEqual({ kind, path });
  });

  it.each(['postgres://localhost/faces', 'postgresql://ada:secret@host:5432/faces', 'POSTGRES://host'])(
    'takes %s as the address of a server',
    async (address) => {
      expect(await findGalleryPlace(address)).toEqual({ kind: 'postgres', address });
    },
  );
});

describe('withoutPassword', () => {
  it.each([
    ['postgres://ada:secret@host:5432/faces', 'postgres://ada:***@host:5432/faces'],
    ['postgres://ada:se:c/r@et@host/faces', 'postgres://ada:***@host/faces'],
    ['postgres://:secret@host/faces', 'postgres://:***@host/faces'],
    [
      'postgres://ada:secret@[::1]:5432/faces?gallery=staff',
      'postgres://ada:***@[::1]:5432/faces?gallery=staff',
    ],
    [
      'postgresql://host/faces?user=ada&password=se%20cret&gallery=a',
      'postgresql://host/faces?user=ada&password=***&gallery=a',
    ],
    ['postgres://host/faces?sslpassword=secret', 'postgres://host/faces?sslpassword=***'],
  ])('hides the password of %s', (address, expected) => {
    expect(withoutPassword(address)).toBe(expected);
    expect(placeText({ kind: 'postgres', address })).toBe(expected);
    expect(expected).not.toContain('secret');
  });

  it.each(['postgres://ada@host:5432/faces', 'postgres://host/faces', 'postgres:///faces'])(
    'leaves %s, which has none',
    (address) => expect(withoutPassword(address)).toBe(address),
  );
});
