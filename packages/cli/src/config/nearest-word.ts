/** ` Did you mean 'margin'?`, or nothing if no candidate is like the word. */
export function didYouMean(word: string, candidates: readonly string[]): string {
  const nearest = nearestWord(word, candidates);
  return nearest === null ? '' : ` Did you mean '${nearest}'?`;
}

/** The candidate with the fewest letters to change; null if that is more than a third of the word. */
export function nearestWord(word: string, candidates: readonly string[]): string | null {
  const distances = candidates.map((candidate) => [candidate, editDistance(word, candidate)] as const);
  const [best] = distances.sort(([, first], [, second]) => first - second);
  return best && best[1] <= Math.max(1, Math.floor(word.length / 3)) ? best[0] : null;
}

/** Letters to add, to leave out, to change, or to swap with the next one; capitals count as small letters. */
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
