import { checkNotEmpty, checkSameLength, readIdentity } from './checks.ts';
import { MetricsError } from './metrics-error.ts';

/** Groups of identities, numbered from 0. */
export interface GroupNumbers {
  /** `[identities]`: number of the group; −1 for none. */
  readonly groupOf: Int32Array;
  /** Label of each group, in order of first appearance. */
  readonly labels: readonly number[];
}

/**
 * Numbers groups of identities.
 *
 * @param groups `[rows]`: group of each row, any number; `null` for none
 * @param identities `[rows]`: number of each row's identity
 * @param count number of identities
 * @throws MetricsError if lengths differ, a group is not a number, rows of one identity have different groups, or no row has
 *   a group
 */
export function numberGroups(
  caller: string,
  groups: ArrayLike<number | null>,
  identities: Int32Array,
  count: number,
): GroupNumbers {
  const name = `${caller}: groups`;
  checkNotEmpty(name, groups);
  checkSameLength(name, groups.length, `the number of rows (${identities.length})`, identities.length);
  const known = new Map<number, number>();
  const firstRows = new Int32Array(count).fill(-1);
  const groupOf = new Int32Array(count);
  for (let row = 0; row < groups.length; row++) {
    const label = groups[row] === null ? null : readIdentity(name, groups as ArrayLike<number>, row);
    const group = label === null ? -1 : (known.get(label) ?? known.size);
    if (label !== null) known.set(label, group);
    const identity = identities[row]!;
    const first = firstRows[identity]!;
    if (first < 0) {
      firstRows[identity] = row;
      groupOf[identity] = group;
    } else if (groupOf[identity] !== group) {
      throw new MetricsError(
        `${name}[${row}] is ${label}, but row ${first} of the same identity has ${groups[first]}: give all rows of an ` +
          'identity one group.',
      );
    }
  }
  if (known.size === 0) throw new MetricsError(`${name} are all null: give at least one row a group.`);
  return { groupOf, labels: [...known.keys()] };
}
