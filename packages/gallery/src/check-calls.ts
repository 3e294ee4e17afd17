import { unitEmbedding } from '@openset/verify';
import { checkAfter, checkLimit, checkNewEmbeddings, checkPersonName, checkSource } from './check-input.ts';
import { checkMetadata } from './check-metadata.ts';
import type { FixedFacts, JsonObject, NewEmbedding, StoredEmbedding } from './gallery.ts';

/** What an enrollment adds to a gallery. */
export interface CheckedEnrollment {
  /** Name in the Unicode form NFC. */
  readonly name: string;
  /** Copy of the new metadata; undefined if those of the person stay. */
  readonly metadata: JsonObject | undefined;
  /** Time of the enrollment, ISO 8601 in UTC. */
  readonly enrolledAt: string;
  /** The embeddings at unit length, with new identifiers, in the order given. */
  readonly embeddings: readonly StoredEmbedding[];
}

/**
 * Checks the arguments of `Gallery.enroll` for a store.
 * @throws DataError for a bad name, source or metadata, or for embeddings that are missing or have no direction; ShapeError for embeddings of
 *   another size
 */
export function checkEnrollment(
  { model, embeddingSize }: Pick<FixedFacts, 'model' | 'embeddingSize'>,
  name: string,
  embeddings: readonly NewEmbedding[],
  metadata?: JsonObject,
): CheckedEnrollment {
  const known = checkPersonName(name);
  const vectors = checkNewEmbeddings(known, embeddings, embeddingSize);
  const enrolledAt = new Date().toISOString();
  return {
    name: known,
    metadata: metadata === undefined ? undefined : checkMetadata(metadata),
    enrolledAt,
    embeddings: vectors.map((values, index) => ({
      id: crypto.randomUUID(),
      source: checkSource(known, embeddings[index]!.source),
      model: model.fingerprint,
      enrolledAt,
      values,
    })),
  };
}

/**
 * Checks the changes of `Gallery.update` for a store.
 * @returns the changes alone, with the name in the Unicode form NFC and a copy of the metadata
 * @throws DataError for a bad name or bad metadata
 */
export function checkChanges({
  name,
  metadata,
}: {
  readonly name?: string | undefined;
  readonly metadata?: JsonObject | undefined;
}): { readonly name?: string; readonly metadata?: JsonObject } {
  return {
    ...(name !== undefined && { name: checkPersonName(name) }),
    ...(metadata !== undefined && { metadata: checkMetadata(metadata) }),
  };
}

/**
 * Checks the arguments of `Gallery.people` for a store.
 * @returns the name after which the page starts, in the Unicode form NFC; undefined for the first page
 * @throws ConfigError if the limit is out of range; DataError if `after` is no text that every store can compare
 */
export function checkPage(after: string | undefined, limit: number): string | undefined {
  checkLimit('people', limit);
  return checkAfter(after);
}

/**
 * Checks the arguments of `Gallery.search` for a store.
 * @returns the probe at unit length
 * @throws ConfigError if the limit is out of range; DataError if the probe has no direction; ShapeError if it has another size
 */
export function checkSearch(
  { embeddingSize }: Pick<FixedFacts, 'embeddingSize'>,
  probe: Float32Array,
  limit: number,
): Float32Array {
  checkLimit('search', limit);
  return unitEmbedding('The probe', probe, embeddingSize);
}
