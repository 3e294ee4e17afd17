import type { GroupNumbers } from './group-numbers.ts';

/** Identities that are measured together. */
export interface PairClass {
  readonly label: number;
  /** Numbers of its identities. */
  readonly members: readonly number[];
  /** Number of pairs of the same identity. */
  readonly positives: number;
  /** Number of pairs of different identities. */
  readonly negatives: number;
  /** How many members each of those has. */
  readonly membersOfNegative: 1 | 2;
}

/** Returns each identity as a class; a pair of different identities has one sample in it. */
export function identityClasses(labels: readonly number[], samples: Float64Array, rows: number): PairClass[] {
  return labels.map((label, identity) => {
    const own = samples[identity]!;
    const [positives, negatives] = [(own * (own - 1)) / 2, own * (rows - own)];
    return { label, members: [identity], positives, negatives, membersOfNegative: 1 };
  });
}

/** Returns each group of identities as a class; both samples of a pair are in the group. */
export function groupClasses({ groupOf, labels }: GroupNumbers, samples: Float64Array): PairClass[] {
  const members: number[][] = labels.map(() => []);
  groupOf.forEach((group, identity) => {
    members[group]?.push(identity);
  });
  return members.map((own, group) => {
    const sum = (value: (samples: number) => number) =>
      own.reduce((total, identity) => total + value(samples[identity]!), 0);
    const positives = sum((count) => (count * (count - 1)) / 2);
    const negatives = (sum((count) => count) ** 2 - sum((count) => count ** 2)) / 2;
    return { label: labels[group]!, members: own, positives, negatives, membersOfNegative: 2 };
  });
}
