import { ConfigError, checkNumber } from '@openset/core';
import type { Comparison } from '@openset/gallery';
import type { RunStatement } from './database.ts';
import { type GallerySchema, hasRelation, quote, searchIndexName } from './gallery-schema.ts';
import { isAtLeastVersion, type VectorExtension } from './vector-extension.ts';

/** Options of an HNSW index: a graph that leads to the nearest embeddings without comparing all. */
export interface HnswOptions {
  /** Links of an embedding, from 2 to 100; default 24. Counts when the index is built. */
  readonly m?: number | undefined;
  /** Candidates for links, from `2 · m` to 1,000; default 200. Counts when the index is built. */
  readonly efConstruction?: number | undefined;
  /** Candidates of a search, from 1 to 1,000; default 100. More find the nearest person more often, and take longer. */
  readonly efSearch?: number | undefined;
}

/** How a gallery finds the nearest people: `'exact'` compares all embeddings; an HNSW index finds nearly always the same, faster. */
export type SearchIndex = 'exact' | 'hnsw' | HnswOptions;

/** Largest number of values of an embedding that pgvector indexes. */
const largestIndexedSize = 2000;
/** Version of pgvector whose scans of an index continue until they have enough rows. */
const minimumVersion = '0.8.0';

/** Options with their defaults; null for exact searches. @throws ConfigError if one is out of range */
export function resolveSearchIndex(index: SearchIndex, embeddingSize: number): Required<HnswOptions> | null {
  if (index === 'exact') return null;
  const { m = 24, efConstruction = 200, efSearch = 100 } = index === 'hnsw' ? {} : index;
  if (typeof index !== 'object' && index !== 'hnsw') {
    throw new ConfigError(
      `openPostgresGallery: index must be 'exact', 'hnsw' or options, but is '${String(index)}'.`,
    );
  }
  checkNumber('openPostgresGallery: m', m, { minimum: 2, maximum: 100, integer: true });
  checkNumber('openPostgresGallery: efConstruction', efConstruction, {
    minimum: 2 * m,
    maximum: 1000,
    integer: true,
  });
  checkNumber('openPostgresGallery: efSearch', efSearch, { minimum: 1, maximum: 1000, integer: true });
  if (embeddingSize > largestIndexedSize) {
    throw new ConfigError(
      `pgvector indexes embeddings of up to ${largestIndexedSize} values, but the gallery's have ${embeddingSize}: use index 'exact'.`,
    );
  }
  return { m, efConstruction, efSearch };
}

/** Returns whether a gallery has the index. */
export function hasSearchIndex(run: RunStatement, { name }: GallerySchema): Promise<boolean> {
  return hasRelation(run, name, searchIndexName);
}

/** Builds the index. Reads continue meanwhile, and changes wait. */
export async function buildSearchIndex(
  run: RunStatement,
  schema: GallerySchema,
  comparison: Comparison,
  { m, efConstruction }: Required<HnswOptions>,
): Promise<void> {
  const table = comparison === 'mean' ? schema.templates : schema.embeddings;
  await run(
    `CREATE INDEX ${quote(searchIndexName)} ON ${table} USING hnsw (embedding ${schema.vector}.vector_ip_ops)
     WITH (m = ${m}, ef_construction = ${efConstruction})`,
  );
}

/** Checks that pgvector has what searches with the index need. @throws ConfigError if it is too old */
export function requireIndexSupport({ version }: VectorExtension): void {
  if (isAtLeastVersion(version, minimumVersion)) return;
  throw new ConfigError(
    `An index needs pgvector ${minimumVersion} or later, but the database has ${version}: install it, then run: ALTER EXTENSION vector ` +
      'UPDATE;',
  );
}
