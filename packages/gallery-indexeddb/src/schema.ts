import type { FixedFacts, GalleryFacts, PersonRecord, StoredEmbedding } from '@openset/gallery';

/** The row of the store `gallery`. */
export interface GalleryRow extends GalleryFacts {
  /** Number of calls that have written. */
  readonly revision: number;
}

/** Key of the only row of the store `gallery`. */
export const factsKey = 'facts';

/** A row of the store `people`: everything of a person, so that removing it leaves nothing behind. Its key is `id`. */
export interface PersonRow extends Omit<PersonRecord, 'embeddings'> {
  /** UTF-8 bytes of the name. Keys of bytes have the order of code points; keys of text have that of UTF-16. */
  readonly nameKey: Uint8Array<ArrayBuffer>;
  /** Revision of the gallery that changed this person last; no two people have the same. */
  readonly revision: number;
  /** Identifiers of `embeddings`. */
  readonly embeddingIds: readonly string[];
  /** In order of enrollment. The model is that of the gallery. */
  readonly embeddings: readonly Omit<StoredEmbedding, 'model'>[];
}

/** The stores of a gallery, in a transaction. */
export interface Stores {
  readonly gallery: IDBObjectStore;
  readonly people: IDBObjectStore;
}

/** Names of the stores. */
export const storeNames = ['gallery', 'people'] as const;

/** Changes a database from one version of the schema to the next. */
export type Migration = (stores: Stores, database: IDBDatabase) => void;

/**
 * Migrations in order: the first leads from version 1 to version 2. Browsers keep databases of every version, so no migration is ever
 * changed or removed.
 */
export const migrations: readonly Migration[] = [];

/** Whether a database has the stores of a gallery. */
export function hasStores(database: IDBDatabase): boolean {
  return storeNames.every((name) => database.objectStoreNames.contains(name));
}

/** Returns the stores of a gallery in a transaction. */
export function storesOf(transaction: IDBTransaction): Stores {
  return { gallery: transaction.objectStore('gallery'), people: transaction.objectStore('people') };
}

/** Creates the stores of version 1. */
export function createStores(
  database: IDBDatabase,
  { model, embeddingSize, crop, comparison }: FixedFacts,
): void {
  const facts = { model, embeddingSize, crop, comparison, createdAt: new Date().toISOString() };
  database
    .createObjectStore('gallery')
    .put({ ...facts, operatingPoint: null, revision: 0 } satisfies GalleryRow, factsKey);
  const people = database.createObjectStore('people', { keyPath: 'id' });
  people.createIndex('nameKey', 'nameKey', { unique: true });
  people.createIndex('embeddingIds', 'embeddingIds', { unique: true, multiEntry: true });
  people.createIndex('revision', 'revision', { unique: true });
}

/** Returns the key of a name. */
export function nameKeyOf(name: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(name);
}
