import { galleryConformance } from '@openset/testkit/vitest';
import { inject } from 'vitest';
import { MemoryGallery } from './memory-gallery.ts';

galleryConformance('MemoryGallery', {
  createStore: () => ({ open: (facts) => new MemoryGallery(facts) }),
  isPersistent: false,
  randomCases: inject('long') ? 100 : 8,
});
