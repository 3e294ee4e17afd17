import { ConfigError, checkNumber } from '@openset/core';
import {
  type Comparison,
  checkFixedFacts,
  type FixedFacts,
  MissingGalleryError,
  requireSameFacts,
} from '@openset/gallery';
import { type ConnectionSettings, Database, type RunStatement } from './database.ts';
import { type GallerySchema, gallerySchema, quote } from './gallery-schema.ts';
import {
  buildSearchIndex,
  type HnswOptions,
  hasSearchIndex,
  requireIndexSupport,
  resolveSearchIndex,
  type SearchIndex,
} from './hnsw-index.ts';
import { migrations } from './migrations.ts';
import { readPostgresAddress } from './postgres-address.ts';
import { PostgresGallery } from './postgres-gallery.ts';
import { readStoredGallery, type StoredGallery, writeFacts } from './stored-facts.ts';
import { addVectorExtension, findVectorExtension, type VectorExtension } from './vector-extension.ts';

/** Largest number of values of an embedding that pgvector stores. */
const largestEmbeddingSize = 16_000;

/** How `openPostgresGallery` opens a gallery. */
export interface PostgresGalleryOptions extends ConnectionSettings {
  /** Facts of the gallery that is created if there is none. Default: a missing gallery is an error. */
  readonly create?: FixedFacts | undefined;
  /** Facts that a gallery must have; without `comparison`, any will do. Default: `create`. Without both, every gallery is opened. */
  readonly expect?: Parameters<typeof requireSameFacts>[2] | undefined;
  /** Name of the gallery, which is a schema of the database; default: `?gallery=` of the address, or `openset`. */
  readonly gallery?: string | undefined;
  /** How searches find the nearest people; default `'exact'`. The first opening with an index builds it, which can take minutes. */
  readonly index?: SearchIndex | undefined;
}

/**
 * Opens a gallery in a PostgreSQL database with the pgvector extension. Several programs may use it at the same time.
 * @param address `postgres://user:password@host:5432/database?gallery=staff`, with the parameters that pg takes
 * @throws DataError if there is no gallery and `create` is missing, or the gallery has other facts; ShapeError if it has another embedding
 *   size; ConfigError if an option is out of range; StoreError if the server cannot be reached, or refuses
 *
 * @example
 * ```ts no-run
 * import { openPostgresGallery } from '@openset/gallery-postgres';
 *
 * const facts = {
 *   model: { fingerprint: 'a'.repeat(64), name: 'plane' }, // `modelFingerprint` of @openset/verify
 *   embeddingSize: 2,
 *   crop: null,
 *   comparison: 'mean',
 * } as const;
 * const gallery = await openPostgresGallery('postgres://openset@localhost/faces?gallery=staff', { create: facts });
 * await gallery.enroll('Ada', [{ values: Float32Array.of(0.6, 0.8) }]);
 * await gallery.close();
 * ```
 */
export async function openPostgresGallery(
  address: string,
  { create, expect = create, gallery: name, index = 'exact', ...settings }: PostgresGalleryOptions = {},
): Promise<PostgresGallery> {
  const parsed = readPostgresAddress(address, name);
  if (create) {
    checkFixedFacts(create);
    checkNumber('A gallery in PostgreSQL: embeddingSize', create.embeddingSize, {
      maximum: largestEmbeddingSize,
    });
    if (settings.readOnly)
      throw new ConfigError('openPostgresGallery: create and readOnly exclude each other.');
  }
  // Wrong options are refused before a gallery is created.
  resolveSearchIndex(index, create?.embeddingSize ?? 1);
  const database = new Database(parsed, settings);
  try {
    const { extension, schema, stored } = await openTables(database, parsed.schema, create);
    if (expect) requireSameFacts(database.where, stored.facts, expect);
    const hnsw = resolveSearchIndex(index, stored.facts.embeddingSize);
    if (hnsw) {
      requireIndexSupport(extension);
      await openIndex(database, schema, stored.facts.comparison, hnsw);
    }
    return new PostgresGallery(database, schema, stored.facts, hnsw);
  } catch (error) {
    await database.close();
    throw error;
  }
}

interface OpenTables {
  readonly extension: VectorExtension;
  readonly schema: GallerySchema;
  readonly stored: StoredGallery;
}

/** Reads a gallery. Creates it if it is missing, and brings its tables to the current version. */
async function openTables(
  database: Database,
  name: string,
  create: FixedFacts | undefined,
): Promise<OpenTables> {
  const { where } = database;
  const { existing, installed } = await database.read(async (run) => ({
    existing: await readStoredGallery(run, name, where),
    installed: await findVectorExtension(run),
  }));
  if (!existing && !create) {
    throw new MissingGalleryError(
      `There is no gallery ${where}: enroll people to create it, or check the name.`,
    );
  }
  const extension = installed ?? (await addVectorExtension(database));
  const schema = gallerySchema(name, extension.schema);
  const isCurrent = existing?.version === migrations.length;
  const stored = isCurrent
    ? existing
    : await database.transaction((run) => migrate(run, schema, create, where));
  return { extension, schema, stored };
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

/** Builds the index of a gallery if it is missing. */
async function openIndex(
  database: Database,
  schema: GallerySchema,
  comparison: Comparison,
  hnsw: Required<HnswOptions>,
): Promise<void> {
  if (await database.read((run) => hasSearchIndex(run, schema))) return;
  await database.transaction(async (run) => {
    await lockSchema(run, schema);
    if (!(await hasSearchIndex(run, schema))) await buildSearchIndex(run, schema, comparison, hnsw);
  });
}

/** Waits until no other program changes the tables of the gallery, without the time limit for statements, until the transaction ends. */
async function lockSchema(run: RunStatement, schema: GallerySchema): Promise<void> {
  await run('SET LOCAL statement_timeout = 0');
  await run('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`openset gallery ${schema.name}`]);
}
