import 'fake-indexeddb/auto';
import { galleryConformance } from '@openset/testkit/vitest';
import { inject } from 'vitest';
import { openIndexedDbGallery } from './index.ts';

let count = 0;

galleryConformance('IndexedDbGallery', {
  createStore: () => {
    const name = `conformance ${count++}`;
    return {
      open: (create) => openIndexedDbGallery(name, { create }),
      remove: () => void indexedDB.deleteDatabase(name),
    };
  },
  randomCases: inject('long') ? 100 : 4,
});
