import { checkNotEmpty, checkSameLength } from './checks.ts';
import { MetricsError } from './metrics-error.ts';

/** The labels of a set of rows, and what to call them in messages. */
export interface NamedLabels {
  readonly name: string;
  readonly labels: ArrayLike<number>;
  /** How many labels there must be. */
  readonly rows: number;
}

/** Identities numbered from 0. */
export interface IdentityNumbers {
  /** For each set: `[rows]`, the number of each row's identity; equal in all sets iff the labels are. */
  readonly numbers: readonly Int32Array<ArrayBuffer>[];
  /** For each set: `[count]`, how many of its rows show each identity. */
  readonly rowsOf: readonly Float64Array<ArrayBuffer>[];
  /** How many identities there are in all sets together. */
  readonly count: number;
  /** `[count]`: the label of each identity, in order of first appearance. */
  readonly labels: readonly number[];
}

/**
 * Numbers the identities of one or more sets of labels, so that comparing two is comparing small whole numbers.
 * @throws MetricsError if a set is empty, has another length than asked for, or a label is no number
 */
export function numberIdentities(...sets: readonly NamedLabels[]): IdentityNumbers {
  const seen = new Map<number, number>();
  const numbers = sets.map(({ name, labels, rows }) => {
    checkNotEmpty(name, labels);
    checkSameLength(name, labels.length, `the number of rows (${rows})`, rows);
    const own = new Int32Array(rows);
    for (let row = 0; row < rows; row++) {
      const label = labels[row];
      if (typeof label !== 'number' || Number.isNaN(label)) {
        throw new MetricsError(`${name}[${row}] is ${String(label)}, but must be a number.`);
      }
      const number = seen.get(label) ?? seen.size;
      seen.set(label, number);
      own[row] = number;
    }
    return own;
  });
  const rowsOf = numbers.map((own) => {
    const counts = new Float64Array(seen.size);
    for (const number of own) counts[number]! += 1;
    return counts;
  });
  return { numbers, rowsOf, count: seen.size, labels: [...seen.keys()] };
}
