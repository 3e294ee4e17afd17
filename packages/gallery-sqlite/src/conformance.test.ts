import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { galleryConformance } from '@openset/testkit/vitest';
import { inject } from 'vitest';
import { makeFolder } from './__fixtures__/example-gallery.ts';
import { openSqliteGallery } from './index.ts';

galleryConformance('SqliteGallery', {
  createStore: () => {
    const folder = makeFolder();
    return {
      open: (create) => openSqliteGallery(join(folder, 'people.db'), { create }),
      remove: () => rmSync(folder, { recursive: true }),
    };
  },
  randomCases: inject('long') ? 100 : 4,
});
