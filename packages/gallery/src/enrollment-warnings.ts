import { checkNumber } from '@openset/core';
import { cosineSimilarities } from '@openset/metrics';
import { checkNewEmbeddings, checkPersonName } from './check-input.ts';
import type { Gallery, NewEmbedding } from './gallery.ts';

/**
 * Why an embedding is suspicious. `kind` is the reason, `index` the place of the embedding in the call, from 0, and `cosine` the cosine
 * that the reason compares, from -1 to 1:
 *
 * - `resembles`: another person resembles it at the threshold or above, so it may show them.
 * - `unlike-person`: its best cosine with the embeddings of the person in the gallery is below the threshold for pairs.
 * - `unlike-others`: its best cosine with the others of the same call is below the threshold for pairs.
 */
export type EnrollmentWarning =
  | {
      readonly kind: 'resembles';
      readonly index: number;
      /** Name of the other person. */
      readonly identity: string;
      /** Identifier of the other person. */
      readonly id: string;
      readonly cosine: number;
    }
  | {
      readonly kind: 'unlike-person' | 'unlike-others';
      readonly index: number;
      readonly cosine: number;
    };

/** Thresholds of `enrollmentWarnings`, from -1 to 1. */
export interface EnrollmentThresholds {
  /** Cosine at which a search in the gallery names a person: `selectGalleryThreshold` of `@openset/verify`. */
  readonly threshold: number;
  /** Lowest cosine of two images of one person: `selectPairThreshold`. Default: `threshold`. */
  readonly pairThreshold?: number | undefined;
}

/**
 * Returns what is suspicious about embeddings before they are enrolled. It changes nothing.
 * @param name of the person, who need not be in the gallery
 * @returns in the order of the embeddings; empty if nothing is suspicious
 * @throws as `Gallery.enroll` for bad input; ConfigError if the threshold is out of range
 */
export async function enrollmentWarnings(
  gallery: Gallery,
  name: string,
  embeddings: readonly NewEmbedding[],
  { threshold, pairThreshold = threshold }: EnrollmentThresholds,
): Promise<EnrollmentWarning[]> {
  checkNumber('enrollmentWarnings: threshold', threshold, { minimum: -1, maximum: 1 });
  checkNumber('enrollmentWarnings: pairThreshold', pairThreshold, { minimum: -1, maximum: 1 });
  const known = checkPersonName(name);
  const units = checkNewEmbeddings(known, embeddings, gallery.facts.embeddingSize);
  const person = await gallery.find({ name: known });
  const own = (person && (await gallery.embeddings(person.id)))?.map(({ values }) => values) ?? [];
  const warnings: EnrollmentWarning[] = [];
  for (const [index, unit] of units.entries()) {
    // The person themselves can be the nearest.
    const nearest = await gallery.search(unit, { limit: 2 });
    const other = nearest.find(({ id }) => id !== person?.id);
    if (other && other.cosine >= threshold) warnings.push({ kind: 'resembles', index, ...other });
    const others = units.filter((_, place) => place !== index);
    for (const [kind, compared] of [
      ['unlike-person', own],
      ['unlike-others', others],
    ] as const) {
      const cosine = bestCosine(unit, compared);
      if (cosine !== null && cosine < pairThreshold) warnings.push({ kind, index, cosine });
    }
  }
  return warnings;
}

/** Returns the highest cosine of a vector with others; null if there are none. */
function bestCosine(vector: Float32Array, others: readonly Float32Array[]): number | null {
  if (others.length === 0) return null;
  return others.reduce(
    (best, other) => Math.max(best, cosineSimilarities(vector, other, vector.length)[0]!),
    Number.NEGATIVE_INFINITY,
  );
}
