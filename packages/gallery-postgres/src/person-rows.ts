import { ConflictError, meanTemplate, type Person, type StoredEmbedding } from '@openset/gallery';
import type { Row, RunStatement } from './database.ts';
import { violatedUniqueness } from './database-error.ts';
import type { GallerySchema } from './gallery-schema.ts';
import { decodeVector, encodeVector } from './vector-bytes.ts';

/** Embeddings of one statement; each has five parameters, and PostgreSQL takes 65,535. */
const embeddingsPerStatement = 500;

/** Columns of a person `p`, for `personOf`. */
export function personColumns({ embeddings }: GallerySchema): string {
  return `p.id, p.name, p.metadata, p.enrolled_at,
    (SELECT count(*) FROM ${embeddings} e WHERE e.person_id = p.id) AS embedding_count`;
}

/** Returns the person of a row. */
export function personOf(row: Row): Person {
  return {
    id: row.id,
    name: row.name,
    metadata: row.metadata,
    enrolledAt: row.enrolled_at,
    embeddingCount: Number(row.embedding_count),
  };
}

/** Returns the embedding of a row, whose column `bytes` is from `vector_send`. */
export function embeddingOf(row: Row): StoredEmbedding {
  return {
    id: row.id,
    source: row.source,
    model: row.model,
    enrolledAt: row.enrolled_at,
    values: decodeVector(row.bytes),
  };
}

/** Reads the embeddings of a person in order of enrollment. */
export async function readEmbeddings(
  run: RunStatement,
  { embeddings, vector }: GallerySchema,
  personId: string,
): Promise<StoredEmbedding[]> {
  const rows = await run(
    `SELECT id, source, model, enrolled_at, ${vector}.vector_send(embedding) AS bytes
     FROM ${embeddings} WHERE person_id = $1 ORDER BY position`,
    [personId],
  );
  return rows.map(embeddingOf);
}

/** Adds embeddings to a person, in order. The caller holds the lock of the person's row. */
export async function insertEmbeddings(
  run: RunStatement,
  { embeddings, vector }: GallerySchema,
  personId: string,
  added: readonly StoredEmbedding[],
): Promise<void> {
  for (let start = 0; start < added.length; start += embeddingsPerStatement) {
    const values: unknown[] = [personId];
    const rows = added.slice(start, start + embeddingsPerStatement).map((one) => {
      const first = values.push(one.id, one.source, one.model, one.enrolledAt, encodeVector(one.values)) - 4;
      return `($1, $${first}, $${first + 1}, $${first + 2}, $${first + 3}, $${first + 4}::${vector}.vector)`;
    });
    await run(
      `INSERT INTO ${embeddings} (person_id, id, source, model, enrolled_at, embedding) VALUES ${rows.join(', ')}`,
      values,
    );
  }
}

/**
 * Computes the template of a person again, from all embeddings. The caller holds the lock of the person's row, so that no other
 * change is missed.
 * @throws DataError if the embeddings cancel each other out
 */
export async function updateTemplate(
  run: RunStatement,
  schema: GallerySchema,
  person: { readonly id: string; readonly name: string },
): Promise<void> {
  const { templates, vector } = schema;
  const all = await readEmbeddings(run, schema, person.id);
  if (all.length === 0) {
    await run(`DELETE FROM ${templates} WHERE person_id = $1`, [person.id]);
    return;
  }
  const template = meanTemplate(
    person.name,
    all.map(({ values }) => values),
  );
  await run(
    `INSERT INTO ${templates} (person_id, embedding) VALUES ($1, $2::${vector}.vector)
     ON CONFLICT (person_id) DO UPDATE SET embedding = excluded.embedding`,
    [person.id, encodeVector(template)],
  );
}

/** Runs a statement that adds or renames a person. @throws ConflictError if the name or an identifier is taken */
export async function explainConflict<T>(
  person: { readonly id: string; readonly name?: string | undefined },
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const constraint = violatedUniqueness(error);
    if (constraint === null) throw error;
    if (constraint === 'people_name')
      throw new ConflictError(`The gallery already has a person named '${person.name}'.`, { cause: error });
    if (constraint === 'people_pkey')
      throw new ConflictError(`The gallery already has a person '${person.id}'.`, { cause: error });
    const taken = /\(id\)=\((.*)\)/.exec(String((error as { detail?: unknown }).detail))?.[1] ?? '';
    throw new ConflictError(`The gallery already has an embedding '${taken}'.`, { cause: error });
  }
}
