/** Returns ` Did you mean 'margin'?` with the nearest candidate, or an empty string if no candidate resembles the word. */
export function didYouMean(word: string, candidates: readonly string[]): string {
  const nearest = nearestWord(word, candidates);
  return nearest === null ? '' : ` Did you mean '${nearest}'?`;
}

/** Returns the candidate that needs the fewest edits; null if it needs more than a third of the word's length (at least 1). */
export function nearestWord(word: string, candidates: readonly string[]): string | null {
  const distances = candidates.map((candidate) => [candidate, editDistance(word, candidate)] as const);
  const [best] = distances.sort(([, first], [, second]) => first - second);
  return best && best[1] <= Math.max(1, Math.floor(word.length / 3)) ? best[0] : null;
}

/** Returns the number of letters to insert, delete, replace, or swap with the next one (Damerau-Levenshtein). Ignores case. */
function editDistance(first: string, second: string): number {
  const [a, b] = [first.toLowerCase(), second.toLowerCase()];
  const rows = [Array.from({ length: b.length + 1 }, (_, column) => column)];
  for (let line = 1; line <= a.length; line++) {
    const [before, last] = [rows.at(-2), rows.at(-1)!];
    const next = [line];
    for (let column = 1; column <= b.length; column++) {
      const change = last[column - 1]! + (a[line - 1] === b[column - 1] ? 0 : 1);
      const isSwapped = a[line - 1] === b[column - 2] && a[line - 2] === b[column - 1];
      const swap = isSwapped && before ? before[column - 2]! + 1 : Number.POSITIVE_INFINITY;
      next.push(Math.min(change, swap, last[column]! + 1, next[column - 1]! + 1));
    }
    rows.push(next);
  }
  return rows.at(-1)![b.length]!;
}
