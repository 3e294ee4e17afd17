import { ConfigError, DataError } from '@openset/core';
import { StoreError } from '@openset/gallery';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPgliteServer } from './__fixtures__/pglite-server.ts';
import {
  newGalleryName,
  realUrl,
  removeGalleries,
  runSql,
  type TestServer,
  testFacts,
  testServers,
} from './__fixtures__/test-servers.ts';
import { openPostgresGallery, type PostgresGallery, type PostgresGalleryOptions } from './index.ts';

describe.each(testServers)('on %s', (_, start) => {
  let server: TestServer;
  beforeAll(async () => {
    server = await start();
  });
  afterAll(async () => {
    await removeGalleries(server.url);
    await server.stop();
  });

  const open = (options: PostgresGalleryOptions = {}): Promise<PostgresGallery> =>
    openPostgresGallery(server.url, { gallery: newGalleryName(), create: testFacts, ...options });

  describe('opening', () => {
    it('creates, requires, or takes what is there', async () => {
      const gallery = newGalleryName();
      await expect(openPostgresGallery(server.url, { gallery })).rejects.toThrow(/There is no gallery/);
      await expect(openPostgresGallery(server.url, { gallery, expect: testFacts })).rejects.toThrow(
        DataError,
      );
      const created = await open({ gallery });
      const { comparison, ...withoutComparison } = testFacts;
      for (const options of [{}, { expect: testFacts }, { expect: withoutComparison }]) {
        const again = await openPostgresGallery(server.url, { gallery, ...options });
        expect(again.facts).toEqual(created.facts);
        expect(again.facts.comparison).toBe(comparison);
        await again.close();
      }
      const other = { ...testFacts, model: { fingerprint: 'd4'.repeat(32), name: 'other' } };
      for (const options of [{ create: other }, { expect: other }]) {
        await expect(openPostgresGallery(server.url, { gallery, ...options })).rejects.toThrow(
          /test model.*other/,
        );
      }
      await created.close();
    });

    it('creates one gallery when many programs start at the same time', async () => {
      const gallery = newGalleryName();
      const all = await Promise.all(Array.from({ length: 6 }, () => open({ gallery, index: 'hnsw' })));
      expect(new Set(all.map(({ facts }) => facts.createdAt)).size).toBe(1);
      await Promise.all(all.map((one, index) => one.enroll(`${index}`, [{ values: vector(1, 0, index) }])));
      expect(await all[0]!.count()).toEqual({ people: 6, embeddings: 6 });
      for (const one of all) await one.close();
    });

    it('keeps galleries of one database apart', async () => {
      const names = [newGalleryName(), newGalleryName()];
      const first = await openPostgresGallery(`${server.url}?gallery=${names[0]}`, { create: testFacts });
      const second = await open({ gallery: names[1], create: { ...testFacts, embeddingSize: 2 } });
      await first.enroll('Ada', [{ values: vector(1, 0, 0) }]);
      expect(await second.count()).toEqual({ people: 0, embeddings: 0 });
      expect(second.facts.embeddingSize).toBe(2);
      await Promise.all([first.close(), second.close()]);
    });

    it('refuses a gallery of a newer version', async () => {
      const gallery = newGalleryName();
      await (await open({ gallery })).close();
      await runSql(server.url, `UPDATE ${gallery}.gallery SET schema_version = 99`);
      for (const options of [{}, { create: testFacts }]) {
        await expect(openPostgresGallery(server.url, { gallery, ...options })).rejects.toThrow(
          /version 99.*update/,
        );
      }
    });

    it('only reads with readOnly', async () => {
      const gallery = newGalleryName();
      await expect(open({ gallery, readOnly: true })).rejects.toThrow(ConfigError);
      const writer = await open({ gallery });
      const reader = await openPostgresGallery(server.url, { gallery, readOnly: true });
      const { person } = await writer.enroll('Ada', [{ values: vector(1, 0, 0) }]);
      expect(await reader.find({ name: 'Ada' })).toEqual(person);
      for (const change of [() => reader.remove(person.id), () => reader.compact()]) {
        await expect(change()).rejects.toThrow(/opened to read only/);
      }
      await Promise.all([reader.close(), writer.close()]);
    });

    it('refuses options out of range before it creates anything', async () => {
      const gallery = newGalleryName();
      const refused: PostgresGalleryOptions[] = [
        { maxConnections: 0 },
        { connectTimeout: 0.5 },
        { statementTimeout: -1 },
        { index: 'ivf' as 'hnsw' },
        { index: { m: 1 } },
        { index: { m: 40, efConstruction: 79 } },
        { index: { efSearch: 1001 } },
        { create: { ...testFacts, embeddingSize: 16_001 } },
        { create: { ...testFacts, embeddingSize: 2001 }, index: 'hnsw' },
      ];
      for (const options of refused) {
        await expect(open({ gallery, ...options })).rejects.toThrow(ConfigError);
      }
      await expect(openPostgresGallery(server.url, { gallery })).rejects.toThrow(/There is no gallery/);
    });
  });

  describe('connections', () => {
    it('serves many calls at once over one connection', async () => {
      const gallery = await open({ maxConnections: 1 });
      await Promise.all(
        Array.from({ length: 30 }, (_, index) =>
          gallery.enroll(`${index % 3}`, [{ values: vector(1, index, 0) }]),
        ),
      );
      expect(await gallery.count()).toEqual({ people: 3, embeddings: 30 });
      await gallery.close();
    });

    it('connects again after its connections break, and enrolls everybody once', async () => {
      const gallery = await open({ maxConnections: 4 });
      let isDone = false;
      const enrollments = Promise.all(
        Array.from({ length: 40 }, (_, index) =>
          gallery.enroll(`${index % 8}`, [{ values: vector(1, index, 0) }]),
        ),
      ).finally(() => {
        isDone = true;
      });
      // At most twice: a call is tried a few times only.
      for (let round = 0; round < 2 && !isDone; round++) {
        await new Promise((resolve) => setTimeout(resolve, 20));
        await server.breakConnections();
      }
      const ids = (await enrollments).flatMap(({ embeddingIds }) => embeddingIds);
      await server.breakConnections();
      expect(await gallery.count()).toEqual({ people: 8, embeddings: 40 });
      const { people } = await gallery.people();
      const stored = await Promise.all(people.map(({ id }) => gallery.embeddings(id)));
      expect(stored.flatMap((one) => one!.map(({ id }) => id)).sort()).toEqual(ids.sort());
      await gallery.close();
    });

    it('says that no server answers', async () => {
      const address = 'postgres://ada:secret@127.0.0.1:1/faces';
      const failure = await openPostgresGallery(address).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(StoreError);
      expect((failure as Error).message).toMatch(
        /No PostgreSQL server answers at postgres:\/\/127.0.0.1:1\/faces/,
      );
      expect((failure as Error).message).not.toMatch(/secret/);
    });
  });
});

