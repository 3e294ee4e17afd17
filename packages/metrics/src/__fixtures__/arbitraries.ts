import * as fc from 'fast-check';

/** A score from a few values, so that ties are common, or from all of float32. */
export const score = fc.oneof(
  fc.integer({ min: -3, max: 3 }),
  fc.float({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(-Number.MAX_VALUE, Number.MAX_VALUE, Number.MIN_VALUE, -0),
);

/** Pairs as a list of [similarity, isSame]. */
export const pairs = fc.array(fc.tuple(score, fc.boolean()), { minLength: 1, maxLength: 25 });

/** Pairs with at least one of each kind. */
export const pairsOfBothKinds = pairs.filter((list) => new Set(list.map(([, same]) => same)).size === 2);

/** Returns the two arrays that metrics take. */
export function unzipPairs(list: readonly (readonly [number, boolean])[]): [Float64Array, boolean[]] {
  return [Float64Array.from(list, ([similarity]) => similarity), list.map(([, same]) => same)];
}

/** Returns every value of a list, a number between each two neighbours, and one beyond each end. */
export function candidateThresholds(values: Iterable<number>): number[] {
  const sorted = [...new Set(values)].sort((a, b) => a - b);
  const between = sorted.slice(1).map((value, index) => sorted[index]! / 2 + value / 2);
  return [...sorted, ...between, Number.POSITIVE_INFINITY, -Number.MAX_VALUE];
}

/** Labelled embeddings of a few identities, without zero rows. Small whole numbers make ties and duplicates common. */
export function labelledRows(size: number, { minLength = 2, maxLength = 14 } = {}) {
  const row = fc
    .array(fc.integer({ min: -2, max: 2 }), { minLength: size, maxLength: size })
    .filter((values) => values.some((value) => value !== 0));
  return fc
    .array(fc.tuple(fc.integer({ min: 0, max: 3 }), row), { minLength, maxLength })
    .map((rows) => ({ labels: rows.map(([label]) => label), embeddings: rows.flatMap(([, row]) => row) }));
}
