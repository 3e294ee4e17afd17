import { statSync } from 'node:fs';
import { join } from 'node:path';
import { type FixedFacts, type Gallery, MemoryGallery } from '@openset/gallery';
import { openSqliteGallery } from '@openset/gallery-sqlite';
import Database from 'better-sqlite3';
import * as sqliteVec from 'sqlite-vec';
import { embeddingSize, type MadeUpPerson } from './made-up-people.ts';

/** A store as the benchmark uses it. */
export interface OpenStore {
  /** Adds people as fast as it can. */
  addAll(people: readonly MadeUpPerson[]): Promise<void>;
  /** Adds a person. The promise resolves when the change is durable, if the store is. */
  add(person: MadeUpPerson): Promise<void>;
  /** Returns the name of the person nearest to a probe. */
  nearest(probe: Float32Array): Promise<string>;
  close(): Promise<void>;
}

/** A kind of store that is measured. */
export interface MeasuredStore {
  readonly name: string;
  /** Opens the store of a folder, in which only this store writes, and creates it if there is none. */
  open(folder: string): Promise<OpenStore>;
  /** Whether another process can open what one has filled. */
  readonly isPersistent: boolean;
  /** Returns the size on the disk in bytes, after `close`; undefined if the store has none. */
  size?(folder: string): Promise<number>;
}

/** Facts of the galleries. */
export const benchFacts: FixedFacts = {
  model: { fingerprint: 'a1'.repeat(32), name: 'made-up people' },
  embeddingSize,
  crop: null,
  comparison: 'mean',
};

/** Returns a gallery as the benchmark uses it. */
export function storeOf(gallery: Gallery): OpenStore {
  const add = async ({ name, embedding }: MadeUpPerson) => {
    await gallery.enroll(name, [{ values: embedding }]);
  };
  return {
    add,
    addAll: async (people) => void (await Promise.all(people.map(add))),
    nearest: async (probe) => (await gallery.search(probe, { limit: 1 }))[0]!.identity,
    close: () => gallery.close(),
  };
}

const memory: MeasuredStore = {
  name: 'memory',
  isPersistent: false,
  open: async () => storeOf(new MemoryGallery(benchFacts)),
};

const sqlitePath = (folder: string) => join(folder, 'people.db');

const sqlite: MeasuredStore = {
  name: 'SQLite',
  isPersistent: true,
  open: async (folder) => storeOf(await openSqliteGallery(sqlitePath(folder), { create: benchFacts })),
  size: async (folder) => statSync(sqlitePath(folder)).size,
};

/** The extension sqlite-vec without any of our code: one table, which it walks in each search. */
const sqliteVecAlone: MeasuredStore = {
  name: 'sqlite-vec alone',
  isPersistent: true,
  async open(folder) {
    const database = new Database(sqlitePath(folder));
    sqliteVec.load(database);
    database.pragma('journal_mode = WAL');
    database.pragma('synchronous = FULL');
    database.exec(
      `CREATE VIRTUAL TABLE IF NOT EXISTS people USING vec0 (vector float[${embeddingSize}] distance_metric=cosine, +name TEXT)`,
    );
    const insert = database.prepare('INSERT INTO people (vector, name) VALUES (?, ?)');
    const add = ({ name, embedding }: MadeUpPerson) => insert.run(bytesOf(embedding), name);
    const nearest = database.prepare<[Uint8Array], string>(
      'SELECT name FROM people WHERE vector MATCH ? AND k = 1',
    );
    nearest.pluck();
    return {
      add: async (person) => void add(person),
      addAll: async (people) => database.transaction(() => people.forEach(add))(),
      nearest: async (probe) => nearest.get(bytesOf(probe))!,
      close: async () => void database.close(),
    };
  },
  size: async (folder) => statSync(sqlitePath(folder)).size,
};

function bytesOf(vector: Float32Array): Uint8Array {
  return new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength);
}

/** All stores. The ratios of the others are to the last. */
export const stores: readonly MeasuredStore[] = [memory, sqlite, sqliteVecAlone];
