import type { FixedFacts } from '@openset/gallery';
import type { Database } from 'better-sqlite3';

/** `opst` in ASCII: the header of a file says with it that the file is a gallery. */
export const applicationId = 0x6f_70_73_74;

/** Bytes of a page. Three embeddings of 512 numbers fit into one; with the usual 4,096 bytes, one would. */
export const pageSize = 8192;

/** Number of entries that the log of changes keeps. A program that missed more reads all embeddings again. */
export const loggedChanges = 10_000;

/** Changes a file from one version of the schema to the next. */
export type Migration = (database: Database) => void;

/**
 * Migrations in order: the first leads from version 1 to version 2. Programs have written files of every version, so no migration is
 * ever changed or removed.
 */
export const migrations: readonly Migration[] = [];

/** Returns the version of the schema that migrations lead to. */
export function latestVersion(steps: readonly Migration[]): number {
  return 1 + steps.length;
}

/** Runs the migrations that a file lacks. Must run in a transaction. */
export function migrate(database: Database, steps: readonly Migration[]): void {
  const version = database.pragma('user_version', { simple: true }) as number;
  for (const step of steps.slice(version - 1)) step(database);
  database.pragma(`user_version = ${latestVersion(steps)}`);
}

/**
 * Creates the tables of version 1 in an empty file. Must run in a transaction.
 *
 * - `gallery` has one row: the facts.
 * - `templates` has the mean of each person, in a gallery that compares with the mean.
 * - `changes` lists the rows that a search compares, templates or embeddings, in the order of their changes. Programs that hold these
 *   rows in memory read in it what others changed. Triggers write it, so no change is missed. It has numbers of rows only.
 */
export function createSchema(
  database: Database,
  { model, embeddingSize, crop, comparison }: FixedFacts,
  createdAt: string,
): void {
  const vector = `vector BLOB NOT NULL CHECK (length(vector) = ${Float32Array.BYTES_PER_ELEMENT * embeddingSize})`;
  database.exec(`
    CREATE TABLE gallery (
      number INTEGER PRIMARY KEY CHECK (number = 1),
      model_fingerprint TEXT NOT NULL,
      model_name TEXT NOT NULL,
      embedding_size INTEGER NOT NULL,
      crop TEXT,
      comparison TEXT NOT NULL,
      created_at TEXT NOT NULL,
      operating_point TEXT
    ) STRICT;

    CREATE TABLE people (
      number INTEGER PRIMARY KEY,
      id TEXT NOT NULL UNIQUE,
      name TEXT NOT NULL UNIQUE,
      metadata TEXT NOT NULL,
      enrolled_at TEXT NOT NULL
    ) STRICT;

    CREATE TABLE embeddings (
      number INTEGER PRIMARY KEY,
      id TEXT NOT NULL UNIQUE,
      person INTEGER NOT NULL REFERENCES people (number) ON DELETE CASCADE,
      source TEXT,
      enrolled_at TEXT NOT NULL,
      ${vector}
    ) STRICT;
    CREATE INDEX embeddings_of_person ON embeddings (person);

    CREATE TABLE templates (
      person INTEGER PRIMARY KEY REFERENCES people (number) ON DELETE CASCADE,
      ${vector}
    ) STRICT;

    CREATE TABLE changes (
      position INTEGER PRIMARY KEY,
      compared_row INTEGER NOT NULL
    ) STRICT;
    CREATE TRIGGER prune_changes AFTER INSERT ON changes BEGIN
      DELETE FROM changes WHERE position <= new.position - ${loggedChanges};
    END;
  `);
  const [table, key] = comparison === 'mean' ? ['templates', 'person'] : ['embeddings', 'number'];
  const events = [
    ['insert', 'new'],
    ['update', 'new'],
    ['delete', 'old'],
  ] as const;
  for (const [event, row] of events) {
    database.exec(`
      CREATE TRIGGER log_${event} AFTER ${event} ON ${table} BEGIN
        INSERT INTO changes (compared_row) VALUES (${row}.${key});
      END;
    `);
  }
  database
    .prepare('INSERT INTO gallery VALUES (1, ?, ?, ?, ?, ?, ?, NULL)')
    .run(model.fingerprint, model.name, embeddingSize, crop && JSON.stringify(crop), comparison, createdAt);
  database.pragma(`application_id = ${applicationId}`);
  database.pragma('user_version = 1');
}
