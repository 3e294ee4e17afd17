export { openSqliteGallery, type SqliteGalleryOptions } from './open-sqlite-gallery.ts';
export type { SqliteGallery } from './sqlite-gallery.ts';
