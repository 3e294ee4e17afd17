export type { ConnectionSettings } from './database.ts';
export { UncertainChangeError } from './database-error.ts';
export type { HnswOptions, SearchIndex } from './hnsw-index.ts';
export {
  openPostgresGallery,
  type PostgresGalleryOptions,
} from './open-postgres-gallery.ts';
export { isPostgresAddress } from './postgres-address.ts';
export type { PostgresGallery } from './postgres-gallery.ts';
