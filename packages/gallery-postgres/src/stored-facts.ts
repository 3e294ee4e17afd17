import { DataError } from '@openset/core';
import type { FixedFacts, GalleryFacts } from '@openset/gallery';
import type { Row, RunStatement } from './database.ts';
import { type GallerySchema, hasRelation, quote } from './gallery-schema.ts';
import { migrations } from './migrations.ts';

/** What the database says about a gallery. */
export interface StoredGallery {
  readonly version: number;
  readonly facts: GalleryFacts;
}

/**
 * Reads the facts of a gallery.
 * @param where address of the gallery, for messages
 * @returns null if there is no gallery
 * @throws DataError if a newer version of this package wrote it
 */
export async function readStoredGallery(
  run: RunStatement,
  schema: string,
  where: string,
): Promise<StoredGallery | null> {
  if (!(await hasRelation(run, schema, 'gallery'))) return null;
  const [row] = await run(`SELECT * FROM ${quote(schema)}.gallery`);
  if (!row) return null;
  if (row.schema_version > migrations.length) {
    throw new DataError(
      `The gallery ${where} has tables of version ${row.schema_version}, but this program knows versions up to ${migrations.length}: ` +
        'update @openset/gallery-postgres.',
    );
  }
  return { version: row.schema_version, facts: factsOf(row) };
}

function factsOf(row: Row): GalleryFacts {
  return {
    model: { fingerprint: row.model_fingerprint, name: row.model_name },
    embeddingSize: row.embedding_size,
    crop: row.crop,
    comparison: row.comparison,
    createdAt: row.created_at,
    operatingPoint: row.operating_point,
  };
}

/** Writes the facts of a new gallery, with the current version. */
export async function writeFacts(run: RunStatement, schema: GallerySchema, facts: FixedFacts): Promise<void> {
  await run(
    `INSERT INTO ${schema.gallery} (schema_version, model_fingerprint, model_name, embedding_size, crop, comparison, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7)`,
    [
      migrations.length,
      facts.model.fingerprint,
      facts.model.name,
      facts.embeddingSize,
      facts.crop && JSON.stringify(facts.crop),
      facts.comparison,
      new Date().toISOString(),
    ],
  );
}
