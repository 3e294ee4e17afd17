import 'fake-indexeddb/auto';
import { ConfigError, DataError, ShapeError } from '@openset/core';
import { MissingGalleryError, StoreError } from '@openset/gallery';
import { describe, expect, it, vi } from 'vitest';
import { embedding, facts, newName, openAsOther, openGallery } from './__fixtures__/example-gallery.ts';
import { openIndexedDbGallery } from './index.ts';
import { openDatabase } from './open-database.ts';
import { resultOf } from './requests.ts';
import type { Migration } from './schema.ts';

/** Returns what opening a gallery throws. */
const errorOf = (opening: Promise<unknown>) =>
  opening.then(
    () => expect.unreachable(),
    (error: Error) => error,
  );

const namesInBrowser = async () => (await indexedDB.databases()).map(({ name }) => name);

describe('openIndexedDbGallery', () => {
  it('creates a missing gallery, and opens it again without knowing its model', async () => {
    const name = newName();
    const created = await openGallery(name);
    await created.enroll('Ada', [embedding(1, 0, 0, 0)]);
    await created.close();
    const again = await openGallery(name, {});
    expect(again.name).toBe(name);
    expect(again.facts).toEqual({
      ...facts,
      createdAt: expect.stringMatching(/^\d{4}-.*Z$/),
      operatingPoint: null,
    });
    expect(await again.count()).toEqual({ people: 1, embeddings: 1 });
  });

  it('without create, refuses a missing gallery and leaves none behind', async () => {
    const name = newName();
    const error = await errorOf(openIndexedDbGallery(name));
    expect(error).toBeInstanceOf(MissingGalleryError);
    expect(error.message).toContain(`This browser has no gallery '${name}'`);
    expect(await namesInBrowser()).not.toContain(name);
    await openGallery(name);
    expect(await namesInBrowser()).toContain(name);
  });

  it('creates with one comparison, and accepts an existing gallery with another', async () => {
    const { comparison: _, ...expect_ } = facts;
    const name = newName();
    await openGallery(name, { create: { ...facts, comparison: 'best' } });
    expect((await openGallery(name, { create: facts, expect: expect_ })).facts.comparison).toBe('best');
    await expect(openIndexedDbGallery(name, { create: facts })).rejects.toThrow(/compares with the best/);
  });

  it('refuses a gallery of another model, crop or size', async () => {
    const name = newName();
    await openGallery(name);
    const open = (changes: object) => openIndexedDbGallery(name, { expect: { ...facts, ...changes } });
    const model = { fingerprint: 'b'.repeat(64), name: 'other' };
    await expect(open({ model })).rejects.toThrow(DataError);
    await expect(open({ model })).rejects.toThrow(
      new RegExp(`The gallery ${name} was made with the model 'directions'.*'other'`),
    );
    await expect(open({ crop: null })).rejects.toThrow(DataError);
    await expect(open({ embeddingSize: 5 })).rejects.toThrow(ShapeError);
  });

  it('refuses bad options', async () => {
    const name = newName();
    const refuse = (options: object) =>
      expect(openIndexedDbGallery(name, options)).rejects.toBeInstanceOf(ConfigError);
    await refuse({ create: facts, blockedTimeout: -1 });
    await refuse({ create: { ...facts, embeddingSize: 0 } });
    await refuse({ create: { ...facts, comparison: 'all' } });
    expect(await namesInBrowser()).not.toContain(name);
  });

  it.each([1, 2])('refuses the database of another program in version %s', async (version) => {
    const name = newName();
    (await openAsOther(name, 1, (database) => void database.createObjectStore('notes'))).close();
    // The version of galleries is 1, or 2 with a migration.
    const steps = Array<Migration>(version - 1).fill(() => {});
    const opening =
      version === 1
        ? openIndexedDbGallery(name, { create: facts })
        : openDatabase(name, { create: facts, blockedTimeout: 1000, steps });
    const error = await errorOf(opening);
    expect(error).toBeInstanceOf(DataError);
    expect(error.message).toContain(`The database '${name}' is no gallery`);
    const untouched = await openAsOther(name, 1);
    expect([...untouched.objectStoreNames]).toEqual(['notes']);
  });

  it('refuses a database with other content in the stores of a gallery', async () => {
    const name = newName();
    await openAsOther(name, 1, (database) => {
      for (const store of ['gallery', 'people']) database.createObjectStore(store);
    });
    const error = await errorOf(openIndexedDbGallery(name, { create: facts }));
    expect(error).toBeInstanceOf(DataError);
    expect(error.message).toContain('has no facts of a gallery');
  });

  it('refuses a gallery of a later version', async () => {
    const name = newName();
    await (await openGallery(name)).close();
    (await openAsOther(name, 7)).close();
    const error = await errorOf(openIndexedDbGallery(name, { create: facts }));
    expect(error).toBeInstanceOf(DataError);
    expect(error.message).toMatch(/later version of this page, which knows only version 1: reload/);
  });

  it('says that a browser has no IndexedDB, or does not allow it', async () => {
    vi.stubGlobal('indexedDB', undefined);
    try {
      const missing = await errorOf(openIndexedDbGallery('staff', { create: facts }));
      expect(missing).toBeInstanceOf(StoreError);
      expect(missing.message).toMatch(/no IndexedDB for this page.*private mode/);
      const refuse = () => {
        throw new DOMException('access is denied', 'SecurityError');
      };
      vi.stubGlobal('indexedDB', { open: refuse });
      const denied = await errorOf(openIndexedDbGallery('staff', { create: facts }));
      expect(denied).toBeInstanceOf(StoreError);
      expect(denied.message).toMatch(/does not let this page store data \(access is denied\).*allow cookies/);
    } finally {
      vi.unstubAllGlobals();
    }
  });
});

