import { checkNotEmpty, checkSameLength, readIdentity } from './checks.ts';

/** The labels of a set of rows and their name in error messages. */
export interface NamedLabels {
  readonly name: string;
  readonly labels: ArrayLike<number>;
  /** Expected number of labels. */
  readonly rows: number;
}

/** Identities numbered from 0. */
export interface IdentityNumbers {
  /** For each set: `[rows]`, the number of each row's identity. Equal labels have equal numbers, across sets too. */
  readonly numbers: readonly Int32Array<ArrayBuffer>[];
  /** For each set: `[count]`, the number of its rows with each identity. */
  readonly rowCounts: readonly Float64Array<ArrayBuffer>[];
  /** Number of distinct identities in all sets together. */
  readonly count: number;
  /** `[count]`: the label of each identity, in order of first appearance. */
  readonly labels: readonly number[];
}

/**
 * Numbers the identities of one or more sets of labels, so that comparisons need only small whole numbers.
 * @throws MetricsError if a set is empty or not of the expected length, or a label is not a number
 */
export function numberIdentities(...sets: readonly NamedLabels[]): IdentityNumbers {
  const seen = new Map<number, number>();
  const numbers = sets.map(({ name, labels, rows }) => {
    checkNotEmpty(name, labels);
    checkSameLength(name, labels.length, `the number of rows (${rows})`, rows);
    const own = new Int32Array(rows);
    for (let row = 0; row < rows; row++) {
      const label = readIdentity(name, labels, row);
      const number = seen.get(label) ?? seen.size;
      seen.set(label, number);
      own[row] = number;
    }
    return own;
  });
  const rowCounts = numbers.map((own) => {
    const counts = new Float64Array(seen.size);
    for (const number of own) counts[number]! += 1;
    return counts;
  });
  return { numbers, rowCounts, count: seen.size, labels: [...seen.keys()] };
}
