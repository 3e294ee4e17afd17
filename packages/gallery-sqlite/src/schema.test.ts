import { readFileSync } from 'node:fs';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { facts, temporaryPath } from './__fixtures__/example-gallery.ts';
import { prepareFile } from './database-file.ts';
import { openSqliteGallery } from './index.ts';
import { createSchema, latestVersion, type Migration } from './schema.ts';

const comparisons = ['mean', 'best'] as const;

/** Writes a gallery as version 1 did. */
function writeVersion1(comparison: string): string {
  const path = temporaryPath();
  const script = new URL(`./__fixtures__/version-1-${comparison}.sql`, import.meta.url);
  new Database(path).exec(readFileSync(script, 'utf8')).close();
  return path;
}

/** Returns the tables, indexes and triggers of a database. */
const schemaOf = (database: Database.Database) =>
  database.prepare('SELECT name, sql FROM sqlite_schema ORDER BY name').all();

describe.each(comparisons)('a gallery of version 1 that compares with the %s', (comparison) => {
  it('opens and can be changed', async () => {
    const path = writeVersion1(comparison);
    const gallery = await openSqliteGallery(path, { create: { ...facts, comparison } });
    const { people } = await gallery.people();
    expect(people).toMatchObject([
      { name: 'Ada', metadata: { team: 'A' }, embeddingCount: 2 },
      { name: 'Zoë', metadata: {}, embeddingCount: 1 },
    ]);
    expect(people[0]!.enrolledAt).toMatch(/^2026-11-30T.*Z$/);
    const embeddings = await gallery.embeddings(people[0]!.id);
    expect(embeddings).toMatchObject([{ source: "ada's photo.jpg" }, { source: null }]);
    expect(embeddings!.map(({ values }) => [...values])).toEqual([
      [0.5, 0.5, 0.5, 0.5],
      [0.5, 0.5, 0.5, -0.5],
    ]);
    expect(gallery.facts.operatingPoint).toEqual({ threshold: 0.5, question: { kind: 'pair', odds: 1 } });
    const cosines = async () =>
      (await gallery.search(Float32Array.of(1, 1, 1, 1))).map(({ cosine }) => cosine);
    const adas = comparison === 'mean' ? Math.sqrt(3) / 2 : 1;
    expect((await cosines())[0]).toBeCloseTo(adas, 6);
    expect((await cosines())[1]).toBeCloseTo(0.5, 6);
    await gallery.remove(people[0]!.id);
    expect(await cosines()).toHaveLength(1);
    await gallery.close();
  });

  it('has the tables of a new gallery, unless migrations changed them', () => {
    const database = new Database(writeVersion1(comparison));
    const created = new Database(':memory:');
    createSchema(created, { ...facts, comparison }, '2026-01-02T03:04:05.678Z');
    expect(schemaOf(created)).toEqual(schemaOf(database));
    database.close();
    created.close();
  });
});

describe('migrations', () => {
  const addNotes: Migration = (database) => {
    database.exec('ALTER TABLE people ADD COLUMN note TEXT');
  };
  const writeNotes: Migration = (database) => {
    database.exec("UPDATE people SET note = 'about ' || name");
  };
  const notesOf = (database: Database.Database) =>
    database.prepare('SELECT note FROM people ORDER BY name').pluck().all();
  const version = (database: Database.Database) => database.pragma('user_version', { simple: true });

  it('run in order, and only those that the file lacks', () => {
    const database = new Database(writeVersion1('mean'));
    expect(latestVersion([addNotes])).toBe(2);
    prepareFile(database, 'people.db', null, [addNotes]);
    expect(version(database)).toBe(2);
    expect(notesOf(database)).toEqual([null, null]);
    prepareFile(database, 'people.db', null, [addNotes, writeNotes]);
    expect(version(database)).toBe(3);
    expect(notesOf(database)).toEqual(['about Ada', 'about Zoë']);
    database.close();
  });

  it('also make the tables of a new file', () => {
    const database = new Database(temporaryPath());
    prepareFile(database, 'people.db', facts, [addNotes, writeNotes]);
    expect(version(database)).toBe(3);
    expect(notesOf(database)).toEqual([]);
    database.close();
  });

  it('leave the file as it is if one fails', () => {
    const database = new Database(writeVersion1('mean'));
    const fail: Migration = () => {
      throw new Error('out of luck');
    };
    const before = schemaOf(database);
    expect(() => prepareFile(database, 'people.db', null, [addNotes, fail])).toThrow('out of luck');
    expect(version(database)).toBe(1);
    expect(schemaOf(database)).toEqual(before);
    database.close();
  });

  it('are not run to read only', () => {
    const path = writeVersion1('mean');
    new Database(path).close();
    const database = new Database(path, { readonly: true });
    expect(() => prepareFile(database, path, null, [addNotes])).toThrow(/earlier version/);
    database.close();
  });
});
