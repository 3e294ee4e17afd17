import type { FaceCrop } from '@openset/core';
import type { Comparison, GalleryFacts, OperatingPoint, Person } from '@openset/gallery';
import type { Database } from 'better-sqlite3';

/** Row of `gallery`. `crop` and `operatingPoint` are JSON. */
interface GalleryRow {
  readonly fingerprint: string;
  readonly modelName: string;
  readonly embeddingSize: number;
  readonly crop: string | null;
  readonly comparison: Comparison;
  readonly createdAt: string;
  readonly operatingPoint: string | null;
}

/** Row of `people`, with the number of their embeddings. `metadata` is JSON. */
export interface PersonRow {
  /** Number of the row. Nobody outside sees it; a number of a removed row can be used again. */
  readonly number: number;
  readonly id: string;
  readonly name: string;
  readonly metadata: string;
  readonly enrolledAt: string;
  readonly embeddingCount: number;
}

/** Row of `embeddings`. */
export interface EmbeddingRow {
  readonly id: string;
  readonly source: string | null;
  readonly enrolledAt: string;
  readonly vector: Uint8Array;
}

/** Reads the facts of a gallery. */
export function readFacts(database: Database): GalleryFacts {
  const row = database
    .prepare<[], GalleryRow>(
      `SELECT model_fingerprint AS fingerprint, model_name AS modelName, embedding_size AS embeddingSize, crop, comparison,
       created_at AS createdAt, operating_point AS operatingPoint FROM gallery`,
    )
    .get()!;
  return {
    model: { fingerprint: row.fingerprint, name: row.modelName },
    embeddingSize: row.embeddingSize,
    crop: row.crop === null ? null : (JSON.parse(row.crop) as FaceCrop),
    comparison: row.comparison,
    createdAt: row.createdAt,
    operatingPoint: operatingPointOf(row.operatingPoint),
  };
}

/** Returns a stored threshold; null if there is none. */
export function operatingPointOf(json: string | null): OperatingPoint | null {
  return json === null ? null : (JSON.parse(json) as OperatingPoint);
}

/** Returns a person as callers see them. */
export function personOf({ id, name, metadata, enrolledAt, embeddingCount }: PersonRow): Person {
  return { id, name, metadata: JSON.parse(metadata), enrolledAt, embeddingCount };
}
