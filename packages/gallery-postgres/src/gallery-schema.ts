import type { RunStatement } from './database.ts';

/** Names of the database objects of a gallery, quoted for SQL. */
export interface GallerySchema {
  /** Name of the schema, not quoted. */
  readonly name: string;
  readonly gallery: string;
  readonly people: string;
  readonly embeddings: string;
  readonly templates: string;
  /** Schema of the pgvector extension. Statements name it, so that they do not depend on the search path. */
  readonly vector: string;
}

/** Name of the index for approximate searches. */
export const searchIndexName = 'search_hnsw';

/**
 * Returns the names for a gallery.
 * @param extensionSchema schema of the pgvector extension, not quoted
 */
export function gallerySchema(name: string, extensionSchema: string): GallerySchema {
  const inSchema = (table: string) => `${quote(name)}.${quote(table)}`;
  return {
    name,
    gallery: inSchema('gallery'),
    people: inSchema('people'),
    embeddings: inSchema('embeddings'),
    templates: inSchema('templates'),
    vector: quote(extensionSchema),
  };
}

/** Returns a name as an identifier of SQL. */
export function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/**
 * Returns whether a schema has a table or an index. It reads the catalog, because `to_regclass` may answer from what the session knew
 * before it waited for a lock.
 */
export async function hasRelation(run: RunStatement, schema: string, relation: string): Promise<boolean> {
  const found = await run(
    'SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2',
    [schema, relation],
  );
  return found.length > 0;
}
