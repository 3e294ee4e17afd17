import { overlap, type Square } from './candidate.ts';

/**
 * Returns the best of each group of overlapping squares, best score first: a square is dropped if its intersection over union
 * with a better one that stays exceeds `maximumOverlap`.
 */
export function suppressOverlaps<T extends Square & { readonly score: number }>(
  items: readonly T[],
  maximumOverlap: number,
): T[] {
  const kept: T[] = [];
  for (const item of [...items].sort((first, second) => second.score - first.score)) {
    if (kept.every((better) => overlap(better, item) <= maximumOverlap)) kept.push(item);
  }
  return kept;
}
