import 'fake-indexeddb/auto';
import { StoreError } from '@openset/gallery';
import { forceCloseDatabase } from 'fake-indexeddb';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { embedding, facts, newName, openAsOther, openGallery } from './__fixtures__/example-gallery.ts';
import { IndexedDbGallery } from './indexeddb-gallery.ts';
import { openDatabase } from './open-database.ts';
import { resultOf } from './requests.ts';
import type { PersonRow } from './schema.ts';

const probe = Float32Array.of(1, 0, 0, 0);

const namesOf = async (gallery: IndexedDbGallery) =>
  (await gallery.search(probe, { limit: 1000 })).map(({ identity }) => identity);

/** Reads all rows of a gallery's people. */
async function rowsOf(name: string): Promise<PersonRow[]> {
  const database = await openAsOther(name, 1);
  return resultOf(database.transaction('people').objectStore('people').getAll());
}

describe('a call that fails', () => {
  it.each(['put', 'delete'] as const)(
    'because the storage is full (%s) changes nothing, and says how much is used',
    async (method) => {
      const name = newName();
      const gallery = await openGallery(name);
      const { person } = await gallery.enroll('Ada', [embedding(1, 0, 0, 0)]);
      const before = await rowsOf(name);
      const full = vi.spyOn(IDBObjectStore.prototype, method).mockImplementation(() => {
        throw new DOMException('full', 'QuotaExceededError');
      });
      vi.stubGlobal('navigator', { storage: { estimate: async () => ({ usage: 4.96e6, quota: 1e10 }) } });
      onTestFinished(() => void vi.unstubAllGlobals());
      for (const call of method === 'put'
        ? [
            () => gallery.enroll('Bob', [embedding(0, 1, 0, 0)]),
            () => gallery.enroll('Ada', [embedding(0, 1, 0, 0)]),
            () => gallery.update(person.id, { name: 'Eve' }),
            () => gallery.setOperatingPoint({ threshold: 0.5, question: null }),
          ]
        : [() => gallery.remove(person.id)]) {
        const error: Error = await call().then(
          () => expect.unreachable(),
          (problem) => problem,
        );
        expect(error).toBeInstanceOf(StoreError);
        expect(error.message).toBe(
          `The storage that the browser grants this page is full; the page uses 5.0 MB. The gallery '${name}' was not changed: free space ` +
            'on this device or remove people, and try again.',
        );
      }
      full.mockRestore();
      expect(gallery.facts.operatingPoint).toBeNull();
      expect(await rowsOf(name)).toEqual(before);
      expect(await namesOf(gallery)).toEqual(['Ada']);
      expect((await gallery.enroll('Bob', [embedding(0, 1, 0, 0)])).isNew).toBe(true);
    },
  );

  it('after its first change undoes it', async () => {
    const name = newName();
    const gallery = await openGallery(name);
    await gallery.enroll('Ada', [embedding(1, 0, 0, 0)]);
    const before = await rowsOf(name);
    const { put } = IDBObjectStore.prototype;
    const full = vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(function (
      this: IDBObjectStore,
      ...values
    ) {
      if (this.name === 'gallery') throw new DOMException('full', 'QuotaExceededError');
      return put.apply(this, values);
    });
    await expect(gallery.enroll('Bob', [embedding(0, 1, 0, 0)])).rejects.toThrow(
      /storage that the browser grants this page is full/,
    );
    full.mockRestore();
    expect(await rowsOf(name)).toEqual(before);
    expect(await namesOf(gallery)).toEqual(['Ada']);
  });
});

describe('a gallery that somebody else closes', () => {
  it('says that another tab deleted it', async () => {
    const name = newName();
    const gallery = await openGallery(name);
    await gallery.enroll('Ada', [embedding(1, 0, 0, 0)]);
    await resultOf(indexedDB.deleteDatabase(name));
    await expect(gallery.count()).rejects.toThrow(StoreError);
    await expect(gallery.count()).rejects.toThrow(`Another tab deleted the gallery '${name}'`);
    expect(await (await openGallery(name)).count()).toEqual({ people: 0, embeddings: 0 });
  });

  it('says that the browser closed it', async () => {
    const name = newName();
    await openGallery(name);
    const database = await openDatabase(name, { create: null, blockedTimeout: 0 });
    const gallery = new IndexedDbGallery(database, { ...facts, createdAt: '', operatingPoint: null });
    forceCloseDatabase(database as never);
    const problem = () => gallery.count().then(String, String);
    await expect.poll(problem).toMatch(/The browser closed the gallery/);
    await expect(gallery.count()).rejects.toThrow(StoreError);
    await gallery.close();
  });
});

describe('a search', () => {
  it('follows more changes of others than are read at once', async () => {
    const name = newName();
    const [gallery, other] = [await openGallery(name), await openGallery(name)];
    const people = await Promise.all(
      Array.from({ length: 1003 }, (_, number) =>
        other.enroll(`person ${number}`, [embedding(number, 1, 0, 0)]),
      ),
    );
    // The larger the number, the nearer.
    const nearest = async () => (await gallery.search(probe, { limit: 2 })).map(({ identity }) => identity);
    expect(await nearest()).toEqual(['person 1002', 'person 1001']);
    await other.remove(people[1002]!.person.id);
    await other.enroll('Ada', [embedding(2000, 1, 0, 0)]);
    await other.update(people[1001]!.person.id, { name: 'Bob' });
    expect(await nearest()).toEqual(['Ada', 'Bob']);
    await other.remove((await other.find({ name: 'Ada' }))!.id);
    expect(await nearest()).toEqual(['Bob', 'person 1000']);
  });
});

it('keeps the values of an embedding only, not the memory around them', async () => {
  const name = newName();
  const gallery = await openGallery(name);
  const all = new Float32Array(1000);
  all[0] = 1;
  const values = all.subarray(0, 4);
  const enrolledAt = '2026-01-01T00:00:00.000Z';
  await gallery.restore({
    id: '1',
    name: 'Ada',
    metadata: {},
    enrolledAt,
    embeddings: [{ id: '2', source: null, model: facts.model.fingerprint, enrolledAt, values }],
  });
  const [row] = await rowsOf(name);
  expect(row!.embeddings[0]!.values.buffer.byteLength).toBe(16);
});

it('leaves nothing of a removed person in the database', async () => {
  const name = newName();
  const gallery = await openGallery(name);
  const { person } = await gallery.enroll('Ada', [embedding(1, 0, 0, 0)], { metadata: { team: 'A' } });
  await gallery.enroll('Bob', [embedding(0, 1, 0, 0)]);
  await gallery.search(probe);
  await gallery.remove(person.id);
  const database = await openAsOther(name, 1);
  const transaction = database.transaction(['gallery', 'people']);
  expect([...database.objectStoreNames]).toEqual(['gallery', 'people']);
  const everything = JSON.stringify([
    await resultOf(transaction.objectStore('gallery').getAll()),
    await resultOf(transaction.objectStore('people').getAll()),
  ]);
  expect(everything).toContain('Bob');
  for (const trace of ['Ada', person.id, 'team']) expect(everything).not.toContain(trace);
});
