import { type Box, overlap } from './candidate.ts';

/**
 * Returns the best of each group of overlapping boxes, best score first: a box is dropped if its intersection over union with
 * a better one that stays exceeds `maximumOverlap`.
 */
export function suppressOverlaps<T extends { readonly box: Box; readonly score: number }>(
  items: readonly T[],
  maximumOverlap: number,
): T[] {
  const kept: T[] = [];
  for (const item of [...items].sort((first, second) => second.score - first.score)) {
    if (kept.every(({ box }) => overlap(box, item.box) <= maximumOverlap)) kept.push(item);
  }
  return kept;
}
