import type { Square } from './candidate.ts';

/** Returns the best square of each face, best score first: a square is dropped if it shows the same face as a better one that stays. */
export function suppressOverlaps<T extends Square & { readonly score: number }>(
  items: readonly T[],
  isSameFace: (better: Square, worse: Square) => boolean,
): T[] {
  const kept: T[] = [];
  for (const item of [...items].sort((first, second) => second.score - first.score)) {
    if (!kept.some((better) => isSameFace(better, item))) kept.push(item);
  }
  return kept;
}
