import { resolve } from 'node:path';
import { ConfigError, checkNumber } from '@openset/core';
import { checkFixedFacts, type FixedFacts, requireSameFacts } from '@openset/gallery';
import { openDatabase, prepareFile, requireFile } from './database-file.ts';
import { readFacts } from './rows.ts';
import { SqliteGallery } from './sqlite-gallery.ts';
import { describeStoreError } from './store-errors.ts';
import { untilUnlocked } from './until-unlocked.ts';

/** How `openSqliteGallery` opens a file. */
export interface SqliteGalleryOptions {
  /** Facts of the gallery that is created if there is none. Default: a missing file is an error. */
  readonly create?: FixedFacts | undefined;
  /** Facts that a gallery must have; without `comparison`, any will do. Default: `create`. Without both, every gallery is opened. */
  readonly expect?: Parameters<typeof requireSameFacts>[2] | undefined;
  /** Whether calls that write are refused. Default false. */
  readonly readOnly?: boolean | undefined;
  /** Milliseconds to wait while other programs write, from 0; default 5,000. */
  readonly lockTimeout?: number | undefined;
}

/**
 * Opens a gallery in an SQLite file. Several programs may use one file at a time, on one machine.
 * @throws DataError if the file is missing or no gallery, or was made with another model, crop or comparison; ShapeError if it has
 *   embeddings of another size; ConfigError for bad options; StoreError if it is locked for too long or cannot be read or written
 *
 * @example
 * import { mkdtemp } from 'node:fs/promises';
 * import { tmpdir } from 'node:os';
 * import { join } from 'node:path';
 * import { openSqliteGallery } from '@openset/gallery-sqlite';
 *
 * const facts = {
 *   model: { fingerprint: 'a'.repeat(64), name: 'plane' }, // `modelFingerprint` of @openset/verify
 *   embeddingSize: 2,
 *   crop: null,
 *   comparison: 'mean',
 * } as const;
 * const folder = await mkdtemp(join(tmpdir(), 'gallery-'));
 * const gallery = await openSqliteGallery(join(folder, 'staff.db'), { create: facts });
 * await gallery.enroll('Ada', [{ values: Float32Array.of(0.6, 0.8) }]);
 * await gallery.close();
 */
export async function openSqliteGallery(
  path: string,
  { create, expect = create, readOnly = false, lockTimeout = 5000 }: SqliteGalleryOptions = {},
): Promise<SqliteGallery> {
  if (create) checkFixedFacts(create);
  if (create && readOnly) throw new ConfigError('openSqliteGallery: create and readOnly exclude each other.');
  checkNumber('openSqliteGallery: lockTimeout', lockTimeout, { minimum: 0 });
  const file = resolve(path);
  requireFile(file, create !== undefined);
  try {
    const database = openDatabase(file, { readonly: readOnly });
    try {
      await untilUnlocked(() => prepareFile(database, file, create ?? null), lockTimeout);
      if (expect) requireSameFacts(file, readFacts(database), expect);
      return new SqliteGallery(database, file, lockTimeout);
    } catch (error) {
      database.close();
      throw error;
    }
  } catch (error) {
    throw describeStoreError(error, file);
  }
}
