import type { FixedFacts, NewEmbedding } from '@openset/gallery';
import { onTestFinished } from 'vitest';
import { type IndexedDbGallery, type IndexedDbGalleryOptions, openIndexedDbGallery } from '../index.ts';

/** Facts of a gallery of directions in space. */
export const facts: FixedFacts = {
  model: { fingerprint: 'a'.repeat(64), name: 'directions' },
  embeddingSize: 4,
  crop: { kind: 'box', scale: 1.2 },
  comparison: 'mean',
};

let count = 0;

/** Returns a name that no gallery has. */
export function newName(): string {
  return `gallery ${count++}`;
}

/** Opens a gallery, which is closed after the test. */
export async function openGallery(
  name: string,
  options: IndexedDbGalleryOptions = { create: facts },
): Promise<IndexedDbGallery> {
  const gallery = await openIndexedDbGallery(name, options);
  onTestFinished(() => gallery.close());
  return gallery;
}

/** Opens a database as another program does, which does not close it for others. */
export function openAsOther(name: string, version: number, upgrade = (_: IDBDatabase) => {}) {
  return new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open(name, version);
    request.onupgradeneeded = () => upgrade(request.result);
    request.onsuccess = () => {
      onTestFinished(() => request.result.close());
      resolve(request.result);
    };
    request.onerror = () => reject(request.error);
  });
}

/** Returns an embedding to enroll. */
export function embedding(...values: number[]): NewEmbedding {
  return { values: Float32Array.from(values) };
}
