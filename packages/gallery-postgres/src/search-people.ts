import { type Candidate, type Comparison, compareCodePoints } from '@openset/gallery';
import { cosineSimilarities } from '@openset/metrics';
import type { Row, RunStatement } from './database.ts';
import type { GallerySchema } from './gallery-schema.ts';
import type { HnswOptions } from './hnsw-index.ts';
import { decodeVector, vectorLiteral } from './vector-bytes.ts';

/** Embeddings that a search reads for each person wanted: a template, or some of the person's embeddings. */
const readPerPerson = { mean: 1, best: 4 };
/** Embeddings that a search reads beyond, so that embeddings at about the same place seldom need another read. */
const extraRead = 16;

/** A search among the templates or the embeddings of a gallery. */
export interface SearchRequest {
  readonly schema: GallerySchema;
  readonly comparison: Comparison;
  /** `[embeddingSize]`, at unit length. */
  readonly probe: Float32Array;
  /** Number of people. */
  readonly limit: number;
  /** Null for an exact search. */
  readonly hnsw: Required<HnswOptions> | null;
}

/** Candidates, and the row of the gallery at that time. */
export interface SearchResult {
  readonly candidates: readonly Candidate[];
  readonly gallery: Row;
}

/**
 * Finds the nearest people. PostgreSQL orders embeddings by inner products with float32 sums; this orders the first of them again by
 * cosines in float64, and reads more until no other can belong to the result.
 */
export async function searchPeople(run: RunStatement, request: SearchRequest): Promise<SearchResult> {
  const { comparison, limit, probe } = request;
  const margin = largestDifference(probe.length);
  for (let count = readPerPerson[comparison] * limit + extraRead; ; count *= 4) {
    const rows = await run(searchStatement(request, count));
    // The row of a gallery without embeddings has none.
    const found = rows.filter((row) => row.id !== null);
    const people = nearestPeople(probe, found);
    const last = Math.min(...found.map((row) => row.product));
    const isComplete = people.length >= limit && people[limit - 1]!.cosine > last + margin;
    if (isComplete || found.length < count) return { candidates: people.slice(0, limit), gallery: rows[0] };
  }
}

/**
 * Returns the statements of a search as one text, which is one message and one transaction. Each row also has the operating point of the
 * gallery.
 */
function searchStatement({ schema, comparison, probe, hnsw }: SearchRequest, count: number): string {
  const table = comparison === 'mean' ? schema.templates : schema.embeddings;
  const vector = `${schema.vector}.vector`;
  const literal = `${vectorLiteral(probe)}::${vector}`;
  // The index serves the operator, but not the function.
  const order = hnsw
    ? `embedding OPERATOR(${schema.vector}.<#>) ${literal}`
    : `${schema.vector}.inner_product(embedding, ${literal}) DESC`;
  const select = `
    SELECT g.operating_point, p.id, p.name, c.bytes, c.product
    FROM ${schema.gallery} g LEFT JOIN (
      SELECT person_id, ${schema.vector}.vector_send(embedding) AS bytes,
        ${schema.vector}.inner_product(embedding, ${literal}) AS product
      FROM (SELECT person_id, embedding FROM ${table} ORDER BY ${order} LIMIT ${count}) nearest
    ) c ON true LEFT JOIN ${schema.people} p ON p.id = c.person_id`;
  // Compiling the statement takes longer than running it.
  if (!hnsw) return `SET LOCAL jit = off; ${select}`;
  // The scan continues until it has `count` rows, although the graph was searched for fewer.
  return `SET LOCAL jit = off; SET LOCAL hnsw.ef_search = ${hnsw.efSearch}; SET LOCAL hnsw.iterative_scan = relaxed_order; ${select}`;
}

/** Returns people by their best cosine: highest first, equal ones by name. */
function nearestPeople(probe: Float32Array, rows: readonly Row[]): Candidate[] {
  const best = new Map<string, Candidate>();
  for (const { id, name, bytes } of rows) {
    const cosine = cosineSimilarities(probe, decodeVector(bytes), probe.length)[0]!;
    if (cosine > (best.get(id)?.cosine ?? Number.NEGATIVE_INFINITY))
      best.set(id, { identity: name, id, cosine });
  }
  return [...best.values()].sort((a, b) => b.cosine - a.cosine || compareCodePoints(a.identity, b.identity));
}

/**
 * Returns a bound of the difference between an inner product with float32 sums and the cosine. Rounding of a sum of n products of unit
 * vectors is below `n · 2⁻²⁴` in any order (Higham, Accuracy and Stability of Numerical Algorithms, §3.1); the square of a length
 * may differ by 10⁻⁶ from 1.
 */
function largestDifference(size: number): number {
  return (size + 2) * 2 ** -24 + 2e-6;
}