describe('a migration', () => {
  const addIndex: Migration = ({ people }) => void people.createIndex('enrolledAt', 'enrolledAt');
  const options = { create: null, blockedTimeout: 1000, steps: [addIndex] };

  it('keeps all people, and closes the gallery in other tabs, which say so', async () => {
    const name = newName();
    const old = await openGallery(name);
    const { person } = await old.enroll('Ada', [embedding(1, 0, 0, 0)]);
    const writing = old.enroll('Bob', [embedding(0, 1, 0, 0)]);
    const database = await openDatabase(name, options);
    expect((await writing).isNew).toBe(true);
    expect(database.version).toBe(2);
    const index = database.transaction('people').objectStore('people').index('enrolledAt');
    expect(await resultOf(index.count())).toBe(2);
    expect(await resultOf(index.getAllKeys(person.enrolledAt))).toContain(person.id);
    database.close();
    for (const call of [() => old.count(), () => old.enroll('Eve', [embedding(1, 0, 0, 0)])]) {
      const error = await errorOf(call());
      expect(error).toBeInstanceOf(StoreError);
      expect(error.message).toBe(`Another tab changed the gallery '${name}' to version 2: reload this page.`);
    }
    await old.close();
    await expect(old.count()).rejects.toThrow(ConfigError);
  });

  it('is a StoreError if other tabs stay open, and does not happen when they close later', async () => {
    const name = newName();
    await (await openGallery(name)).close();
    const other = await openAsOther(name, 1);
    const error = await errorOf(openDatabase(name, { ...options, blockedTimeout: 10 }));
    expect(error).toBeInstanceOf(StoreError);
    expect(error.message).toMatch(/cannot be changed to version 2: other tabs .* Close them/);
    other.close();
    expect((await (await openGallery(name)).count()).people).toBe(0);
  });

  it('that fails changes nothing', async () => {
    const name = newName();
    const gallery = await openGallery(name);
    await gallery.enroll('Ada', [embedding(1, 0, 0, 0)]);
    await gallery.close();
    const bad: Migration = (stores, database) => {
      addIndex(stores, database);
      stores.people.add({ id: 'another Ada', nameKey: new TextEncoder().encode('Ada') });
    };
    await expect(openDatabase(name, { ...options, steps: [bad] })).rejects.toThrow();
    expect(await (await openGallery(name)).count()).toEqual({ people: 1, embeddings: 1 });
  });
});
