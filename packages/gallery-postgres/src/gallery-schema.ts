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
