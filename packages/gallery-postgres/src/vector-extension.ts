import { StoreError } from '@openset/gallery';
import type { Database, RunStatement } from './database.ts';
import { codeOf } from './database-error.ts';

/** The pgvector extension of a database. */
export interface VectorExtension {
  /** Schema that holds it. */
  readonly schema: string;
  /** Such as `0.8.6`. */
  readonly version: string;
}

/** Returns the pgvector extension of a database; null if it has none. */
export async function findVectorExtension(run: RunStatement): Promise<VectorExtension | null> {
  const [row] = await run(
    `SELECT nspname AS schema, extversion AS version
     FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace WHERE extname = 'vector'`,
  );
  return row ?? null;
}

/**
 * Adds the pgvector extension to a database, if it is missing, and returns it.
 * @throws StoreError with the command that adds it, if the server does not have it or the user may not
 */
export async function addVectorExtension(database: Database): Promise<VectorExtension> {
  try {
    return await database.transaction(async (run) => {
      // Two sessions cannot add an extension at the same time.
      await run(`SELECT pg_advisory_xact_lock(hashtextextended('openset vector', 0))`);
      await run('CREATE EXTENSION IF NOT EXISTS vector');
      return (await findVectorExtension(run))!;
    });
  } catch (error) {
    const { cause } = error as Error;
    const code = codeOf(cause);
    if (code === '42501') {
      throw new StoreError(
        `The database of ${database.where} has no pgvector extension, and the user may not add it. An administrator runs there: ` +
          'CREATE EXTENSION vector;',
        { cause },
      );
    }
    // Undefined file or object, or feature not supported: by the version of PostgreSQL.
    if (code === '58P01' || code === '0A000' || code === '42704') {
      throw new StoreError(
        `The server of ${database.where} does not have the pgvector extension. Install it there, such as by 'apt-get install ` +
          "postgresql-17-pgvector' or the image pgvector/pgvector, then run: CREATE EXTENSION vector;",
        { cause },
      );
    }
    throw error;
  }
}

/** Returns whether a version such as `0.8.6` is at least another. */
export function isAtLeastVersion(version: string, minimum: string): boolean {
  const parts = (text: string) => text.split('.').map(Number);
  const [have, need] = [parts(version), parts(minimum)];
  for (let place = 0; place < need.length; place++) {
    const difference = (have[place] ?? 0) - need[place]!;
    if (difference !== 0) return difference > 0;
  }
  return true;
}
