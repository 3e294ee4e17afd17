import type { Candidate, Comparison, Gallery } from '@openset/gallery';
import { expect } from 'vitest';
import { compareBytes, contentOf } from './gallery-conformance-setup.ts';

/** Largest difference between the cosines of a store and those computed in float64 from its embeddings. */
const tolerance = 1e-6;

/** Returns the cosine of two vectors, computed in float64. */
function cosineOf(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [dot, squaresOfA, squaresOfB] = [0, 0, 0];
  for (let k = 0; k < a.length; k++) {
    dot += a[k]! * b[k]!;
    squaresOfA += a[k]! ** 2;
    squaresOfB += b[k]! ** 2;
  }
  return dot / (Math.sqrt(squaresOfA) * Math.sqrt(squaresOfB));
}

/** Returns the cosine of a probe with a person. */
function personCosine(comparison: Comparison, probe: Float32Array, embeddings: readonly Float32Array[]) {
  if (comparison === 'best') return Math.max(...embeddings.map((values) => cosineOf(probe, values)));
  const sum = Array.from(probe, (_, k) => embeddings.reduce((total, values) => total + values[k]!, 0));
  return cosineOf(probe, sum);
}

/** Whether the first candidate comes before the second: highest cosine first, equal ones by name. */
function isInOrder(first: Candidate, second: Candidate): boolean {
  if (first.cosine !== second.cosine) return first.cosine > second.cosine;
  return compareBytes(first.identity, second.identity) < 0;
}

/**
 * Compares a search with a walk over all embeddings in the gallery. Cosines may differ by the rounding of templates to float32; only people
 * whose cosines are as close may change places.
 */
export async function expectExactSearch(gallery: Gallery, probe: Float32Array, limit: number): Promise<void> {
  const { people } = await contentOf(gallery);
  const all = people
    .filter(({ embeddings }) => embeddings.length > 0)
    .map(({ id, name, embeddings }) => {
      const vectors = embeddings.map(({ values }) => values);
      return { id, name, cosine: personCosine(gallery.facts.comparison, probe, vectors) };
    })
    .sort((a, b) => b.cosine - a.cosine);
  const found = await gallery.search(probe, { limit });
  expect(found).toHaveLength(Math.min(limit, all.length));
  expect(new Set(found.map(({ id }) => id)).size).toBe(found.length);
  for (const [place, candidate] of found.entries()) {
    const person = all.find(({ id }) => id === candidate.id);
    expect(person?.name).toBe(candidate.identity);
    expect(Math.abs(candidate.cosine - person!.cosine)).toBeLessThan(tolerance);
    expect(Math.abs(all[place]!.cosine - person!.cosine)).toBeLessThan(2 * tolerance);
    if (place > 0) expect(isInOrder(found[place - 1]!, candidate)).toBe(true);
  }
  const last = found.at(-1)?.cosine ?? Number.POSITIVE_INFINITY;
  const missing = all.filter(
    ({ id, cosine }) => cosine > last + 2 * tolerance && !found.some((one) => one.id === id),
  );
  expect(missing).toEqual([]);
}
