import { ConfigError, checkNumber, DataError } from '@openset/core';
import { checkFixedFacts, type Comparison, type FixedFacts, requireSameFacts } from '@openset/gallery';
import { type ConnectionSettings, Database, type RunStatement } from './database.ts';
import { type GallerySchema, gallerySchema, quote } from './gallery-schema.ts';
import {
  buildSearchIndex,
  hasSearchIndex,
  requireIndexSupport,
  resolveSearchIndex,
  type SearchIndex,
} from './hnsw-index.ts';
import { migrations } from './migrations.ts';
import { PostgresGallery } from './postgres-gallery.ts';
import { readPostgresAddress } from './postgres-address.ts';
import { readStoredGallery, type StoredGallery, writeFacts } from './stored-facts.ts';
import { requireVectorExtension } from './vector-extension.ts';

/** Largest number of values of an embedding that pgvector stores. */
const largestEmbeddingSize = 16_000;

/** Facts that a gallery must have. */
export type ExpectedFacts = Omit<FixedFacts, 'comparison'> & {
  /** Default: any. */
  readonly comparison?: Comparison | undefined;
};

/** Options of `openPostgresGallery`. */
export interface OpenPostgresGalleryOptions extends ConnectionSettings {
  /** Creates the gallery with these facts if there is none. An existing one must have them. */
  readonly create?: FixedFacts | undefined;
  /** Facts that an existing gallery must have; default: any. */
  readonly expect?: ExpectedFacts | undefined;
  /** Name of the gallery, which is a schema of the database; default: `?gallery=` of the address, or `openset`. */
  readonly gallery?: string | undefined;
  /** How searches find the nearest people; default `'exact'`. The first opening with an index builds it. */
  readonly index?: SearchIndex | undefined;
}

/**
 * Opens a gallery in a PostgreSQL database with the pgvector extension. Several programs may use it at the same time.
 * @param address `postgres://user:password@host:5432/database?gallery=staff`, with the parameters that pg takes
 * @throws DataError if there is no gallery and `create` is missing, or the gallery has other facts; ShapeError if it has another embedding
 *   size; ConfigError if an option is out of range; StoreError if the server cannot be reached, or refuses
 *
 * @example
 * const facts = { model, embeddingSize: 512, crop: null, comparison: 'mean' } as const;
 * const gallery = await openPostgresGallery('postgres://openset@localhost/faces?gallery=staff', { create: facts });
 */
export async function openPostgresGallery(
  address: string,
  {
    create,
    expect,
    gallery: name,
    index = 'exact',
    ...settings
  }: OpenPostgresGalleryOptions = {},
): Promise<PostgresGallery> {
  const parsed = readPostgresAddress(address, name);
  if (create) {
    checkFixedFacts(create);
    checkNumber('openPostgresGallery: embeddingSize', create.embeddingSize, { maximum: largestEmbeddingSize });
  }
  // Wrong options are refused before a gallery is created.
  resolveSearchIndex(index, create?.embeddingSize ?? 1);
  const database = new Database(parsed, settings);
  try {
    const extension = await requireVectorExtension(database);
    const schema = gallerySchema(parsed.schema, extension.schema);
    const existing = await readStoredGallery(database.read, parsed.schema, database.where);
    if (!existing && !create) {
      throw new DataError(`There is no gallery ${database.where}: enroll people to create it, or check the name.`);
    }
    const isCurrent = existing?.version === migrations.length;
    const stored = isCurrent
      ? existing
      : await database.transaction((run) => migrate(run, schema, create, database.where));
    const expected = expect ?? create;
    if (expected) requireSameFacts(database.where, stored.facts, expected);
    const hnsw = resolveSearchIndex(index, stored.facts.embeddingSize);
    if (hnsw) {
      requireIndexSupport(extension);
      if (!(await hasSearchIndex(database.read, schema))) {
        await database.transaction(async (run) => {
          await lockSchema(run, schema);
          if (await hasSearchIndex(run, schema)) return;
          await buildSearchIndex(run, schema, stored.facts.comparison, hnsw);
        });
      }
    }
    return new PostgresGallery(database, schema, stored.facts, hnsw);
  } catch (error) {
    await database.close();
    throw error;
  }
}

/** Creates a gallery, or brings its tables to the current version. Programs that start at the same time do it one after another. */
async function migrate(
  run: RunStatement,
  schema: GallerySchema,
  create: FixedFacts | undefined,
  where: string,
): Promise<StoredGallery> {
  await lockSchema(run, schema);
  const existing = await readStoredGallery(run, schema.name, where);
  if (existing?.version === migrations.length) return existing;
  const facts = existing?.facts ?? create;
  if (!facts) throw new ConfigError(`The gallery ${where} was removed while it was opened: open it again.`);
  if (!existing) await run(`CREATE SCHEMA IF NOT EXISTS ${quote(schema.name)}`);
  for (const migration of migrations.slice(existing?.version ?? 0)) {
    await run(migration(schema, facts.embeddingSize));
  }
  if (existing) await run(`UPDATE ${schema.gallery} SET schema_version = $1`, [migrations.length]);
  else await writeFacts(run, schema, facts);
  return (await readStoredGallery(run, schema.name, where))!;
}

/** Waits until no other program changes the tables of the gallery, without the time limit for statements, until the transaction ends. */
async function lockSchema(run: RunStatement, schema: GallerySchema): Promise<void> {
  await run('SET LOCAL statement_timeout = 0');
  await run('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`openset gallery ${schema.name}`]);
}
