import { DataError } from '@openset/core';
import { type FixedFacts, MissingGalleryError, StoreError } from '@openset/gallery';
import { createStores, hasStores, type Migration, migrations, storesOf } from './schema.ts';

/** How `openDatabase` opens a database. */
export interface DatabaseOptions {
  /** Facts of the gallery that is created if there is none; null: a missing one is an error. */
  readonly create: FixedFacts | null;
  /** Milliseconds to wait for other tabs that use an older version. */
  readonly blockedTimeout: number;
  /** Migrations from version 1; default: those of this package. */
  readonly steps?: readonly Migration[];
}

/**
 * Opens the database of a gallery, and brings it to the latest version of the schema.
 * @throws MissingGalleryError, DataError, StoreError, or an error of IndexedDB
 */
export function openDatabase(
  name: string,
  { create, blockedTimeout, steps = migrations }: DatabaseOptions,
): Promise<IDBDatabase> {
  const version = 1 + steps.length;
  const request = indexedDbOfPage(name).open(name, version);
  return new Promise((resolve, reject) => {
    /** Why the database stays as it is. */
    let refusal: Error | null = null;
    let timer: ReturnType<typeof setTimeout> | undefined;
    request.onblocked = () => {
      timer = setTimeout(() => {
        refusal = new StoreError(
          `The gallery '${name}' cannot be changed to version ${version}: other tabs of this site use an older one. Close them, and try again.`,
        );
        reject(refusal);
      }, blockedTimeout);
    };
    request.onupgradeneeded = ({ oldVersion }) => {
      clearTimeout(timer);
      const { result: database, transaction } = request as {
        result: IDBDatabase;
        transaction: IDBTransaction;
      };
      if (oldVersion === 0 && !create) {
        refusal = new MissingGalleryError(
          `This browser has no gallery '${name}': check its name, or pass \`create\` to make it.`,
        );
      } else if (oldVersion > 0 && !hasStores(database)) refusal ??= foreignDatabase(name);
      // Ending this transaction undoes the creation of the database as well.
      if (refusal) return transaction.abort();
      if (oldVersion === 0) createStores(database, create!);
      for (const step of steps.slice(Math.max(0, oldVersion - 1))) step(storesOf(transaction), database);
    };
    request.onsuccess = () => {
      clearTimeout(timer);
      const database = request.result;
      if (!hasStores(database)) refusal ??= foreignDatabase(name);
      if (!refusal) return resolve(database);
      database.close();
      reject(refusal);
    };
    request.onerror = () => {
      clearTimeout(timer);
      reject(refusal ?? describeVersionError(request.error!, name, version));
    };
  });
}

/** Returns IndexedDB. @throws StoreError if the browser has none for this page */
function indexedDbOfPage(name: string): IDBFactory {
  const factory: IDBFactory | null | undefined = globalThis.indexedDB;
  if (factory) return factory;
  throw new StoreError(
    `This browser has no IndexedDB for this page, so it cannot open the gallery '${name}': use another browser or leave its private mode, ` +
      'or use a MemoryGallery.',
  );
}

function foreignDatabase(name: string): DataError {
  return new DataError(
    `The database '${name}' is no gallery, but belongs to another program: choose another name.`,
  );
}

function describeVersionError(error: DOMException, name: string, version: number): Error {
  if (error.name !== 'VersionError') return error;
  return new DataError(
    `The gallery '${name}' was written by a later version of this page, which knows only version ${version}: reload the page, or update ` +
      '@openset/gallery-indexeddb.',
    { cause: error },
  );
}
