import { compareCodePoints } from './compare-code-points.ts';
import type { Candidate } from './gallery.ts';
import type { ScoredRows } from './vector-index.ts';

/**
 * Returns the nearest people of a search: highest cosine first, equal ones by name.
 * @param personOf returns the person whom the row in a slot shows
 */
export function rankCandidates(
  { slots, cosines }: ScoredRows,
  personOf: (slot: number) => { readonly id: string; readonly name: string },
  limit: number,
): Candidate[] {
  const best = new Map<string, Candidate>();
  for (const [index, slot] of slots.entries()) {
    const { id, name } = personOf(slot);
    const cosine = cosines[index]!;
    const other = best.get(id);
    if (!other || other.cosine < cosine) best.set(id, { identity: name, id, cosine });
  }
  const sorted = [...best.values()].sort(
    (a, b) => b.cosine - a.cosine || compareCodePoints(a.identity, b.identity),
  );
  return sorted.slice(0, limit);
}
