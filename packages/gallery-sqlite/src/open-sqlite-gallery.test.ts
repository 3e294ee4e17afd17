import { chmodSync, mkdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { ConfigError, DataError, ShapeError } from '@openset/core';
import { StoreError } from '@openset/gallery';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { embedding, facts, temporaryPath } from './__fixtures__/example-gallery.ts';
import { openSqliteGallery } from './index.ts';
import { applicationId } from './schema.ts';

/** Creates a gallery with one person. */
async function createGallery(path: string): Promise<void> {
  const gallery = await openSqliteGallery(path, { create: facts });
  await gallery.enroll('Ada', [embedding(1, 0, 0, 0)]);
  await gallery.close();
}

describe('openSqliteGallery', () => {
  it('creates a missing file that only its owner may read, and opens it again', async () => {
    const path = temporaryPath();
    await createGallery(path);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const again = await openSqliteGallery(path, { create: facts });
    expect(again.path).toBe(path);
    expect(again.facts).toMatchObject({ ...facts, operatingPoint: null });
    expect(await again.count()).toEqual({ people: 1, embeddings: 1 });
    await again.close();
  });

  it('opens a gallery without knowing its model', async () => {
    const path = temporaryPath();
    await createGallery(path);
    const gallery = await openSqliteGallery(path);
    expect(gallery.facts).toMatchObject(facts);
    await gallery.close();
  });

  it('creates with one comparison, and accepts an existing gallery with another', async () => {
    const path = temporaryPath();
    const { comparison: _, ...expect_ } = facts;
    const create = { ...facts, comparison: 'best' } as const;
    await (await openSqliteGallery(path, { create, expect: expect_ })).close();
    const gallery = await openSqliteGallery(path, { create: facts, expect: expect_ });
    expect(gallery.facts.comparison).toBe('best');
    await gallery.close();
    await expect(openSqliteGallery(path, { create: facts })).rejects.toThrow(/compares with the best/);
  });

  it('refuses a gallery of another model, crop or size, and leaves it as it is', async () => {
    const path = temporaryPath();
    await createGallery(path);
    const before = readFileSync(path);
    const open = (changes: object) => openSqliteGallery(path, { create: { ...facts, ...changes } });
    const model = { fingerprint: 'b'.repeat(64), name: 'other' };
    await expect(open({ model })).rejects.toThrow(DataError);
    await expect(open({ model })).rejects.toThrow(
      new RegExp(`${path} was made with the model 'directions'.*'other'`),
    );
    await expect(open({ crop: null })).rejects.toThrow(DataError);
    await expect(open({ embeddingSize: 5 })).rejects.toThrow(ShapeError);
    expect(readFileSync(path)).toEqual(before);
  });

  it('says what is wrong with a path', async () => {
    const path = temporaryPath();
    await expect(openSqliteGallery(path)).rejects.toThrow(`There is no gallery ${path}`);
    await expect(openSqliteGallery(path)).rejects.toThrow(DataError);
    await expect(openSqliteGallery(dirname(path))).rejects.toThrow(/is a folder, but a gallery is a file/);
    await expect(openSqliteGallery(`${path}/x.db`, { create: facts })).rejects.toThrow(
      `The folder ${path} does not exist`,
    );
    writeFileSync(path, '');
    await expect(openSqliteGallery(path)).rejects.toThrow(`The file ${path} is empty`);
    const gallery = await openSqliteGallery(path, { create: facts });
    await gallery.close();
  });

  it('refuses bad options', async () => {
    const path = temporaryPath();
    const refuse = (options: object) =>
      expect(openSqliteGallery(path, options)).rejects.toBeInstanceOf(ConfigError);
    await refuse({ create: facts, readOnly: true });
    await refuse({ create: facts, lockTimeout: -1 });
    await refuse({ create: { ...facts, embeddingSize: 0 } });
    await refuse({ create: { ...facts, comparison: 'all' } });
    expect(statSync(path, { throwIfNoEntry: false })).toBeUndefined();
  });

  it('refuses files that are no galleries, and changes no byte of them', async () => {
    const text = temporaryPath('notes.txt');
    writeFileSync(text, 'Not a database. '.repeat(1000));
    const other = temporaryPath('other.db');
    new Database(other).exec('CREATE TABLE notes (text TEXT)').close();
    for (const [path, reason] of [
      [text, /no SQLite database/],
      [other, /the database of another program/],
    ] as const) {
      const before = readFileSync(path);
      await expect(openSqliteGallery(path, { create: facts })).rejects.toBeInstanceOf(DataError);
      await expect(openSqliteGallery(path)).rejects.toThrow(reason);
      expect(readFileSync(path)).toEqual(before);
    }
  });

  it('refuses a gallery with a later version of the tables', async () => {
    const path = temporaryPath();
    await createGallery(path);
    new Database(path).exec('PRAGMA user_version = 7').close();
    await expect(openSqliteGallery(path)).rejects.toThrow(/version 7 .* knows only 1: update/);
    expect(applicationId).toBe(Buffer.from('opst').readInt32BE());
  });

  it('refuses a damaged file', async () => {
    const path = temporaryPath();
    await createGallery(path);
    truncateSync(path, 8192);
    const problem = await openSqliteGallery(path).catch((error) => error);
    expect(problem).toBeInstanceOf(DataError);
    expect(problem.message).toContain(`The gallery ${path} is damaged`);
  });

  it('says that a folder is read-only', async () => {
    const path = temporaryPath();
    await createGallery(path);
    const folder = dirname(path);
    mkdirSync(`${folder}/closed`, { mode: 0o555 });
    chmodSync(path, 0o444);
    chmodSync(folder, 0o555);
    try {
      await asOrdinaryUser(async () => {
        const created = openSqliteGallery(`${folder}/closed/new.db`, { create: facts });
        await expect(created).rejects.toThrow(/cannot be created .* permissions of its folder/);
        for (const readOnly of [false, true]) {
          const problem = await openSqliteGallery(path, { readOnly }).catch((error) => error);
          expect(problem).toBeInstanceOf(StoreError);
          expect(problem.message).toMatch(/check the permissions of the file and of its folder/);
        }
      });
    } finally {
      chmodSync(folder, 0o755);
    }
  });

  it('refuses to write with readOnly', async () => {
    const path = temporaryPath();
    await createGallery(path);
    const gallery = await openSqliteGallery(path, { readOnly: true });
    const [nearest] = await gallery.search(Float32Array.of(1, 0, 0, 0));
    expect(nearest?.identity).toBe('Ada');
    for (const write of [
      () => gallery.enroll('Bob', [embedding(0, 1, 0, 0)]),
      () => gallery.remove(nearest!.id),
      () => gallery.setOperatingPoint(null),
      () => gallery.compact(),
    ]) {
      await expect(write()).rejects.toThrow(/was opened to read only/);
    }
    expect(await gallery.count()).toEqual({ people: 1, embeddings: 1 });
    await gallery.close();
  });
});

/** Runs work without the rights of the superuser, if this process has them. */
async function asOrdinaryUser(work: () => Promise<void>): Promise<void> {
  const isSuperuser = process.geteuid?.() === 0;
  if (isSuperuser) process.seteuid!(65534);
  try {
    await work();
  } finally {
    if (isSuperuser) process.seteuid!(0);
  }
}
