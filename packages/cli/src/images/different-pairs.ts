import { randomNumbers } from '@openset/core';

/** More tell no more: the rule of 30 is met for a rate of 3e-5. */
const mostPairs = 1_000_000;

/**
 * Pairs of different people: all of them, or a million drawn at random, of which some may be there twice.
 * @returns `[pairs, 2]`
 */
export function differentPairs(labels: Int32Array): Uint32Array {
  const size = labels.length;
  if ((size * (size - 1)) / 2 <= mostPairs) {
    const all: number[] = [];
    for (let first = 0; first < size; first++) {
      for (let second = first + 1; second < size; second++) {
        if (labels[first] !== labels[second]) all.push(first, second);
      }
    }
    return Uint32Array.from(all);
  }
  const random = randomNumbers(0);
  const pairs = new Uint32Array(2 * mostPairs);
  for (let pair = 0; pair < mostPairs; ) {
    const [first, second] = [Math.floor(random() * size), Math.floor(random() * size)];
    if (labels[first] === labels[second]) continue;
    pairs.set([first, second], 2 * pair);
    pair += 1;
  }
  return pairs;
}