describe('a server without pgvector', () => {
  it('is refused with the command that adds it', async () => {
    const server = await startPgliteServer({ hasVector: false });
    const failure = await openPostgresGallery(server.url, { create: testFacts }).catch(
      (error: unknown) => error,
    );
    await server.stop();
    expect(failure).toBeInstanceOf(StoreError);
    expect((failure as Error).message).toMatch(
      /does not have the pgvector extension.*CREATE EXTENSION vector;/,
    );
  });
});

// These need users, rights and several sessions, which PGlite does not have.
if (realUrl !== undefined) usersTests(realUrl);

function usersTests(url: string): void {
  describe('on a server with users', () => {
    const role = `test_role_${process.pid}`;
    const database = `test_database_${process.pid}`;
    const addressOf = (changes: Partial<Pick<URL, 'username' | 'password' | 'pathname'>>) =>
      Object.assign(new URL(url), changes).href;
    const asRole = { username: role, password: 'right' };
    beforeAll(async () => {
      await runSql(url, `CREATE ROLE ${role} LOGIN PASSWORD 'right'`);
      await runSql(url, `CREATE DATABASE ${database}`);
    });
    afterAll(async () => {
      await removeGalleries(url);
      await runSql(url, `DROP DATABASE ${database}`);
      await runSql(url, `DROP OWNED BY ${role}`);
      await runSql(url, `DROP ROLE ${role}`);
    });

    it.each<[string, Partial<URL>, RegExp]>([
      ['a wrong password', { ...asRole, password: 'wrong' }, /refuses the user/],
      ['a missing database', { pathname: '/missing_database' }, /createdb/],
      ['a user without rights', asRole, /has no right/],
      [
        'pgvector that the user may not add',
        { ...asRole, pathname: `/${database}` },
        /administrator runs.*CREATE EXTENSION/,
      ],
    ])('says what to do about %s', async (_, changes, message) => {
      await (await openPostgresGallery(url, { gallery: newGalleryName(), create: testFacts })).close();
      const options = { gallery: newGalleryName(), create: testFacts };
      const failure = await openPostgresGallery(addressOf(changes), options).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(StoreError);
      expect((failure as Error).message).toMatch(message);
      expect((failure as Error).message).not.toMatch(/wrong/);
    });

    it('lets a user read who may only read', async () => {
      const gallery = newGalleryName();
      const writer = await openPostgresGallery(url, { gallery, create: testFacts });
      await writer.enroll('Ada', [{ values: vector(1, 0, 0) }]);
      await runSql(
        url,
        `GRANT USAGE ON SCHEMA ${gallery} TO ${role}; GRANT SELECT ON ALL TABLES IN SCHEMA ${gallery} TO ${role}`,
      );
      const reader = await openPostgresGallery(addressOf(asRole), { gallery });
      expect((await reader.search(vector(1, 0, 0)))[0]!.identity).toBe('Ada');
      await expect(reader.enroll('Bob', [{ values: vector(1, 0, 0) }])).rejects.toThrow(/has no right/);
      await Promise.all([reader.close(), writer.close()]);
    });

    it('gives up a statement that waits for too long, and changes nothing', async () => {
      const name = newGalleryName();
      const gallery = await openPostgresGallery(url, {
        gallery: name,
        create: testFacts,
        statementTimeout: 50,
      });
      const { person } = await gallery.enroll('Ada', [{ values: vector(1, 0, 0) }]);
      const other = new pg.Client({ connectionString: url });
      await other.connect();
      await other.query(`BEGIN; SELECT FROM ${name}.people FOR UPDATE`);
      await expect(gallery.enroll('Ada', [{ values: vector(0, 1, 0) }])).rejects.toThrow(/took too long/);
      await other.query('COMMIT');
      await other.end();
      expect(await gallery.find({ id: person.id })).toEqual(person);
      await gallery.close();
    });
  });
}

function vector(...values: number[]): Float32Array {
  return Float32Array.from(values);
}
