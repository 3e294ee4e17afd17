import { existsSync, readFileSync, statSync } from 'node:fs';
import { ConfigError, DataError } from '@openset/core';
import { StoreError } from '@openset/gallery';
import Database from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { embedding, facts, temporaryPath } from './__fixtures__/example-gallery.ts';
import { prepareFile } from './database-file.ts';
import { openSqliteGallery, type SqliteGallery, type SqliteGalleryOptions } from './index.ts';
import { loggedChanges } from './schema.ts';
import { SqliteGallery as Gallery } from './sqlite-gallery.ts';

/** Opens a gallery, which is closed after the test. */
async function open(path: string, options: SqliteGalleryOptions = {}): Promise<SqliteGallery> {
  const gallery = await openSqliteGallery(path, { create: facts, ...options });
  onTestFinished(() => gallery.close());
  return gallery;
}

/** Begins to write with another connection. @returns what ends it */
function lock(path: string): () => void {
  const database = new Database(path);
  database.exec('BEGIN IMMEDIATE');
  onTestFinished(() => void database.close());
  return () => database.exec('COMMIT');
}

const probe = Float32Array.of(1, 0, 0, 0);
const namesOf = async (gallery: SqliteGallery) =>
  (await gallery.search(probe, { limit: 1000 })).map(({ identity }) => identity);

describe('a locked file', () => {
  it('delays a call that writes until it is free, and no call that reads', async () => {
    const path = temporaryPath();
    const gallery = await open(path);
    await gallery.enroll('Ada', [embedding(1, 0, 0, 0)]);
    const unlock = lock(path);
    let hasEnded = false;
    const enrollment = gallery.enroll('Bob', [embedding(1, 1, 0, 0)]).then((result) => {
      hasEnded = true;
      return result;
    });
    expect(await namesOf(gallery)).toEqual(['Ada']);
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(hasEnded).toBe(false);
    unlock();
    expect((await enrollment).isNew).toBe(true);
    expect(await namesOf(gallery)).toEqual(['Ada', 'Bob']);
  });

  it('is a StoreError after the timeout, which changes nothing', async () => {
    const path = temporaryPath();
    const gallery = await open(path, { lockTimeout: 20 });
    const unlock = lock(path);
    const problem = await gallery.enroll('Ada', [embedding(1, 0, 0, 0)]).catch((error) => error);
    expect(problem).toBeInstanceOf(StoreError);
    expect(problem.message).toContain(`The gallery ${path} is locked`);
    expect(await gallery.count()).toEqual({ people: 0, embeddings: 0 });
    unlock();
    await gallery.enroll('Ada', [embedding(1, 0, 0, 0)]);
    expect(await gallery.count()).toEqual({ people: 1, embeddings: 1 });
  });

  it('is not closed before calls that wait', async () => {
    const path = temporaryPath();
    const gallery = await open(path);
    const unlock = lock(path);
    const enrollment = gallery.enroll('Ada', [embedding(1, 0, 0, 0)]);
    const closing = gallery.close();
    await expect(gallery.count()).rejects.toBeInstanceOf(ConfigError);
    unlock();
    await closing;
    expect((await enrollment).person.name).toBe('Ada');
    expect(await (await open(path)).count()).toEqual({ people: 1, embeddings: 1 });
  });
});

describe('a full disk', () => {
  it('is a StoreError that changes nothing, and the gallery can be used on', async () => {
    const path = temporaryPath();
    const database = new Database(path);
    prepareFile(database, path, facts);
    const gallery = new Gallery(database, path, 0);
    onTestFinished(() => gallery.close());
    await gallery.enroll('Ada', [embedding(1, 0, 0, 0)]);
    const pages = database.pragma('page_count', { simple: true });
    database.pragma(`max_page_count = ${pages}`);
    const many = Array.from({ length: 1000 }, () => embedding(1, 1, 0, 0));
    const problem = await gallery.enroll('Bob', many).catch((error) => error);
    expect(problem).toBeInstanceOf(StoreError);
    expect(problem.message).toBe(
      `The disk of the gallery ${path} is full. Nothing was changed: free some space, and try again.`,
    );
    expect(await gallery.count()).toEqual({ people: 1, embeddings: 1 });
    expect(await namesOf(gallery)).toEqual(['Ada']);
    database.pragma('max_page_count = 1000000');
    await gallery.enroll('Bob', many);
    expect(await gallery.count()).toEqual({ people: 2, embeddings: 1001 });
  });
});

describe.each(['mean', 'best'] as const)(
  'two objects on one file that compares with the %s',
  (comparison) => {
    it('find what the other enrolled, renamed and removed', async () => {
      const path = temporaryPath();
      const create = { ...facts, comparison };
      const [first, second] = [await open(path, { create }), await open(path, { create })];
      expect(await namesOf(first)).toEqual([]);
      const { person, embeddingIds } = await second.enroll('Ada', [
        embedding(1, 1, 0, 0),
        embedding(1, 0, 0, 0),
      ]);
      await second.enroll('Bob', [embedding(1, 0.1, 0, 0)]);
      const adaFirst = comparison === 'best';
      expect(await namesOf(first)).toEqual(adaFirst ? ['Ada', 'Bob'] : ['Bob', 'Ada']);
      await first.removeEmbedding(person.id, embeddingIds[0]!);
      expect(await namesOf(second)).toEqual(['Ada', 'Bob']);
      await first.update(person.id, { name: 'Ada Lovelace' });
      expect(await namesOf(second)).toEqual(['Ada Lovelace', 'Bob']);
      await second.remove(person.id);
      expect(await namesOf(first)).toEqual(['Bob']);
      await second.setOperatingPoint({ threshold: 0.25, question: null });
      await first.count();
      expect(first.facts.operatingPoint).toEqual({ threshold: 0.25, question: null });
    });

    it('also if the log of changes lacks some of them', async () => {
      const path = temporaryPath();
      const create = { ...facts, comparison };
      const [first, second] = [await open(path, { create }), await open(path, { create })];
      const { person } = await first.enroll('Ada', [embedding(1, 0, 0, 0)]);
      expect(await namesOf(second)).toEqual(['Ada']);
      await first.remove(person.id);
      const many = Array.from({ length: 1 + loggedChanges }, (_, index) => embedding(1, index / 1e5, 0, 0));
      if (comparison === 'best') await first.enroll('Bob', many);
      else await pretendChanges(path, 1 + loggedChanges, () => first.enroll('Bob', many.slice(0, 2)));
      expect(await namesOf(second)).toEqual(['Bob']);
      const log = new Database(path);
      expect(log.prepare('SELECT count(*) FROM changes').pluck().get()).toBe(loggedChanges);
      log.close();
    });
  },
);

