import { checkNumber, DataError } from '@openset/core';
import { checkFixedFacts, type FixedFacts, type GalleryFacts, requireSameFacts } from '@openset/gallery';
import { IndexedDbGallery } from './indexeddb-gallery.ts';
import { openDatabase } from './open-database.ts';
import { resultOf } from './requests.ts';
import { factsKey, type GalleryRow } from './schema.ts';
import { describeStoreError } from './store-errors.ts';

/** How `openIndexedDbGallery` opens a gallery. */
export interface IndexedDbGalleryOptions {
  /** Facts of the gallery that is created if there is none. Default: a missing gallery is an error. */
  readonly create?: FixedFacts | undefined;
  /** Facts that a gallery must have; without `comparison`, any will do. Default: `create`. Without both, every gallery is opened. */
  readonly expect?: Parameters<typeof requireSameFacts>[2] | undefined;
  /** Milliseconds to wait for tabs that use an older version of the gallery, from 0; default 5,000. */
  readonly blockedTimeout?: number | undefined;
}

/**
 * Opens a gallery in IndexedDB. Several tabs and workers of a site may use one gallery at a time.
 * @param name of the database, which belongs to the site
 * @throws DataError if the gallery is missing, belongs to another program or a later version, or was made with another model, crop or
 *   comparison; ShapeError if it has embeddings of another size; ConfigError for bad options; StoreError if the browser has no IndexedDB for
 *   this page, its storage is full, or tabs with an older version stay open
 *
 * @example
 * import 'fake-indexeddb/auto'; // IndexedDB in Node. Browsers have it.
 * import { openIndexedDbGallery } from '@openset/gallery-indexeddb';
 *
 * const facts = {
 *   model: { fingerprint: 'a'.repeat(64), name: 'plane' }, // `modelFingerprint` of @openset/verify
 *   embeddingSize: 2,
 *   crop: null,
 *   comparison: 'mean',
 * } as const;
 * const gallery = await openIndexedDbGallery('staff', { create: facts });
 * await gallery.enroll('Ada', [{ values: Float32Array.of(0.6, 0.8) }]);
 * await gallery.close();
 */
export async function openIndexedDbGallery(
  name: string,
  { create, expect = create, blockedTimeout = 5000 }: IndexedDbGalleryOptions = {},
): Promise<IndexedDbGallery> {
  if (create) checkFixedFacts(create);
  checkNumber('openIndexedDbGallery: blockedTimeout', blockedTimeout, { minimum: 0 });
  try {
    const database = await openDatabase(name, { create: create ?? null, blockedTimeout });
    try {
      const facts = await readFacts(database);
      if (expect) requireSameFacts(name, facts, expect);
      return new IndexedDbGallery(database, facts);
    } catch (error) {
      database.close();
      throw error;
    }
  } catch (error) {
    throw await describeStoreError(error, name);
  }
}

async function readFacts(database: IDBDatabase): Promise<GalleryFacts> {
  const store = database.transaction('gallery').objectStore('gallery');
  const row: GalleryRow | undefined = await resultOf(store.get(factsKey));
  if (!row) {
    throw new DataError(
      `The database '${database.name}' has no facts of a gallery: another program changed it. Choose another name, or delete it.`,
    );
  }
  const { revision: _, ...facts } = row;
  return facts;
}
