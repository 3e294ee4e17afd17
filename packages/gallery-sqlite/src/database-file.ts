import { closeSync, existsSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { ConfigError, DataError } from '@openset/core';
import { type FixedFacts, MissingGalleryError, StoreError } from '@openset/gallery';
import Database from 'better-sqlite3';
import {
  applicationId,
  createSchema,
  latestVersion,
  type Migration,
  migrate,
  migrations,
  pageSize,
} from './schema.ts';

/**
 * Checks that a file is there, or creates an empty one, which only its owner may read.
 * @throws DataError if it is missing, or its folder is, or it is a folder; StoreError if it cannot be created
 */
export function requireFile(path: string, canCreate: boolean): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory())
    throw new DataError(`${path} is a folder, but a gallery is a file: name a file in it.`);
  if (found) return;
  if (!canCreate)
    throw new MissingGalleryError(`There is no gallery ${path}: check the path, or create the gallery.`);
  const folder = dirname(path);
  if (!existsSync(folder))
    throw new DataError(`The folder ${folder} does not exist: create it before the gallery.`);
  try {
    closeSync(openSync(path, 'a', 0o600));
  } catch (error) {
    throw new StoreError(
      `The gallery ${path} cannot be created (${(error as Error).message}): check the permissions of its folder.`,
      { cause: error },
    );
  }
}

/** Opens a file, which need not be a gallery. SQLite does not wait for locks, because it would block the event loop. */
export function openDatabase(path: string, { readonly }: { readonly readonly: boolean }): Database.Database {
  try {
    return new Database(path, { readonly, fileMustExist: true, timeout: 0 });
  } catch (error) {
    if (!(error instanceof Error && error.message.includes('bindings'))) throw error;
    throw new ConfigError(
      "The package better-sqlite3 is installed without its compiled part. Compile it with 'npm rebuild better-sqlite3'.",
      { cause: error },
    );
  }
}

/**
 * Makes a file a gallery of the latest version, and sets what SQLite does not store in the file.
 * @param facts of a gallery to create in an empty file; null if an empty file is an error
 * @param steps migrations; tests pass others
 * @throws DataError if the file is no gallery, or one of a later version
 */
export function prepareFile(
  database: Database.Database,
  path: string,
  facts: FixedFacts | null,
  steps: readonly Migration[] = migrations,
): void {
  const latest = latestVersion(steps);
  const version = versionOf(database, path, latest);
  if (version === 0 && !facts) throw new DataError(`The file ${path} is empty: it is no gallery.`);
  const isCurrent = version === latest;
  if (database.readonly) {
    if (!isCurrent)
      throw new DataError(`The gallery ${path} is of an earlier version: open it once to write.`);
    return;
  }
  if (version === 0) database.pragma(`page_size = ${pageSize}`);
  const mode = database.pragma('journal_mode = WAL', { simple: true });
  if (mode !== 'wal')
    throw new ConfigError(`The disk of ${path} cannot share a file among programs: use a local disk.`);
  // Changes are on the disk when a transaction ends, and what is deleted is overwritten.
  database.pragma('synchronous = FULL');
  database.pragma('secure_delete = ON');
  database.pragma('foreign_keys = ON');
  if (isCurrent) return;
  database
    .transaction(() => {
      // Another program may have been faster.
      if (versionOf(database, path, latest) === 0) createSchema(database, facts!, new Date().toISOString());
      migrate(database, steps);
    })
    .immediate();
}

/** Copies recent changes into the main file, and empties the file that had them. Throws SQLite's error if other programs use it. */
export function emptyLog(database: Database.Database): void {
  const [{ busy }] = database.pragma('wal_checkpoint(TRUNCATE)') as [{ busy: number }];
  if (busy) throw new Database.SqliteError('database is locked', 'SQLITE_BUSY');
}

/** Returns the version of the schema; 0 for an empty file. @throws DataError if the file is no gallery, or one of a later version */
function versionOf(database: Database.Database, path: string, latest: number): number {
  // One transaction, because another program may be creating the gallery.
  const { id, version, isEmpty } = database.transaction(() => ({
    id: database.pragma('application_id', { simple: true }),
    version: database.pragma('user_version', { simple: true }) as number,
    isEmpty: database.prepare('SELECT count(*) FROM sqlite_schema').pluck().get() === 0,
  }))();
  if (id === 0 && version === 0 && isEmpty) return 0;
  if (id !== applicationId)
    throw new DataError(`The file ${path} is no gallery: it is the database of another program.`);
  if (version <= latest) return version;
  throw new DataError(
    `The gallery ${path} has version ${version} of its tables, but this program knows only ${latest}: update ` +
      '@openset/gallery-sqlite.',
  );
}
