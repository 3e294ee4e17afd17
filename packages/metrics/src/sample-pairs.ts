import { checkNotEmpty, checkWhole, readIdentity } from './checks.ts';
import { MetricsError } from './metrics-error.ts';
import { type Random, seededRandom } from './random.ts';

/** Pairs of samples with their kinds. */
export interface SampledPairs {
  /** `[count, 2]`, row-major: the two sample indices of each pair, the lower first. Pairs are distinct. */
  readonly pairs: Uint32Array<ArrayBuffer>;
  /** `[count]`: 1 for the same label, 0 for different labels; alternates, starting with 1. */
  readonly isSame: Uint8Array<ArrayBuffer>;
}

/**
 * Draws a balanced random sample of distinct pairs: half of the same label, half of different labels. Each half is uniform
 * over all such pairs, without replacement. Uses Floyd's sampling in `O(count + labels · log(labels))`, without a list of
 * all pairs. The two kinds alternate, so that the consecutive folds of `kFoldVerification` are balanced.
 *
 * @param labels `[samples]`: any numbers except NaN; equal labels are the same identity
 * @param options `count`: number of pairs, even, at least 2. `seed`: default 0; the same seed gives the same pairs on every
 *   machine
 * @throws MetricsError if there are too few distinct pairs of a kind, or an option or label is invalid
 */
export function samplePairs(
  labels: ArrayLike<number>,
  { count, seed = 0 }: { count: number; seed?: number },
): SampledPairs {
  checkNotEmpty('samplePairs: labels', labels);
  checkWhole('samplePairs: count', count, 2);
  if (count % 2 !== 0) {
    throw new MetricsError(`samplePairs: count must be even (half of each kind), but is ${count}.`);
  }
  const random = seededRandom('samplePairs: seed', seed);
  const { order, groups, samePairs, differentPairs } = groupByLabel(labels);
  const half = count / 2;
  if (samePairs < half || differentPairs < half) {
    throw new MetricsError(
      `samplePairs: ${count} pairs need ${half} of each kind, but the labels have only ${samePairs} pairs of the ` +
        `same label and ${differentPairs} of different labels: lower count, or give more samples.`,
    );
  }

  const pairs = new Uint32Array(2 * count);
  const isSame = new Uint8Array(count);
  const put = (pair: number, first: number, second: number): void => {
    pairs[2 * pair] = Math.min(order[first]!, order[second]!);
    pairs[2 * pair + 1] = Math.max(order[first]!, order[second]!);
  };
  sampleDistinct(samePairs, half, random).forEach((rank, index) => {
    const group = findGroup(groups, rank, 'sameBefore');
    const [first, second] = pairOfRank(rank - group.sameBefore);
    put(2 * index, group.start + first, group.start + second);
    isSame[2 * index] = 1;
  });
  sampleDistinct(differentPairs, half, random).forEach((rank, index) => {
    // Members of a group pair with all samples that come after the group.
    const group = findGroup(groups, rank, 'differentBefore');
    const after = order.length - group.end;
    const offset = rank - group.differentBefore;
    put(2 * index + 1, group.start + Math.floor(offset / after), group.end + (offset % after));
  });
  return { pairs, isSame };
}

/** The samples of one label: positions `[start, end)` in the order, and the number of pairs in earlier groups. */
interface Group {
  readonly start: number;
  readonly end: number;
  readonly sameBefore: number;
  readonly differentBefore: number;
}

/** Orders samples by label, which numbers all pairs of each kind without a list of them. */
function groupByLabel(labels: ArrayLike<number>) {
  const samples = labels.length;
  for (let sample = 0; sample < samples; sample++) readIdentity('samplePairs: labels', labels, sample);
  const order = Uint32Array.from({ length: samples }, (_, sample) => sample);
  order.sort((first, second) => {
    const [a, b] = [labels[first]!, labels[second]!];
    return a < b ? -1 : a > b ? 1 : first - second;
  });
  const groups: Group[] = [];
  let samePairs = 0;
  let differentPairs = 0;
  for (let start = 0; start < samples; ) {
    let end = start + 1;
    while (end < samples && labels[order[end]!] === labels[order[start]!]) end += 1;
    groups.push({ start, end, sameBefore: samePairs, differentBefore: differentPairs });
    const size = end - start;
    samePairs += (size * (size - 1)) / 2;
    differentPairs += size * (samples - end);
    start = end;
  }
  return { order, groups, samePairs, differentPairs };
}

/** Returns the group of the pair with a rank: the last group with at most `rank` pairs before it. */
function findGroup(groups: readonly Group[], rank: number, before: 'sameBefore' | 'differentBefore'): Group {
  let low = 0;
  let high = groups.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (groups[middle]![before] <= rank) low = middle;
    else high = middle - 1;
  }
  return groups[low]!;
}

/** Returns the pair `(first, second)`, `first < second`, with a rank in the order (0, 1), (0, 2), (1, 2), (0, 3), … */
function pairOfRank(rank: number): [number, number] {
  let second = Math.floor((1 + Math.sqrt(1 + 8 * rank)) / 2);
  // For large ranks the root rounds: correct it by exact products.
  while ((second * (second - 1)) / 2 > rank) second -= 1;
  while (((second + 1) * second) / 2 <= rank) second += 1;
  return [rank - (second * (second - 1)) / 2, second];
}

/** Draws `count` distinct whole numbers below `end`, in random order; every set is equally likely (Floyd). */
function sampleDistinct(end: number, count: number, random: Random): number[] {
  const chosen = new Set<number>();
  for (let candidate = end - count; candidate < end; candidate++) {
    const drawn = random.below(candidate + 1);
    chosen.add(chosen.has(drawn) ? candidate : drawn);
  }
  // Floyd's sets are uniform, but their order is not.
  const values = [...chosen];
  for (let last = values.length - 1; last > 0; last--) {
    const other = random.below(last + 1);
    [values[last], values[other]] = [values[other]!, values[last]!];
  }
  return values;
}
