import { type Gallery, meanTemplate } from '@openset/gallery';
import { cosineSimilarities } from '@openset/metrics';

/** A reason to look at a photo again before its embedding is trusted. */
export interface EnrollmentWarning {
  /** Index of the new embedding. */
  readonly index: number;
  /** `'somebody-else'`: a search would name another person; `'unlike-others'`: it is unlike the other photos of the person. */
  readonly kind: 'somebody-else' | 'unlike-others';
  /** Name of the other person; null for `'unlike-others'`. */
  readonly identity: string | null;
  /** Cosine with the other person, or with the mean of the person's other embeddings. */
  readonly cosine: number;
  /** Threshold that the cosine reaches, or for `'unlike-others'` misses. */
  readonly threshold: number;
}

/** Embeddings of a person before and after an enrollment. */
export interface PlannedEnrollment {
  /** Embeddings of the person in the gallery, at unit length. */
  readonly stored: readonly Float32Array[];
  /** New embeddings, at unit length. */
  readonly added: readonly Float32Array[];
  /** Lowest cosine at which a search in the gallery names somebody. */
  readonly searchThreshold: number;
  /** Lowest cosine of two embeddings of one person. */
  readonly pairThreshold: number;
}

/** Returns what is suspicious about new embeddings of a person, in their order. Changes nothing. */
export async function enrollmentWarnings(
  gallery: Gallery,
  name: string,
  { stored, added, searchThreshold, pairThreshold }: PlannedEnrollment,
): Promise<EnrollmentWarning[]> {
  const own = name.normalize('NFC');
  const warnings: EnrollmentWarning[] = [];
  for (const [index, values] of added.entries()) {
    const nearest = await gallery.search(values, { limit: 2 });
    const other = nearest.find(({ identity }) => identity !== own);
    if (other && other.cosine >= searchThreshold) {
      const { identity, cosine } = other;
      warnings.push({ index, kind: 'somebody-else', identity, cosine, threshold: searchThreshold });
    }
    const others = [...stored, ...added.filter((_, place) => place !== index)];
    if (others.length === 0) continue;
    const cosine = cosineSimilarities(values, meanTemplate(name, others), values.length)[0]!;
    if (cosine >= pairThreshold) continue;
    warnings.push({ index, kind: 'unlike-others', identity: null, cosine, threshold: pairThreshold });
  }
  return warnings;
}