/** Enrolls between changes of rows that do not exist. */
async function pretendChanges(path: string, count: number, enroll: () => Promise<unknown>): Promise<void> {
  await enroll();
  const database = new Database(path);
  const change = database.prepare('INSERT INTO changes (compared_row) VALUES (1000000)');
  database.transaction(() => {
    for (let index = 0; index < count; index++) change.run();
  })();
  database.close();
}

describe('a removed person', () => {
  it.each(['mean', 'best'] as const)(
    'leaves no byte after compact, in a gallery that compares with the %s',
    async (comparison) => {
      const path = temporaryPath();
      const gallery = await open(path, { create: { ...facts, comparison } });
      const readFiles = () =>
        Buffer.concat(
          [path, `${path}-wal`].map((name) => (existsSync(name) ? readFileSync(name) : Buffer.alloc(0))),
        );
      /** Unit vector that differs for each number. */
      const vectorOf = (index: number) => {
        const angle = 1 + index / 1000;
        return Float32Array.of(Math.cos(angle), Math.sin(angle), 0, 0);
      };
      const bytesOf = (index: number) => [
        Buffer.from(`person-${index}-`),
        Buffer.from(`photo-${index}.jpg`),
        Buffer.from(`note ${index}.`),
        Buffer.from(vectorOf(index).buffer),
      ];
      const people = 300;
      const ids: string[] = [];
      const enrollments = Array.from({ length: people }, (_, index) =>
        gallery.enroll(`person-${index}-`, [{ values: vectorOf(index), source: `photo-${index}.jpg` }], {
          metadata: { note: `note ${index}.` },
        }),
      );
      for (const { person } of await Promise.all(enrollments)) ids.push(person.id);
      const all = Array.from({ length: people }, (_, index) => index);
      const before = readFiles();
      expect(all.flatMap(bytesOf).every((bytes) => before.includes(bytes))).toBe(true);
      const removed = all.filter((index) => index % 3 !== 0);
      await Promise.all(removed.map((index) => gallery.remove(ids[index]!)));
      await gallery.compact();
      const after = readFiles();
      const traces = all.map(
        (index) =>
          [...bytesOf(index), Buffer.from(ids[index]!)].filter((bytes) => after.includes(bytes)).length,
      );
      expect(traces).toEqual(all.map((index) => (index % 3 === 0 ? 5 : 0)));
      expect(statSync(`${path}-wal`).size).toBe(0);
      expect(await gallery.count()).toEqual({ people: people / 3, embeddings: people / 3 });
    },
  );
});

describe('calls that write at the same time', () => {
  it('fail alone, and the others are kept', async () => {
    const path = temporaryPath();
    const gallery = await open(path);
    const opposite = [embedding(1, 0, 0, 0), embedding(-1, 0, 0, 0)];
    const results = await Promise.allSettled([
      gallery.enroll('Ada', [embedding(1, 0, 0, 0)]),
      gallery.enroll('Bob', opposite),
      gallery.enroll('Ada', [embedding(0, 1, 0, 0)]),
      gallery.update('nobody', { name: 'Zoë' }),
      gallery.enroll('Eve', [embedding(0, 0, 1, 0)]),
    ]);
    expect(results.map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
      'fulfilled',
      'fulfilled',
    ]);
    expect((results[1] as PromiseRejectedResult).reason).toBeInstanceOf(DataError);
    const { people } = await gallery.people();
    expect(people.map(({ name, embeddingCount }) => [name, embeddingCount])).toEqual([
      ['Ada', 2],
      ['Eve', 1],
    ]);
  });

  it('do not fail with the one that fills the disk', async () => {
    const path = temporaryPath();
    const database = new Database(path);
    prepareFile(database, path, facts);
    const gallery = new Gallery(database, path, 0);
    onTestFinished(() => gallery.close());
    await gallery.enroll('Ada', [embedding(1, 0, 0, 0)]);
    database.pragma(`max_page_count = ${database.pragma('page_count', { simple: true })}`);
    const many = Array.from({ length: 1000 }, () => embedding(1, 1, 0, 0));
    const [before, full, after] = await Promise.allSettled([
      gallery.enroll('Ada', [embedding(1, 0, 0, 0)]),
      gallery.enroll('Bob', many),
      gallery.enroll('Eve', [embedding(0, 0, 1, 0)]),
    ]);
    expect([before.status, full.status, after.status]).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect((full as PromiseRejectedResult).reason).toBeInstanceOf(StoreError);
    expect(await gallery.count()).toEqual({ people: 2, embeddings: 3 });
  });
});
