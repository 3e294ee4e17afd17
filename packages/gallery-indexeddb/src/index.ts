export type { IndexedDbGallery } from './indexeddb-gallery.ts';
export { type IndexedDbGalleryOptions, openIndexedDbGallery } from './open-indexeddb-gallery.ts';
