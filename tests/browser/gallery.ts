import type { FixedFacts } from '@openset/gallery';
import { type IndexedDbGallery, openIndexedDbGallery } from '@openset/gallery-indexeddb';
import { galleryConformance } from '../../packages/testkit/src/gallery-conformance.ts';
import { runTests } from './vitest-in-page.ts';

const facts: FixedFacts = {
  model: { fingerprint: 'a'.repeat(64), name: 'test model' },
  embeddingSize: 512,
  crop: null,
  comparison: 'mean',
};

let gallery: IndexedDbGallery;

/** Runs the conformance suite on galleries in IndexedDB. */
async function conformance() {
  let count = 0;
  galleryConformance('IndexedDbGallery', {
    createStore: () => {
      const name = `conformance ${count++}`;
      return {
        open: (create) => openIndexedDbGallery(name, { create }),
        remove: () => void indexedDB.deleteDatabase(name),
      };
    },
    randomCases: 1,
  });
  return runTests();
}

/** Opens the gallery of this page. */
async function open(name: string): Promise<void> {
  gallery = await openIndexedDbGallery(name, { create: facts });
}

/** Enrolls a person with so many embeddings. @returns name and message of the error; null if there is none */
async function enroll(name: string, count: number): Promise<[name: string, message: string] | null> {
  const values = () => Float32Array.from({ length: facts.embeddingSize }, () => Math.random() - 0.4);
  const embeddings = Array.from({ length: count }, () => ({ values: values() }));
  return gallery.enroll(name, embeddings).then(
    () => null,
    (error: Error) => [error.name, error.message],
  );
}

const functions = { conformance, open, enroll, count: () => gallery.count() };

declare global {
  /** The functions that tests call in the page `gallery.html`. */
  var galleryInBrowser: typeof functions;
}
globalThis.galleryInBrowser = functions;
